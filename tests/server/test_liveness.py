"""Whether the server answers, without a key (contract, 10)."""

from io import BytesIO

from helpers_hub import run


def test_the_text(tmp_path):
    async def scenario(client, _):
        answer = await client.get("/online.txt", headers={"X-Api-Key": ""})
        assert (answer.status_code, answer.text) == (200, "online\n")
        assert answer.headers["cache-control"] == "no-store"

    run(tmp_path, scenario)


def test_the_picture_is_one(tmp_path):
    async def scenario(client, _):
        answer = await client.get("/online.gif")
        assert answer.headers["content-type"] == "image/gif"
        picture = BytesIO(answer.content)
        assert picture.read(6) == b"GIF89a"
        assert picture.read(4) == b"\x01\x00\x01\x00", "one pixel wide and high"

    run(tmp_path, scenario)


def test_search_engines_have_nothing_to_look_for(tmp_path):
    async def scenario(_, made):
        async with made.client() as nobody:
            answer = await nobody.get("/robots.txt")
            assert (answer.status_code, answer.text) == (200, "User-agent: *\nDisallow: /\n")
            assert answer.headers["content-type"].startswith("text/plain")

    run(tmp_path, scenario)
