"""`/api/version` and `/api/server` (contract, 0, 5.1, 13, 16)."""

from helpers_hub import run
from mrdraw import __version__


def test_version(tmp_path):
    async def scenario(client, _):
        record = (await client.get("/api/version")).json()
        assert record == {
            "api": "0.1",
            "server": "1.11.8",
            "text": f"OctoPrint 1.11.8 (MrDraw {__version__})",
            "mrdraw": __version__,
        }
        assert [int(part) for part in record["server"].split(".")] == [1, 11, 8]
        for newer in ({"headers": {"X-OctoPrint-Api-Version": "2.0.0"}}, {"params": {"api_version": "2.0.0"}}):
            assert "api" not in (await client.get("/api/version", **newer)).json()
        older = await client.get("/api/version", headers={"X-OctoPrint-Api-Version": "1.11.0"})
        assert older.json()["api"] == "0.1"
        wrong = await client.get("/api/version", headers={"X-OctoPrint-Api-Version": "new"})
        assert wrong.status_code == 400

    run(tmp_path, scenario)


def test_server(tmp_path):
    async def scenario(client, _):
        assert (await client.get("/api/server")).json() == {"version": "1.11.8", "safemode": None}

    run(tmp_path, scenario)
