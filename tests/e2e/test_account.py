"""My account: applications ask for a key and are let in, are seen and are locked out again; sessions are ended."""

import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_page import PASSWORD, USER, serious_violations, served_page, sign_in, small_targets
from helpers_serve import PATIENCE, wait_until

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
REQUEST = "/plugin/appkeys/request"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("account"), "--simulate", "marlin") as one:
        one.add_admin()
        yield one


@pytest.fixture
def other(browser):
    """Another browser, as large as a phone."""
    context = browser.new_context(viewport={"width": 360, "height": 640})
    yield context.new_page()
    context.close()


class Application(threading.Thread):
    """A program that asks for a key and looks for the decision, until there is one."""

    def __init__(self, served, name, pause, *, user=None, address="192.0.2.5"):
        super().__init__(daemon=True)
        self._served, self._pause = served, pause
        body = {"app": name} if user is None else {"app": name, "user": user}
        request = urllib.request.Request(served.address + REQUEST, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("X-Forwarded-For", address)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 201
            self.location = answer.headers["Location"]
            self.dialog = json.load(answer)["auth_dialog"]
        self.key = self.refused = None
        self.start()

    def where(self):
        """Cura looks where it was told to."""
        return self.location

    def run(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(self.where(), timeout=PATIENCE) as answer:
                    if answer.status == 200:
                        self.key = json.load(answer)["api_key"]
                        return
                    assert answer.status == 202
            except urllib.error.HTTPError as error:
                self.refused = error.code
                return
            time.sleep(self._pause)

    def taken(self):
        """The key, once it was given."""
        self.join(PATIENCE)
        assert not self.is_alive()
        return self.key


class HomeAssistant(Application):
    """It takes the token out of the address that it was told."""

    def __init__(self, served, user):
        super().__init__(served, "Home Assistant", 1.0, user=user)

    def where(self):
        return f"{self._served.address}{REQUEST}/{self.location.rsplit('/', 1)[1]}"


def looks_right(page, *schemes, picture=None):
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(350 if picture else 100)
        assert not serious_violations(page), scheme
        if picture:
            page.screenshot(path=PICTURES / f"{picture}-{scheme}.png", full_page=True)
    assert not small_targets(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_cura_is_let_in_and_locked_out_again(page, other, served):
    for one in (page, other):
        sign_in(one, served)
    cura = Application(served, "Cura", 0.5)
    here, there = (one.get_by_test_id("access-request") for one in (page, other))
    for one in (here, there):
        expect(one).to_contain_text("Cura asks for access")
        expect(one).to_contain_text("192.0.2.5")
    looks_right(other, "light")
    here.get_by_role("button", name="Allow").click()
    for one in (here, there):
        expect(one).to_be_hidden()
    key = cura.taken()
    assert served.curl("/api/version", key) == 200

    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text("My account").click()
    entry = page.get_by_test_id("application-key").filter(has_text="Cura")
    expect(entry).to_contain_text("192.0.2.5")
    expect(entry).to_contain_text("used")
    expect(entry).not_to_contain_text("never used")
    looks_right(page, "dark")
    entry.get_by_role("button", name="Revoke the key of Cura").click()
    page.wait_for_timeout(400)
    entry.get_by_role("button", name="Revoke now?").click()
    expect(entry).to_be_hidden()
    assert served.curl("/api/version", key) == 401

    looks_at_sessions(page, other, served)


def looks_at_sessions(page, other, served):
    """One of the two browsers is ended from the other one."""
    sessions = page.get_by_test_id("session")
    expect(sessions).to_have_count(2)
    expect(sessions.filter(has_text="this browser")).to_have_count(1)
    there = sessions.filter(has_not_text="this browser")
    expect(there).to_contain_text("Chrome on Linux")
    expect(there).to_contain_text("127.0.0.1")
    there.get_by_role("button", name="Sign out Chrome on Linux").click()
    page.wait_for_timeout(400)
    there.get_by_role("button", name="Sign out there?").click()
    expect(sessions).to_have_count(1)
    expect(other.get_by_label("Password")).to_be_visible()


def test_home_assistant_leads_a_browser_to_the_decision(other, served):
    assistant = HomeAssistant(served, USER)
    other.goto(assistant.dialog)
    other.get_by_label("User name").fill(USER)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    asked = other.get_by_test_id("access-request")
    expect(asked).to_contain_text("Home Assistant asks for access")
    asked.get_by_role("button", name="Allow").click()
    expect(other.get_by_test_id("grant")).to_contain_text("You can go back to the application")
    assert served.curl("/api/version", assistant.taken()) == 200


@pytest.mark.slow
def test_one_that_is_denied_and_one_that_gives_up(page, served):
    sign_in(page, served)
    denied = Application(served, "Somebody", 0.5, address="192.0.2.6")
    asked = page.get_by_test_id("access-request")
    asked.get_by_role("button", name="Deny").click()
    expect(asked).to_be_hidden()
    assert denied.taken() is None
    assert denied.refused == 404
    gone = Application(served, "Nobody", 60, address="192.0.2.6")
    expect(asked).to_contain_text("Nobody asks for access")
    page.reload()
    expect(asked).to_contain_text("Nobody asks for access")
    expect(asked).to_be_hidden()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(gone.location, timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(360, 640), (1440, 900)])
def test_how_it_looks(page, served, size):
    """Leaves pictures in `build/screenshots`, to be looked at."""
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    PICTURES.mkdir(parents=True, exist_ok=True)
    sign_in(page, served)
    cura = Application(served, "Cura", 0.5, address=f"2001:db8::{width}")
    asked = page.get_by_test_id("access-request")
    expect(asked.get_by_role("button", name="Allow")).to_be_enabled()
    looks_right(page, "light", "dark", picture=f"access-request-{width}")
    asked.get_by_role("button", name="Allow").click()
    cura.taken()
    page.goto(f"{served.address}/#/account")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name of the application").fill("Nightly script")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_test_id("made-key")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    looks_right(page, "light", "dark", picture=f"account-{width}")


@pytest.mark.slow
def test_a_key_that_is_made_by_hand_is_shown_once(page, served):
    sign_in(page, served)
    page.goto(f"{served.address}/#/account")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name of the application").fill("Nightly script")
    page.get_by_role("button", name="Make the key").click()
    made = page.get_by_test_id("made-key")
    made.get_by_role("button", name="Show the key").click()
    key = made.get_by_test_id("key").inner_text()
    assert served.curl("/api/version", key) == 200
    made.get_by_role("button", name="I have it").click()
    entry = page.get_by_test_id("application-key").filter(has_text="Nightly script")
    expect(entry).to_be_visible()
    page.reload()
    expect(entry).to_be_visible()
    assert key not in page.content()
    wait_until(lambda: served.ask("/api/v1/users/ada/keys")["keys"][0]["usedAt"] is not None)
