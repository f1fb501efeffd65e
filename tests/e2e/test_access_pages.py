"""Users, groups and keys on the page, as an admin works with them; and what the page asks before it does harm.

`pytest tests/e2e/test_access_pages.py -m slow` goes through every page of them with many users, and leaves pictures.
"""

import sqlite3

import pytest
from playwright.sync_api import expect

from helpers_eye import SIZES, TABLET
from helpers_page import PASSWORD, USER, fill_first, served_page, sign_in
from helpers_serve import wait_until

LONG_NAME = "somebody-with-a-name-that-is-longer-than-any-phone-is-wide@workshop.university.example"
GROUP = "Makers of the second floor"


@pytest.fixture(scope="module")
def peopled(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("served"), "--simulate", "marlin") as one:
        one.add_admin()
        yield one


@pytest.fixture
def served(peopled):
    """The server of the module, with the admin as the only user and no group but the built-in ones."""
    yield peopled
    with database(peopled) as connection:
        connection.execute("DELETE FROM users WHERE name != ?", (USER,))
        connection.execute("DELETE FROM groups WHERE key != 'users'")


def database(served):
    return sqlite3.connect(served.basedir / "mrdraw.db", timeout=10)


def forget_the_password(served):
    """Have the password of every session typed an hour ago."""
    with database(served) as connection:
        connection.execute("UPDATE sessions SET proven_at = proven_at - 3600")


def open_access(page, served):
    page.goto(f"{served.address}/#/settings/access")
    expect(page.get_by_test_id("users")).to_be_visible()


def user_record(served, name):
    return next(one for one in served.ask("/api/access/users")["users"] if one["name"] == name)


def press_twice(place, name, question):
    place.get_by_role("button", name=name, exact=True).click()
    place.page.wait_for_timeout(450)
    place.get_by_role("button", name=question).click()


def choose(place, label, *options):
    """Turn these options of a list over."""
    place.get_by_role("combobox", name=label).click(force=True)
    for option in options:
        place.page.get_by_role("option", name=option).click()
    place.page.keyboard.press("Escape")


def add_group(page, eye):
    """A group that contains another one and has a dangerous permission."""
    page.get_by_role("button", name="4 groups").click()
    page.get_by_role("button", name="Add a group").click()
    editor = page.get_by_role("dialog", name="Add a group")
    editor.get_by_label("Name").fill(GROUP)
    expect(editor.get_by_text("makers_of_the_second_floor")).to_be_visible()
    choose(editor, "Contains the groups", "Read-only Access")
    for topic in ("machine", "host"):
        editor.get_by_test_id(f"topic-{topic}").locator("summary").click()
    editor.get_by_role("checkbox", name="Print May").check()
    editor.get_by_role("checkbox", name="System May").check()
    expect(editor.get_by_text("Can shut the computer down")).to_be_visible()
    expect(editor.get_by_test_id("topic-machine")).to_contain_text("through Read-only Access")
    eye.look("group-editor")
    editor.get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("group-makers_of_the_second_floor")).to_contain_text("dangerous")
    expect(page.get_by_test_id("group-makers_of_the_second_floor")).to_contain_text("contains Read-only Access")
    page.get_by_role("button", name="One user").click()


def shown_permissions(row):
    """What the page says that a user may do in the end, as the server names it."""
    shown = row.locator("li").evaluate_all("all => all.map(one => one.dataset.test)")
    return {one.removeprefix("may-").lower().replace("gcode_viewer", "gcodeviewer") for one in shown}


def add_user(page, name):
    page.get_by_role("button", name="Add a user").click()
    fill_first(page, "User name", name)
    page.get_by_test_id("new-user").get_by_label("Password").fill("long-enough")
    page.get_by_test_id("new-user").get_by_role("button", name="Add", exact=True).click()
    row = page.get_by_test_id(f"user-{name}")
    expect(row.get_by_role("combobox", name="Groups")).to_be_visible()
    return row


@pytest.mark.timeout(300)
def test_a_user_gets_a_group_and_a_key(page, served, eye):
    sign_in(page, served)
    open_access(page, served)
    add_group(page, eye)
    row = add_user(page, "eve")
    choose(row, "Groups", GROUP, "Operator")
    row.get_by_role("button", name="Change", exact=True).click()
    chooser = page.get_by_role("dialog", name="Given to eve directly")
    chooser.get_by_test_id("topic-files").locator("summary").click()
    expect(chooser.get_by_test_id("topic-files")).to_contain_text(f"through {GROUP} › Read-only Access")
    chooser.get_by_role("checkbox", name="Upload files").check()
    chooser.get_by_role("button", name="Take these").click()
    row.get_by_test_id("effective").locator("summary").click()
    expect(row.get_by_test_id("may-FILES_UPLOAD")).to_contain_text("given directly")
    expect(row.get_by_test_id("may-STATUS")).to_contain_text(f"through {GROUP} › Read-only Access")
    row.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    eve = user_record(served, "eve")
    assert (eve["groups"], eve["permissions"]) == (["makers_of_the_second_floor"], ["FILES_UPLOAD"])
    assert shown_permissions(row) == set(eve["needs"]["role"])

    row.get_by_role("button", name="Generate a key").click()
    row.get_by_role("button", name="Show the key").click()
    key = row.get_by_test_id("key").inner_text()
    assert served.curl("/api/printer", key) == 200
    assert served.curl("/api/access/users", key) == 403
    eye.look("user-open")
    press_twice(row, "Revoke the key", "Revoke it?")
    expect(row).to_contain_text("no API key")
    assert served.curl("/api/version", key) == 401

    row.get_by_label("May sign in").uncheck()
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("locked out")
    press_twice(row, "Remove user", "Remove for good?")
    expect(row).to_have_count(0)
    assert [one["name"] for one in served.ask("/api/access/users")["users"]] == [USER]


def test_what_can_do_harm_asks_for_the_password_once_more(page, served):
    sign_in(page, served)
    served.ask("/api/access/users", {"name": "eve", "password": "long-enough", "active": True})
    key = served.ask("/api/access/users/eve/apikey", method="POST")["apikey"]
    forget_the_password(served)
    open_access(page, served)
    row = page.get_by_test_id("user-eve")
    asks = page.get_by_role("dialog", name="Is it you?")

    expect(row).to_contain_text("hidden until you prove who you are")
    row.get_by_role("button", name="Show the key").click()
    fill_first(page, "Your password once more", PASSWORD)
    asks.get_by_role("button", name="Go on").click()
    row.get_by_role("button", name="Show the key").click()
    expect(row.get_by_test_id("key")).to_have_text(key)

    forget_the_password(served)
    row.get_by_role("button", name="More about eve").click()
    press_twice(row, "Remove user", "Remove for good?")
    asks.get_by_role("button", name="Cancel").click()
    expect(asks).to_have_count(0)
    assert user_record(served, "eve")
    press_twice(row, "Remove user", "Remove for good?")
    fill_first(page, "Your password once more", "not this one")
    asks.get_by_role("button", name="Go on").click()
    expect(asks.get_by_role("alert")).to_be_visible()
    asks.get_by_label("Your password once more").fill(PASSWORD)
    asks.get_by_role("button", name="Go on").click()
    expect(row).to_have_count(0)
    expect(asks).to_have_count(0)


def test_a_grant_for_some_machines_is_seen_and_widened(page, served):
    sign_in(page, served)
    limited = {"groups": ["users"], "machines": {"groups": {"users": ["default"]}}}
    served.ask("/api/access/users", {"name": "eve", "password": "long-enough", "active": True})
    served.ask("/api/access/users/eve", limited, method="PUT")
    open_access(page, served)
    row = page.get_by_test_id("user-eve")
    row.get_by_role("button", name="More about eve").click()
    row.get_by_test_id("effective").locator("summary").click()
    expect(row.get_by_test_id("may-PRINT")).to_contain_text("through Operator, on default only")
    expect(row.get_by_test_id("may-FILES_LIST")).not_to_contain_text("only")
    row.get_by_test_id("scopes").get_by_role("button", name="Clear").click()
    expect(row.get_by_test_id("may-PRINT")).not_to_contain_text("only")
    row.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert user_record(served, "eve")["machines"]["groups"] == {}


# --- every page, with many users --------------------------------------------------------------------------------------


def many_users(served, count):
    """Copies of one user: hashing a password for each would take a minute."""
    served.ask("/api/access/users", {"name": LONG_NAME, "password": "long-enough", "active": True})
    with database(served) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(users)") if row[1] != "name"]
        copied = ", ".join(columns)
        for number in range(count):
            query = f"INSERT INTO users (name, {copied}) SELECT ?, {copied} FROM users WHERE name = ?"
            connection.execute(query, (f"student-{number:03}", LONG_NAME))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_page_with_many_users(page, served, eye):
    eye.sizes = SIZES | TABLET
    groups = [
        {
            "key": f"team_{n}",
            "name": f"Team {n} of the summer project in mechatronics",
            "subgroups": ["users"],
        }
        for n in range(8)
    ]
    for one in groups:
        served.ask("/api/access/groups", {"permissions": [], "description": "Whoever takes part.", **one})
    many_users(served, 200)
    served.ask(f"/api/access/users/{LONG_NAME}", {"groups": [one["key"] for one in groups]}, method="PUT")
    served.ask(f"/api/access/users/{LONG_NAME}/apikey", method="POST")
    sign_in(page, served)
    open_access(page, served)
    expect(page.get_by_role("button", name="202 users")).to_be_visible()
    eye.look("access-many", whole=True)
    page.get_by_label("Search users and groups").fill("summer project")
    expect(page.get_by_test_id("users").get_by_role("listitem")).to_have_count(1)
    row = page.get_by_test_id(f"user-{LONG_NAME}")
    row.get_by_role("button", name=f"More about {LONG_NAME}").click()
    row.get_by_test_id("effective").locator("summary").click()
    eye.look("access-long", whole=True)
    row.get_by_role("button", name="Set a password").click()
    eye.look("access-password")
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Change", exact=True).click()
    for topic in ("machine", "files", "timelapses", "host", "more"):
        page.get_by_role("dialog").get_by_test_id(f"topic-{topic}").locator("summary").click()
    eye.look("access-permissions")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a user").click()
    eye.look("access-new")
    page.get_by_role("button", name="12 groups").click()
    eye.look("access-groups", whole=True)
    page.get_by_role("button", name="Look at the group Admins").click()
    eye.look("access-admins")
    page.keyboard.press("Escape")

    page.goto(f"{served.address}/#/settings/api")
    for slicer in ("PrusaSlicer", "OrcaSlicer", "Cura", "Simplify3D", "Another program"):
        page.get_by_test_id("connect").get_by_text(slicer, exact=True).click()
        eye.look(f"connect-{slicer.lower().replace(' ', '-')}", whole=True)
    page.get_by_test_id("global-key").get_by_role("button", name="QR code").click()
    page.get_by_test_id("global-key").get_by_role("button", name="Show the key").click()
    eye.look("global-key", whole=True)
    forget_the_password(served)
    page.reload()
    page.get_by_test_id("global-key").get_by_role("button", name="Show the key").click()
    expect(page.get_by_role("dialog", name="Is it you?")).to_be_visible()
    eye.look("proof")


def test_the_global_key(page, served):
    sign_in(page, served)
    page.goto(f"{served.address}/#/settings/api")
    panel = page.get_by_test_id("global-key")
    panel.get_by_role("button", name="Show the key").click()
    before = panel.get_by_test_id("key").inner_text()
    assert served.curl("/api/settings", before) == 200
    panel.get_by_role("button", name="QR code").click()
    expect(panel.get_by_role("img", name="The key as a QR code")).to_be_visible()
    press_twice(panel, "Regenerate", "The old key ends. Go on?")
    expect(panel.get_by_test_id("key")).not_to_have_text(before)
    after = panel.get_by_test_id("key").inner_text()
    assert [served.curl("/api/version", key) for key in (before, after)] == [401, 200]
    press_twice(panel, "Switch off", "Programs with this key stop working. Go on?")
    expect(panel).to_contain_text("The global key is switched off.")
    assert served.curl("/api/version", after) == 401
    panel.get_by_role("button", name="Make a global key").click()
    wait_until(lambda: panel.get_by_role("button", name="Show the key").is_visible())


def test_other_sites(page, served):
    sign_in(page, served)
    page.goto(f"{served.address}/#/settings/api")
    page.get_by_test_id("cors").get_by_role("checkbox").check()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert served.ask("/api/settings")["api"]["allowCrossOrigin"] is True


def test_the_own_key_is_shown_to_who_proves_it_is_them(page, served):
    sign_in(page, served)
    forget_the_password(served)
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text("Change password", exact=True).click()
    own, asks = page.get_by_role("dialog", name="Change password"), page.get_by_role("dialog", name="Is it you?")
    own.get_by_role("button", name="Show the key").click()
    fill_first(page, "Your password once more", PASSWORD)
    asks.get_by_role("button", name="Go on").click()
    own.get_by_role("button", name="Generate a key").click()
    own.get_by_role("button", name="Show the key").click()
    first = own.get_by_test_id("key").inner_text()
    forget_the_password(served)
    press_twice(own, "New key", "Replace the old key?")
    fill_first(page, "Your password once more", PASSWORD)
    asks.get_by_role("button", name="Go on").click()
    expect(own.get_by_test_id("key")).not_to_have_text(first)
    second = own.get_by_test_id("key").inner_text()
    assert [served.curl("/api/version", key) for key in (first, second)] == [401, 200]
    press_twice(own, "Revoke", "Revoke it?")
    expect(own).to_contain_text("You have no API key.")
    assert served.curl("/api/version", second) == 401
