"""`/api/timelapse` as long as none is taken (contract, 5.14)."""

import pytest

from helpers_hub import run

OFF = {"config": {"type": "off"}, "enabled": False, "files": []}


def test_there_is_none_and_the_answer_can_be_kept(tmp_path):
    async def scenario(client, _):
        answer = await client.get("/api/timelapse")
        assert answer.json() == OFF
        tag = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get("/api/timelapse", headers=tag)).status_code == 304
        assert (await client.get("/api/timelapse?force=true", headers=tag)).status_code == 200
        assert (await client.get("/api/timelapse?unrendered=true", headers=tag)).json() == {**OFF, "unrendered": []}

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "sent",
    [{"json": {"type": "off"}}, {"data": {"type": "off", "fps": "25"}}, {"params": {"type": "off"}}, {"json": {}}, {}],
)
def test_off_is_all_that_can_be_set(tmp_path, sent):
    async def scenario(client, _):
        answer = await client.post("/api/timelapse", **sent)
        assert (answer.status_code, answer.json()) == (200, OFF)

    run(tmp_path, scenario)


def test_switching_it_on_is_refused_with_the_reason(tmp_path):
    async def scenario(client, _):
        for sent in ({"json": {"type": "timed", "interval": 10}}, {"data": {"type": "zchange"}}):
            answer = await client.post("/api/timelapse", **sent)
            assert answer.status_code == 409
            assert "takes no timelapses yet" in answer.json()["error"]
        for sent in (
            {"json": {"type": "often"}},
            {"json": []},
            {"content": b"{", "headers": {"content-type": "application/json"}},
        ):
            assert (await client.post("/api/timelapse", **sent)).status_code == 400
        assert (await client.get("/api/timelapse")).json() == OFF

    run(tmp_path, scenario)


def test_what_does_not_exist_is_not_found(tmp_path):
    async def scenario(client, _):
        found = await client.get("/api/timelapse/a%20b.mp4?apikey2=x")
        assert found.status_code == 302
        assert found.headers["location"] == "http://mrdraw/downloads/timelapse/a%20b.mp4?apikey2=x"
        for method, path in (
            ("GET", "/downloads/timelapse/a.mp4"),
            ("GET", "/downloads/timelapses?files=a.mp4"),
            ("POST", "/downloads/timelapses"),
            ("DELETE", "/api/timelapse/a.mp4"),
            ("DELETE", "/api/timelapse/unrendered/a"),
            ("POST", "/api/timelapse/unrendered/a"),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == 404, path
            assert "timelapse" in answer.json()["error"]

    run(tmp_path, scenario)
