"""Every view in every state and size, light and dark: nothing that keeps people out, nothing that scrolls sideways.

The pictures go to `build/gallery`, to be looked at.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_page import serious_violations, served_page, sign_in
from helpers_serve import wait_until

GALLERY = Path(__file__).parents[2] / "build" / "gallery"
SIZES = {"phone": (360, 640), "touch": (800, 480), "desktop": (1440, 900)}
SCHEMES = ("light", "dark")
PLACES = {
    "machine": "#/", "files": "#/files", "settings-machine": "#/settings/machine", "settings-api": "#/settings/api",
    "settings-access": "#/settings/access", "about": "#/settings/about",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory, drawing):
    with served_page(tmp_path_factory.mktemp("views"), "--simulate", "marlin") as one:
        one.add_admin()
        yield one


def look(page, name, problems):
    """Take pictures in all sizes, and hold what is wrong."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(350)
            page.screenshot(path=GALLERY / f"{name}-{size}-{scheme}.png")
            problems += [f"{name} {size} {scheme}: {found}"[:420] for found in serious_violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            problems.append(f"{name} {size}: {wide} px too wide")


def test_every_view_can_be_used_by_everybody(page, served, drawing):
    problems = []
    page.goto(served.address)
    look(page, "sign-in", problems)
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    page.wait_for_timeout(1500)
    look(page, "idle", problems)
    page.goto(f"{served.address}/#/files")
    look(page, "files-empty", problems)
    served.upload(drawing)
    for name, place in PLACES.items():
        page.goto(f"{served.address}/{place}")
        page.wait_for_timeout(400)
        look(page, name, problems)

    served.ask("/api/files/local/rosette.gcode", {"command": "select", "print": True})
    page.goto(f"{served.address}/#/")
    wait_until(lambda: int(page.get_by_test_id("path").get_attribute("data-reached") or 0) > 300, 90)
    look(page, "printing", problems)
    served.ask("/api/job", {"command": "pause", "action": "pause"})
    wait_until(lambda: served.state() == "Paused")
    look(page, "paused", problems)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Account of ada").click()
    page.get_by_text("Change password", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Generate a key").click()
    look(page, "change-password", problems)
    page.keyboard.press("Escape")
    served.ask("/api/v1/machines/default/emergency-stop", {})
    wait_until(lambda: served.state() in {"Error", "Offline after error", "Offline"})
    page.wait_for_timeout(1500)
    look(page, "fault", problems)
    served.kill()
    expect(page.get_by_test_id("lost")).to_be_visible()
    look(page, "lost", problems)
    served.start()
    expect(page.get_by_test_id("lost")).to_be_hidden()
    assert not problems, "\n".join(problems)


def test_the_wizard_can_be_used_by_everybody(page, tmp_path):
    problems = []
    with served_page(tmp_path, "--simulate", "marlin") as fresh:
        page.goto(fresh.address)
        look(page, "wizard-claim", problems)
        page.get_by_label("Claim code").fill(fresh.claim_code())
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_label("User name")).to_be_visible()
        look(page, "wizard-admin", problems)
    assert not problems, "\n".join(problems)
