"""A picture of a camera, and what is no picture."""

import asyncio

import pytest

from helpers_camera import JPEG, camera, webcam
from helpers_fleet import until
from helpers_serve import free_port
from mrdraw.cameras import snapshot
from mrdraw.cameras.snapshot import Picture, Snapshots, Source, fetch, snapshot_source
from mrdraw.errors import CameraFailed, NoSuchCamera
from mrdraw.settings.build import build


def source(url, timeout=5.0):
    return Source(url, timeout, verify=True)


def section(**members):
    return build({"machines": {"default": {"webcam": members}}}).machines["default"].webcam


def test_a_picture_is_fetched_from_the_very_url():
    with camera() as one:
        assert fetch(source(one.url)) == Picture(JPEG, "image/jpeg")
        assert one.asked[0][0] == "/?action=snapshot"
        assert "Authorization" not in one.asked[0][1]


def test_user_and_password_of_the_url_are_sent_to_the_camera():
    with camera() as one:
        fetch(source(one.url.replace("127", "ada:a%40b@127")))
        assert one.asked[0][1]["Authorization"] == "Basic YWRhOmFAYg=="


def test_no_redirect_is_followed():
    with camera() as one, camera() as other:
        one.status, one.headers = 302, {"Location": other.url}
        with pytest.raises(CameraFailed, match="302"):
            fetch(source(one.url))
        assert other.asked == []


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "multipart/x-mixed-replace;boundary=a", ""])
def test_what_is_no_picture_is_refused(kind):
    with camera() as one:
        one.headers = {"Content-Type": kind} if kind else {}
        with pytest.raises(CameraFailed, match="accepted are: image/jpeg"):
            fetch(source(one.url))


def test_a_picture_is_bounded_in_size_and_time(monkeypatch):
    monkeypatch.setattr(snapshot, "LARGEST", 1000)
    with camera() as one:
        with pytest.raises(CameraFailed, match="1000 bytes"):
            fetch(source(one.url))
        one.pause.clear()
        with pytest.raises(CameraFailed, match="timed out"):
            fetch(source(one.url, timeout=0.1))


@pytest.mark.parametrize(
    "url",
    ["/webcam/?action=snapshot", "ftp://127.0.0.1/a.jpg", "file:///etc/passwd", "http://", "http://[", "http://a:b/"],
)
def test_only_addresses_of_the_web_are_asked(url):
    with pytest.raises(CameraFailed, match="absolute"):
        fetch(source(url))


@pytest.mark.parametrize("path", ["a b", "a\nX: y", "ä"])
def test_a_url_that_makes_no_request_is_refused(path):
    with camera() as one, pytest.raises(CameraFailed):
        fetch(source(f"{one.url}{path}"))


def test_a_camera_that_is_not_there():
    with pytest.raises(CameraFailed, match="refused"):
        fetch(source(f"http://127.0.0.1:{free_port()}/"))


def test_who_asks_at_the_same_time_gets_the_same_picture():
    async def scenario():
        with camera() as one:
            one.pause.clear()
            snapshots = Snapshots()
            asking = [asyncio.create_task(snapshots.take(source(one.url))) for _ in range(5)]
            await until(lambda: one.asked)
            asking.pop().cancel()  # one who leaves takes nothing from the others
            one.pause.set()
            assert {picture.content for picture in await asyncio.gather(*asking)} == {JPEG}
            assert len(one.asked) == 1
            await snapshots.take(source(one.url))
            assert len(one.asked) == 2

    asyncio.run(scenario())


def test_which_camera_takes_the_picture():
    one, other = webcam("http://a/")["webcams"][0], {"name": "door", "compat": {"snapshot": "http://b/"}}
    assert snapshot_source(section(webcams=[one, other])).url == "http://a/"
    assert snapshot_source(section(webcams=[one, other], snapshotWebcam="door")).url == "http://b/"
    for members in ({}, {"webcams": [one], "webcamEnabled": False}, {"webcams": [one], "snapshotWebcam": "gone"},
                    {"webcams": [{"name": "blind"}]}, webcam("")):  # fmt: skip
        with pytest.raises(NoSuchCamera):
            snapshot_source(section(**members))
