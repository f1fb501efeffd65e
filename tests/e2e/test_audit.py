"""The audit log's page, and the page that is worked without a password; at a desk and on a phone."""

import csv
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_page import PASSWORD, USER, serious_violations, served_page, sign_in, small_targets
from helpers_serve import wait_until

SIZES = ((360, 640), (1440, 900))


def look(page, name):
    """Keep a picture for people where they asked for some, and hold the page against what machines can tell."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        if folder := os.environ.get("MRDRAW_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        assert not serious_violations(page)
        assert not small_targets(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_who_did_what(page, served, short_drawing):
    served.add_admin()
    served.upload(short_drawing)
    served.ask(f"/api/files/local/{short_drawing.name}", method="DELETE")
    page.goto(served.address)
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("is wrong")).to_be_visible()
    sign_in(page, served)

    page.goto(f"{served.address}/#/settings/audit")
    rows = page.get_by_test_id("audit").locator("tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("Sign-in")
    expect(rows.nth(0)).to_contain_text(USER)
    expect(rows.nth(1)).to_contain_text("somebody unknown")
    expect(rows.nth(1)).to_contain_text("refused")
    expect(rows.nth(3)).to_contain_text(f"File uploaded{short_drawing.name}")
    expect(rows.nth(4)).to_contain_text(f"User added{USER}")
    expect(rows.nth(4)).to_contain_text("command line")
    look(page, "audit")

    page.get_by_role("button", name="Filters").click()
    page.get_by_test_id("filters").get_by_role("textbox", name="User name").fill("_api")
    expect(rows).to_have_count(2)
    page.get_by_role("textbox", name="Search").fill("deleted")
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("File deleted")
    look(page, "audit-filtered")
    with page.expect_download() as download:
        page.get_by_test_id("csv").click()
    with download.value.path().open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["action"], row["user"], row["subject"]) == ("file-deleted", "_api", short_drawing.name)
    page.get_by_role("textbox", name="Search").fill("nothing like this")
    expect(page.get_by_text("Nothing of that kind was done.")).to_be_visible()


@pytest.fixture
def open_page(tmp_path):
    with served_page(tmp_path, "--simulate", "marlin", "--no-access-control") as one:
        one.add_admin()
        yield one


def test_access_control_off(page, open_page):
    page.goto(open_page.address)
    expect(page.get_by_test_id("job")).to_be_visible()
    expect(page.get_by_test_id("access-off")).to_be_visible()
    wait_until(lambda: open_page.state() == "Operational")
    look(page, "access-off")
    page.get_by_role("button", name="Emergency stop").click()
    expect(page.get_by_text("The emergency stop was sent")).to_be_visible()

    page.goto(f"{open_page.address}/#/settings")
    expect(page.get_by_test_id("access-off")).to_be_visible()
    expect(page.get_by_role("link", name="Access control")).to_have_count(0)
    page.get_by_test_id("access-off").get_by_role("link", name="Sign in").click()
    expect(page.get_by_test_id("access-off")).to_be_visible()
    look(page, "access-off-sign-in")
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_test_id("job")).to_be_visible()
    page.goto(f"{open_page.address}/#/settings/audit")
    expect(page.get_by_test_id("audit").locator("tbody tr").first).to_contain_text("Sign-in")
    expect(page.get_by_text("the open page").first).to_be_visible()

    foreign = page.context.browser.new_context()
    other = foreign.new_page()
    other.goto(open_page.address.replace("127.0.0.1", "evil.localhost"))
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(other.get_by_test_id("job")).to_have_count(0)
    foreign.close()
