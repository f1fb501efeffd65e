"""The system page: what is started, disks, logs; and what stands between a person and the end of a job."""

import json
import sys

import pytest
from playwright.sync_api import expect

from helpers_page import PASSWORD, fill_first, serious_violations, served_page, sign_in, small_targets
from helpers_serve import wait_until


def writing(path, text):
    return [sys.executable, "-c", f"open({str(path)!r}, 'a').write({text!r})"]


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "mark"


@pytest.fixture
def served(tmp_path, mark):
    with served_page(tmp_path, "--simulate", "marlin") as one:
        one.add_admin()
        settings = {
            "server": {"commands": {"systemShutdownCommand": writing(mark, "s")}},
            "system": {"actions": [{"action": "light", "name": "Light", "command": writing(mark, "l")}]},
        }
        (one.basedir / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
        wait_until(lambda: one.ask("/api/system/commands")["custom"])
        yield one


def press_twice(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(450)
    page.get_by_role("button", name="sure?").click()


def test_the_computer(page, served, mark, drawing):
    sign_in(page, served)
    page.goto(f"{served.address}/#/settings/system")
    expect(page.get_by_test_id("disks")).to_contain_text("free")
    expect(page.get_by_test_id("facts")).to_contain_text("OctoPrint 1.11.8")
    expect(page.get_by_test_id("logs")).to_contain_text("mrdraw.log")
    press_twice(page, "Light")
    wait_until(lambda: mark.exists() and mark.read_text() == "l")
    expect(page.get_by_text("Light: started.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download mrdraw.log").click()
    assert "serving" in download.value.path().read_text(encoding="utf-8")

    wait_until(lambda: served.state() == "Operational")
    served.upload(drawing)
    served.ask(f"/api/files/local/{drawing.name}", {"command": "select", "print": True})
    wait_until(lambda: served.state().startswith("Printing"))
    press_twice(page, "Shut down the computer")
    asks = page.get_by_test_id("asks")
    expect(asks).to_contain_text(drawing.name)
    assert mark.read_text() == "l"
    for size in ((360, 640), (1440, 900)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert not serious_violations(page)
        assert not small_targets(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    asks.get_by_role("button", name="Shut down the computer all the same").click()
    page.wait_for_timeout(450)
    asks.get_by_role("button", name="End the job?").click()
    wait_until(lambda: mark.read_text() == "ls")


def test_a_password_that_was_typed_long_ago_is_asked_for_again(page, served, mark):
    sign_in(page, served)
    asked = []

    def stale_once(route):
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=403, json={"error": "Please reauthenticate: type your password again."})
        else:
            route.continue_()

    page.route("**/api/system/commands/core/shutdown", stale_once)
    page.goto(f"{served.address}/#/settings/system")
    press_twice(page, "Shut down the computer")
    asks = page.get_by_role("dialog", name="Is it you?")
    fill_first(page, "Your password once more", "not this one")
    asks.get_by_role("button", name="Go on").click()
    expect(asks.get_by_role("alert")).to_be_visible()
    asks.get_by_label("Your password once more").fill(PASSWORD)
    asks.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Shut down the computer: started.")).to_be_visible()
    expect(asks).to_have_count(0)
    wait_until(lambda: mark.exists() and mark.read_text() == "s")
