"""Being found in the network is a switch of the settings."""

from playwright.sync_api import expect

from helpers_page import sign_in
from helpers_serve import wait_until


def test_announcing_is_switched_off_and_on(page, served):
    served.add_admin()
    sign_in(page, served)
    page.goto(f"{served.address}/#/settings/api")
    switch = page.get_by_test_id("announced").get_by_role("checkbox")
    expect(switch).to_be_checked()
    kept = served.basedir / "config.yaml"
    switch.click()
    wait_until(lambda: kept.exists() and "enabled: false" in kept.read_text(encoding="utf-8"))
    page.reload()
    expect(switch).not_to_be_checked()
    switch.click()
    wait_until(lambda: "enabled: true" in kept.read_text(encoding="utf-8"))
