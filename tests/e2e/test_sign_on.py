"""Signing in through the provider's own form and back, in a real browser."""

import pytest
from playwright.sync_api import expect
from ruamel.yaml import YAML

from helpers_openid import real_provider, settings_of
from helpers_page import ServedPage, served_page, sign_in

pytestmark = pytest.mark.slow


def _configure(served: ServedPage, issuer: str):
    path = served.basedir / "config.yaml"
    yaml = YAML()
    data = (yaml.load(path) if path.exists() else None) or {}
    provider = settings_of(
        issuer,
        served.address,
        name="The workshop",
        addUsers=True,
        scopes=["openid", "profile", "groups"],
        groups={"printer-admins": "admins"},
    )
    data.setdefault("accessControl", {}).update(provider["accessControl"])
    yaml.dump(data, path)


def test_through_the_providers_form_and_back(browser, tmp_path):
    with served_page(tmp_path, "--simulate", "marlin") as served:
        served.add_admin()
        with real_provider(f"{served.address}/login/openid/id/done") as issuer:
            _configure(served, issuer)
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.goto(served.address)
            button = page.get_by_role("link", name="Sign in with The workshop")
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
            page.get_by_role("link", name="Sign in with The workshop").click()
            page.locator("input[name=login]").fill("ada")
            page.locator("input[name=password]").fill("x")
            page.get_by_role("button", name="Sign-in").click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(f"{served.address}/#/files")
            expect(page.get_by_text("ada@makers")).to_be_visible()
            page.screenshot(path=str(tmp_path / "in.png"))
            context.close()


def test_a_page_without_providers_shows_no_button(page, served):
    served.add_admin()
    page.goto(served.address)
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.get_by_test_id("providers").count() == 0
    sign_in(page, served)
