"""The second factor and passkeys on the page, with an authenticator in Chromium."""

import re
import time

import pyotp
import pytest
from playwright.sync_api import expect

from helpers_page import PASSWORD, USER, fill_first


@pytest.fixture(scope="module", autouse=True)
def admin(served):
    served.add_admin()


@pytest.fixture
def authenticator(page):
    """An authenticator in the page's own device, whose person is always found to be the right one."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def begin(page, served, host="localhost"):
    page.goto(f"http://{host}:{served.port}")
    fill_first(page, "User name", USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def account(page):
    expect(page).not_to_have_url(re.compile("sign-in"))
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
    expect(page.locator(".v-list-item-title", has_text="Sign out")).to_be_hidden()


def leave(page):
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.locator(".v-list-item-title", has_text="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()


def test_a_passkey_in_the_place_of_a_password(page, served, authenticator, eye):
    begin(page, served)
    account(page)
    card = page.get_by_test_id("passkeys")
    card.get_by_role("button", name="Add a passkey").click()
    fill_first(page, "Name of the passkey", "Laptop")
    card.get_by_role("button", name="Make it now").click()
    expect(card.get_by_test_id("passkey-Laptop")).to_contain_text("not used yet")
    eye.look("passkeys", whole=True)
    leave(page)

    if eye.pictures:
        eye.look("sign-in-passkey", whole=True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name=f"Account of {USER}")).to_be_visible()
    account(page)
    expect(card.get_by_test_id("passkey-Laptop")).to_contain_text("last used")
    card.get_by_role("button", name="Rename the passkey Laptop").click()
    fill_first(page, "Name of the passkey", "Old laptop")
    card.get_by_role("button", name="Save").click()
    one = card.get_by_test_id("passkey-Old laptop")
    one.get_by_role("button", name="Remove the passkey Old laptop").click()
    page.wait_for_timeout(400)  # a second press at once is no second thought
    one.get_by_role("button", name="Remove for good?").click()
    # the session that it opened has ended with it
    expect(page.get_by_label("User name")).to_be_visible()


def test_where_there_are_no_passkeys_the_page_says_so(page, served):
    begin(page, served, "127.0.0.1")
    account(page)
    expect(page.get_by_test_id("passkeys-unavailable")).to_contain_text("Passkeys need a host name")
    expect(page.get_by_role("button", name="Add a passkey")).to_have_count(0)
    leave(page)
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_a_second_factor(page, served, eye):
    begin(page, served)
    account(page)
    card = page.get_by_test_id("second-factor")
    card.get_by_role("button", name="Set up").click()
    app = pyotp.TOTP(card.get_by_test_id("totp-secret").inner_text().replace(" ", ""))
    expect(card.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    eye.look("second-factor-setup", whole=True)
    card.get_by_label("Code of six digits").fill(app.at(time.time() - 30))
    card.get_by_role("button", name="Switch on").click()
    codes = card.get_by_test_id("recovery-codes").locator("li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    if eye.pictures:
        eye.look("recovery-codes", whole=True)
    card.get_by_role("button", name="I have kept them").click()
    expect(card).to_contain_text("Recovery codes left: 10")
    if eye.pictures:
        eye.look("second-factor-on", whole=True)
    leave(page)

    begin(page, served)
    step = page.get_by_test_id("second-factor-step")
    fill_first(page, "Code of six digits", "000000")
    step.get_by_role("button", name="Sign in", exact=True).click()
    expect(step.get_by_role("alert")).to_contain_text("wrong")
    eye.look("sign-in-second-factor", whole=True)
    page.get_by_label("Code of six digits").fill(app.at(time.time() + 30))
    step.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name=f"Account of {USER}")).to_be_visible()
    leave(page)

    begin(page, served)
    step.get_by_role("button", name="Use a recovery code").click()
    fill_first(page, "Recovery code", recovery)
    step.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name=f"Account of {USER}")).to_be_visible()
    account(page)
    expect(card).to_contain_text("Recovery codes left: 9")
    card.get_by_role("button", name="Switch off").click()
    page.wait_for_timeout(400)
    card.get_by_role("button", name="Only the password then?").click()
    expect(card.get_by_role("button", name="Set up")).to_be_visible()
