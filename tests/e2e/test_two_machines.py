"""The page for somebody who may work with one of two machines only."""

import pytest
from playwright.sync_api import expect

from helpers_page import PASSWORD, fill_first, served_page

MACHINES = "machines:\n  default: {name: First}\n  second: {name: Second}\n"
EVE = {
    "name": "eve", "password": PASSWORD, "active": True, "groups": ["users"],
    "machines": {"groups": {"users": ["second"]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    (folder / "base").mkdir()
    (folder / "base" / "config.yaml").write_text(MACHINES, encoding="utf-8")
    with served_page(folder) as one:
        one.add_admin()
        one.ask("/api/access/users", EVE)
        yield one


def test_the_machine_that_one_may_work_with_is_shown(page, served):
    page.goto(served.address)
    fill_first(page, "User name", "eve")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    expect(page.get_by_text("First", exact=True)).to_have_count(0)
    connection = page.get_by_role("region", name="Connection")
    expect(connection.get_by_role("button", name="Connect", exact=True)).to_be_enabled()
