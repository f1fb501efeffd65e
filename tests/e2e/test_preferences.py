"""What the settings say of the page: how the host presents itself, what the page offers and asks before it acts."""

import pytest
from playwright.sync_api import expect

from helpers_drawings import square
from helpers_page import drop_file, serious_violations, sign_in, small_targets
from helpers_serve import wait_until

LEFT_ALONE = 600
"""ms in which nothing happens that should not."""


@pytest.fixture
def inside(page, served):
    """The page, signed in, beside a machine that is ready; the defaults hold again afterwards."""
    if not served.ask("/api/access/users")["users"]:
        served.add_admin()
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    before = served.ask("/api/settings")
    yield page
    served.ask("/api/settings", {name: before[name] for name in ("appearance", "feature", "temperature")})


def prefer(page, served, **sections):
    """Change settings, and wait until the page knows."""
    with page.expect_response(lambda response: response.url.endswith("/api/settings") and response.ok):
        served.ask("/api/settings", sections)


def test_how_the_host_presents_itself(inside, served):
    expect(inside.get_by_role("img", name="Temperatures of the last 30 minutes")).to_be_visible()
    expect(inside.get_by_test_id("heater-tool0")).not_to_contain_text("°F")
    look = {"name": "Shed", "color": "violet", "showFahrenheitAlso": True}
    prefer(inside, served, appearance=look, feature={"temperatureGraph": False})
    expect(inside.get_by_test_id("host-name")).to_have_text("Shed")
    expect(inside).to_have_title("Ready · Machine · Shed")
    expect(inside.get_by_test_id("heater-tool0")).to_contain_text("°F")
    expect(inside.get_by_role("img", name="Temperatures of the last 30 minutes")).to_have_count(0)
    assert inside.evaluate("getComputedStyle(document.querySelector('header')).borderBottomWidth") == "3px"
    for size in ((360, 640), (1440, 900)):
        inside.set_viewport_size({"width": size[0], "height": size[1]})
        assert not serious_violations(inside)
        assert not small_targets(inside)
        assert inside.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.slow
def test_what_is_asked_before_a_job(inside, served, drawing):
    served.upload(drawing)
    served.ask(f"/api/files/local/{drawing.name}", {"command": "select"})
    prefer(inside, served, feature={"printStartConfirmation": True, "printCancelConfirmation": False})
    job = inside.get_by_test_id("job")
    job.get_by_role("button", name="Print", exact=True).click()
    inside.wait_for_timeout(LEFT_ALONE)
    assert served.state() == "Operational"
    job.get_by_role("button", name="Is the bed clear?").click()
    wait_until(lambda: served.state().startswith("Printing"))
    job.get_by_role("button", name="Cancel job").click()
    wait_until(lambda: served.state() == "Operational")


def test_a_file_takes_no_other_ones_place_unasked(inside, served, tmp_path):
    small = square(tmp_path / "same.gcode")
    served.upload(small)
    stored = served.ask("/api/files/local/same.gcode")["size"]
    small.write_text("; longer\n" + small.read_text(encoding="utf-8"), encoding="utf-8")
    drop_file(inside, small)
    expect(inside.get_by_test_id("uploads")).to_contain_text("There is a file of this name.")
    assert served.ask("/api/files/local/same.gcode")["size"] == stored
    inside.get_by_role("button", name="Replace").click()
    wait_until(lambda: served.ask("/api/files/local/same.gcode")["size"] > stored)

    prefer(inside, served, feature={"uploadOverwriteConfirmation": False, "fileDeleteConfirmation": False})
    larger = served.ask("/api/files/local/same.gcode")["size"]
    small.write_text("; longer\n" + small.read_text(encoding="utf-8"), encoding="utf-8")
    drop_file(inside, small)
    wait_until(lambda: served.ask("/api/files/local/same.gcode")["size"] > larger)

    prefer(inside, served, feature={"enableDragDropUpload": False})
    drop_file(inside, square(tmp_path / "never.gcode"))
    inside.wait_for_timeout(LEFT_ALONE)
    assert "never.gcode" not in {one["name"] for one in served.ask("/api/files")["files"]}

    inside.goto(f"{served.address}/#/files")
    inside.get_by_role("button", name="What to do with same.gcode").click()
    inside.get_by_role("button", name="Delete").click()
    wait_until(lambda: "same.gcode" not in {one["name"] for one in served.ask("/api/files")["files"]})


def test_the_folder_is_remembered(inside, served, tmp_path):
    served.upload(square(tmp_path / "in.gcode"), folder="gears")
    for remember, shown in ((False, "gears"), (True, "in.gcode")):
        if remember:
            prefer(inside, served, feature={"rememberFileFolder": True})
        inside.goto(f"{served.address}/#/files")
        inside.get_by_test_id("file").filter(has_text="gears").get_by_role("button").first.click()
        expect(inside.get_by_test_id("file")).to_contain_text("in.gcode")
        inside.reload()
        expect(inside.get_by_test_id("file").filter(has_text=shown)).to_be_visible()


def test_the_keyboard_moves_the_machine(inside, served):
    served.ask("/api/printer/command", {"commands": ["G92 X20 Y20 Z0"]})
    place = inside.get_by_test_id("position-x")
    expect(place).to_contain_text("20.00")
    home = inside.get_by_role("button", name="Home all")
    home.focus()
    inside.keyboard.press("ArrowRight")
    expect(place).to_contain_text("30.00")
    prefer(inside, served, feature={"keyboardControl": False})
    home.focus()
    inside.keyboard.press("ArrowRight")
    inside.wait_for_timeout(LEFT_ALONE)
    expect(place).to_contain_text("30.00")


def test_a_target_is_set_by_itself(inside, served):
    prefer(inside, served, temperature={"sendAutomatically": True, "sendAutomaticallyAfter": 1})
    inside.get_by_test_id("heater-bed").click()
    inside.get_by_label("Bed: Target").fill("41")
    wait_until(lambda: served.ask("/api/printer/bed")["bed"]["target"] == 41)
    served.ask("/api/printer/bed", {"command": "target", "target": 0})
