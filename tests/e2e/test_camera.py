"""The picture of the camera stands beside the path when the settings name a camera."""

from base64 import b64decode

from playwright.sync_api import expect

from helpers_camera import camera
from helpers_page import sign_in

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
