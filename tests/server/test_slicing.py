"""`/api/slicing` where no slicer is (contract, 5.10)."""

from helpers_hub import run


def test_there_is_no_slicer(tmp_path):
    async def scenario(client, _):
        answer = await client.get("/api/slicing", params={"configured": "true"})
        assert (answer.status_code, answer.json()) == (200, {})
        known = await client.get("/api/slicing", headers={"If-None-Match": answer.headers["etag"]})
        assert known.status_code == 304
        for method, path in (
            ("GET", "/api/slicing/cura/profiles"), ("GET", "/api/slicing/cura/profiles/fine"),
            ("PUT", "/api/slicing/cura/profiles/fine"), ("PATCH", "/api/slicing/cura/profiles/fine"),
            ("DELETE", "/api/slicing/cura/profiles/fine"),
        ):  # fmt: skip
            answer = await client.request(method, path)
            assert (answer.status_code, "'cura'" in answer.json()["error"]) == (404, True), (method, path)

    run(tmp_path, scenario, user="boss")
