"""Every view in every state and size, light and dark: nothing that keeps people out, nothing that scrolls sideways,
nothing that is too small for a finger.

`pytest tests/e2e/test_views.py -m slow` looks longer and leaves pictures in `build/screenshots`, to be looked at.
"""

import pytest
from playwright.sync_api import expect

from helpers_drawings import gear, square
from helpers_page import USER, drop_file, fill_first, served_page, sign_in
from helpers_serve import wait_until

LONG_NAME = "planetary-gear_carrier-plate_v12_0.2mm_PETG_MK3S_3h47m.gcode"
SLOWLY = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000}


@pytest.fixture
def served(tmp_path):
    with served_page(tmp_path, "--simulate", "marlin") as one:
        one.add_admin()
        one.ask("/api/v1/machines/default", {"name": "Workshop"}, method="PATCH")
        yield one


def open_place(page, served, place):
    page.goto(f"{served.address}/#/{place}")
    page.wait_for_timeout(400)


def places(page, served):
    """Where the settings and the menu at the user's name lead to."""
    open_place(page, served, "settings")
    page.get_by_role("button", name=f"Account of {USER}").click()
    expect(page.get_by_text("Change password", exact=True)).to_be_visible()
    links = page.locator("nav[aria-label=Settings] a, .v-overlay a[href^='#']")
    found = links.evaluate_all("all => all.map(one => one.getAttribute('href').slice(2))")
    page.keyboard.press("Escape")
    assert {"settings/api", "settings/access"} <= set(found)
    return found


def read_about_a_route(page, served):
    """From the settings to the description of one route."""
    open_place(page, served, "settings/api")
    page.get_by_test_id("api-docs").click()
    expect(page.get_by_test_id("api-group").first).to_be_visible()
    page.get_by_label("Search in paths and summaries").fill("printer/bed post")
    expect(page.get_by_test_id("api-group")).to_have_count(1)
    page.get_by_text("/api/printer/bed").click()
    for text in ("needs CONTROL", 'curl -X POST -H "X-Api-Key: KEY"', "target: number"):
        expect(page.get_by_text(text).first).to_be_visible()


def reached(page):
    """The part of the path that is done."""
    path = page.get_by_test_id("path")
    return int(path.get_attribute("data-reached")) / max(1, int(path.get_attribute("data-points")))


@pytest.mark.timeout(600)
def test_a_machine_at_rest(page, served, eye, tmp_path):
    page.goto(served.address)
    eye.look("sign-in")
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    page.wait_for_timeout(1500)
    eye.look("idle", whole=True)
    open_place(page, served, "files")
    eye.look("files-empty")

    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOWLY)
    drop_file(page, gear(tmp_path / LONG_NAME))
    expect(page.get_by_test_id("uploads")).to_contain_text("kB /")
    eye.look("files-uploading")
    page.get_by_role("button", name="Stop this upload").click()
    session.send("Network.emulateNetworkConditions", {**SLOWLY, "uploadThroughput": -1})

    for name in (LONG_NAME, "gear.gcode", "vase.gcode"):
        served.upload(square(tmp_path / name))
    expect(page.get_by_test_id("file")).to_have_count(3)
    eye.look("files")
    page.get_by_role("button", name=f"What to do with {LONG_NAME}").click()
    eye.look("files-actions")
    page.keyboard.press("Escape")
    for place in places(page, served):
        open_place(page, served, place)
        eye.look(place.replace("/", "-"))

    read_about_a_route(page, served)
    eye.look("api-docs")

    open_place(page, served, "")
    page.get_by_test_id("heater-tool0").click()
    eye.look("target")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account of ada").click()
    page.get_by_text("Change password", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Generate a key").click()
    page.get_by_role("dialog").get_by_role("button", name="Show the key").click()
    eye.look("change-password")
    page.keyboard.press("Escape")
    served.ask("/api/connection", {"command": "disconnect"})
    wait_until(lambda: served.state() == "Offline")
    eye.look("offline", whole=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_machine_at_work(page, served, eye, tmp_path):
    part = 0.44 if eye.pictures else 0.02
    drawing = gear(tmp_path / "planetary-gear_0.2mm_PLA.gcode")
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    served.upload(drawing)
    served.ask(f"/api/files/local/{drawing.name}", {"command": "select", "print": True})
    wait_until(lambda: reached(page) > part, 400)
    eye.look("printing", whole=True)
    page.get_by_role("button", name="Home all").click(force=True)  # it says why not
    expect(page.get_by_text("A job is running. Pause it first.")).to_be_visible()
    eye.look("refused")
    open_place(page, served, "files")
    eye.look("files-printing")
    open_place(page, served, "")
    served.ask("/api/job", {"command": "pause", "action": "pause"})
    wait_until(lambda: served.state() == "Paused")
    eye.look("paused")
    page.get_by_test_id("emergency-stop").click()
    expect(page.get_by_text("The emergency stop was sent.")).to_be_visible()
    wait_until(lambda: served.state() in {"Error", "Offline after error"})
    eye.look("stopped")
    page.get_by_role("status").get_by_text("The emergency stop was sent.").wait_for(state="hidden")
    eye.look("fault", whole=True)
    served.kill()
    expect(page.get_by_test_id("lost")).to_be_visible()
    eye.look("lost")
    page.get_by_test_id("emergency-stop").click()
    expect(page.get_by_text("The emergency stop did NOT reach the machine.")).to_be_visible()
    eye.look("lost-stop")
    served.start()
    expect(page.get_by_test_id("lost")).to_be_hidden()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_job_that_is_done(page, served, eye, tmp_path):
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    served.upload(square(tmp_path / "square.gcode"))
    served.ask("/api/files/local/square.gcode", {"command": "select", "print": True})
    expect(page.get_by_test_id("percent")).to_have_text("100 %")
    eye.look("done")


@pytest.mark.timeout(300)
def test_the_wizard(page, tmp_path, eye):
    with served_page(tmp_path, "--simulate", "marlin") as fresh:
        page.goto(fresh.address)
        eye.look("wizard-claim")
        page.get_by_label("Claim code").fill("AAAA-AAAA-AAAA")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("alert")).to_be_visible()
        eye.look("wizard-wrong")
        page.get_by_label("Claim code").fill(fresh.claim_code())
        page.get_by_role("button", name="Next").click()
        fill_first(page, "User name", "ada")
        eye.look("wizard-admin")
        page.get_by_label("Password", exact=True).fill("analytical-engine")
        page.get_by_label("The same password again").fill("analytical-engine")
        page.get_by_role("button", name="Next").click()
        fill_first(page, "Name of the machine", "Workshop")
        eye.look("wizard-machine")
