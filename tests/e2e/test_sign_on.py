"""Signing in through the provider's own form and back, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_openid import CLIENT_SECRET, real_provider
from helpers_page import ServedPage, served_page, sign_in

pytestmark = pytest.mark.slow


MANUAL = Path(__file__).parents[2] / "docs" / "sign-on.md"


def _configure(served: ServedPage, issuer: str):
    """What the manual says, with the addresses and the secret of here."""
    example = re.search(r"```yaml\n(.*?openId.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)[1]
    for there, here in {
        "https://printer.example.com": served.address,
        "https://id.example.com/realms/home": issuer,
        "the-secret-of-the-client": CLIENT_SECRET,
    }.items():
        assert there in example
        example = example.replace(there, here)
    (served.basedir / "config.yaml").write_text(example, encoding="utf-8")


def test_through_the_providers_form_and_back(browser, tmp_path):
    with served_page(tmp_path, "--simulate", "marlin") as served:
        served.add_admin()
        with real_provider(f"{served.address}/login/openid/keycloak/done") as issuer:
            _configure(served, issuer)
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.goto(served.address)
            button = page.get_by_role("link", name="Sign in with Our Keycloak")
            expect(button).to_be_visible()
            page.screenshot(path=str(tmp_path / "sign-in.png"))

            button.click()
            page.locator("input[name=login]").fill("eve")
            page.locator("input[name=password]").fill("x")
            page.get_by_role("button", name="Sign-in").click()
            page.get_by_role("button", name="Continue").click()
            expect(page.get_by_role("alert")).to_contain_text("None of your groups")
            page.screenshot(path=str(tmp_path / "refused.png"))
            context.close()

            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.goto(f"{served.address}/#/files")
            page.get_by_role("link", name="Sign in with Our Keycloak").click()
            page.locator("input[name=login]").fill("ada")
            page.locator("input[name=password]").fill("x")
            page.get_by_role("button", name="Sign-in").click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(f"{served.address}/#/files")
            expect(page.get_by_role("button", name="Account of ada@makers")).to_be_visible()
            page.screenshot(path=str(tmp_path / "in.png"))
            context.close()


def test_a_page_without_providers_shows_no_button(page, served):
    served.add_admin()
    page.goto(served.address)
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.get_by_test_id("providers").count() == 0
    sign_in(page, served)
