"""The camera: its picture stands beside the path when the settings name one, which the page can do."""

from base64 import b64decode

import pytest
from playwright.sync_api import expect

from helpers_camera import camera
from helpers_page import serious_violations, served_page, sign_in, small_targets

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def test_the_picture_of_the_camera(page, served):
    with camera() as one:
        one.headers, one.content = {"Content-Type": "image/gif"}, PIXEL
        served.basedir.mkdir(exist_ok=True)
        text = f"webcam: {{webcams: [{{name: nozzle, compat: {{snapshot: '{one.url}'}}}}]}}\n"
        (served.basedir / "config.yaml").write_text(text, encoding="utf-8")
        served.add_admin()
        sign_in(page, served)
        picture = page.get_by_alt_text("What the camera sees")
        expect(picture).to_be_visible()
        page.wait_for_function("document.querySelector('[data-test=camera] img').naturalWidth === 1")
        one.status = 500
        expect(page.get_by_text("The camera gives no picture")).to_be_visible()


def jpeg(page):
    """A real picture: red at the left, blue at the right."""
    address = page.evaluate("""() => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 })
        const pen = canvas.getContext('2d')
        for (const [color, left] of [['#f00', 0], ['#00f', 32]]) {
            pen.fillStyle = color
            pen.fillRect(left, 0, 32, 48)
        }
        return canvas.toDataURL('image/jpeg')
    }""")
    return b64decode(address.partition(",")[2])


@pytest.mark.slow
def test_a_camera_is_entered(page, tmp_path):
    with served_page(tmp_path) as served, camera() as one:
        served.add_admin()
        sign_in(page, served)
        one.content = jpeg(page)
        page.goto(f"{served.address}/#/settings/machine")
        form = page.get_by_test_id("camera-settings")
        form.get_by_label("Address of a single picture").fill("camera.local/picture")
        expect(form).to_contain_text("An address begins with http:// or https://.")
        form.get_by_role("button", name="Save").click()
        assert served.ask("/api/settings")["webcam"]["webcams"] == []

        form.get_by_label("Address of a single picture").fill(one.url)
        form.get_by_label("Address of the stream").fill("/webcam/?action=stream")
        form.get_by_label("Mirror left and right").check()
        form.get_by_label("Turn a quarter to the left").check()
        form.get_by_role("button", name="Save").click()
        picture = page.get_by_alt_text("What the camera sees")
        expect(picture).to_be_visible()
        page.wait_for_function("document.querySelector('[data-test=camera] img').naturalWidth === 64")
        expect(picture).to_have_attribute("style", "transform: rotate(-90deg) scaleX(-1);")
        page.wait_for_timeout(300)
        box = picture.bounding_box()
        assert box["height"] > box["width"]
        for size in ((360, 640), (1440, 900)):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            assert not serious_violations(page)
            assert not small_targets(page)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        webcam = served.ask("/api/settings")["webcam"]
        assert (webcam["streamUrl"], webcam["flipH"], webcam["rotate90"]) == ("/webcam/?action=stream", True, True)
        page.goto(served.address)
        expect(page.get_by_alt_text("What the camera sees")).to_be_visible()
