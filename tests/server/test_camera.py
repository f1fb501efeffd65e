"""`/downloads/camera/current` (contract, section 10)."""

from helpers_camera import JPEG, camera, webcam
from helpers_fleet import fake_host, until
from helpers_hub import run

PATH = "/downloads/camera/current"


def test_the_picture_comes_from_here_and_names_no_address(tmp_path):
    async def scenario(client, made):
        with camera() as one:
            made.services.settings.update({"machines": {"default": {"webcam": webcam(one.url)}}})
            answer = await client.get(PATH)
            assert (answer.status_code, answer.content) == (200, JPEG)
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["content-disposition"] == 'attachment; filename="snapshot.jpg"'
            assert answer.headers["cache-control"] == "no-store"
            one.status = 500
            failed = await client.get(PATH)
            assert failed.status_code == 503
            assert "500" in failed.json()["error"]
            assert one.url not in failed.text

    run(tmp_path, scenario, user="rita")


def test_without_a_camera_there_is_no_picture(tmp_path):
    async def scenario(client, _):
        answer = await client.get(PATH)
        assert answer.status_code == 404
        assert "webcam.webcams" in answer.json()["error"]

    run(tmp_path, scenario)


def test_each_machine_has_its_own_camera(tmp_path):
    async def scenario(client, made):
        with camera() as one:
            async with fake_host(tmp_path / "machines" / "left"):
                made.services.settings.update({"machines": {"left": {"webcam": webcam(one.url)}}})
                await until(lambda: "left" in made.hub.machines)
                assert (await client.get(f"/machines/left{PATH}")).status_code == 200
                assert (await client.get(PATH)).status_code == 404

    run(tmp_path, scenario)
