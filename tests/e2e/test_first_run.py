"""A new user's first hour, from the claim code to the founding rules, on a server that was never used."""

from playwright.sync_api import expect

from helpers_drawings import square
from helpers_page import PASSWORD, USER, drop_file, fill_first, serious_violations, sign_in
from helpers_serve import wait_until


def wizard(page, served):
    page.goto(served.address)
    fill_first(page, "Claim code", "AAAA-AAAA-AAAA")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    page.get_by_label("Claim code").fill(served.claim_code().lower())
    page.get_by_role("button", name="Next").click()
    fill_first(page, "User name", USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD[:-1])
    expect(page.get_by_text("The two passwords differ.")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Next").click()
    fill_first(page, "Name of the machine", "Workshop")
    page.get_by_label("Width (X)").fill("220")
    assert not serious_violations(page)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_test_id("job")).to_be_visible()


def confirm(page, name, question):
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(500)  # a second press at once is taken for a slip of the finger
    page.get_by_role("button", name=question, exact=True).click()


def test_a_new_user_gets_from_the_claim_code_to_a_finished_print(page, served, drawing, short_drawing):
    wizard(page, served)
    expect(page.get_by_test_id("state").first).to_have_text("Ready")
    expect(page.get_by_role("heading", name="Workshop")).to_be_visible()
    assert served.ask("/api/v1/machines/default")["profile"]["width"] == 220

    # upload by drag and drop, print to the end
    drop_file(page, short_drawing)
    expect(page.get_by_test_id("uploads")).to_contain_text("square.gcode")
    page.get_by_role("button", name="Print", exact=True).first.click()
    expect(page.get_by_test_id("job-file")).to_have_text("square.gcode")
    expect(page.get_by_test_id("job")).to_contain_text("Done.")
    expect(page.get_by_test_id("percent")).to_have_text("100 %")

    # a longer one: pause, resume, cancel
    drop_file(page, drawing)
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("button", name="Print rosette.gcode").click()
    expect(page.get_by_test_id("job-file")).to_have_text("rosette.gcode")
    wait_until(lambda: int(page.get_by_test_id("path").get_attribute("data-reached") or 0) > 40)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    wait_until(lambda: served.state() == "Paused")
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: served.state() == "Printing")
    confirm(page, "Cancel job", "Really cancel?")
    expect(page.get_by_role("button", name="Print", exact=True).first).to_be_visible()
    wait_until(lambda: served.state() == "Operational")


def test_hands_move_the_machine(page, served):
    sign_in(page, served)
    page.get_by_role("button", name="Home all").click()
    expect(page.get_by_test_id("position-x")).to_have_text("0.00 mm")
    page.get_by_role("button", name="X +10").click()
    expect(page.get_by_test_id("position-x")).to_have_text("10.00 mm")
    page.get_by_test_id("heater-tool0").click()
    target = page.get_by_test_id("target")
    target.get_by_label("Hot end: Target").fill("60")
    target.get_by_role("button", name="Set").click()
    expect(page.get_by_test_id("heater-tool0")).to_contain_text("→ 60 °C")
    page.get_by_label("Send a line").fill("M114")
    page.get_by_label("Send a line").press("Enter")
    expect(page.get_by_test_id("terminal")).to_contain_text("M114")
    page.get_by_test_id("heater-tool0").click()
    target.get_by_role("button", name="Off").click()
    expect(page.get_by_test_id("heater-tool0")).to_contain_text("→ Off")


def test_a_killed_server_comes_back_without_a_reload(page, served, drawing):
    sign_in(page, served)
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("button", name="Print rosette.gcode").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate("window.notReloaded = true")
    served.kill()
    expect(page.get_by_test_id("lost")).to_be_visible()
    expect(page.get_by_test_id("job-file")).to_have_text("rosette.gcode")
    served.start()
    expect(page.get_by_test_id("lost")).to_be_hidden()
    expect(page.get_by_test_id("state").first).to_have_text("Printing")
    before = int(page.get_by_test_id("path").get_attribute("data-reached"))
    wait_until(lambda: int(page.get_by_test_id("path").get_attribute("data-reached")) > before)
    assert page.evaluate("window.notReloaded")
    confirm(page, "Cancel job", "Really cancel?")
    wait_until(lambda: served.state() == "Operational")


def test_the_founding_rules_click_by_click(page, served):
    """The own key is generated, used, revoked; the global key is shown; everybody's keys stand in the user list."""
    assert served.curl("/api/version", "") == 401
    sign_in(page, served)
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text("Change password", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You have no API key.")
    dialog.get_by_role("button", name="Generate a key").click()
    dialog.get_by_role("button", name="Show the key").click()
    own = dialog.get_by_test_id("key").inner_text()
    assert len(own) >= 32
    assert served.curl("/api/version", own) == 200
    assert served.curl(f"/api/version?apikey={own}", "") == 200
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Access control").click()
    row = page.get_by_test_id(f"user-{USER}")
    row.get_by_role("button", name="Show the key").click()
    expect(row.get_by_test_id("key")).to_have_text(own)

    page.get_by_role("link", name="API", exact=True).click()
    card = page.get_by_test_id("global-key")
    card.get_by_role("button", name="Show the key").click()
    shared = card.get_by_test_id("key").inner_text()
    assert served.curl("/api/version", shared) == 200
    confirm(page, "Regenerate", "The old key ends. Go on?")
    expect(card.get_by_test_id("key")).not_to_have_text(shared)
    wait_until(lambda: served.curl("/api/version", shared) == 401)

    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text("Change password", exact=True).click()
    confirm(page, "Revoke", "Revoke it?")
    expect(dialog).to_contain_text("You have no API key.")
    assert served.curl("/api/version", own) == 401


def test_the_password_is_changed_and_the_page_stays(page, served):
    sign_in(page, served)
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text("Change password", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password until now").fill("wrong")
    dialog.get_by_label("New password", exact=True).fill("difference-engine")
    dialog.get_by_label("New password again").fill("difference-engine")
    dialog.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status").last).to_contain_text("password")
    dialog.get_by_label("Password until now").fill(PASSWORD)
    dialog.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    served.mrdraw("user", "password", USER, "--password", PASSWORD)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()  # sessions ended with the password


def test_users_are_added_locked_out_and_removed(page, served):
    sign_in(page, served)
    page.goto(f"{served.address}/#/settings/access")
    page.get_by_role("button", name="Add a user").click()
    fill_first(page, "User name", "grace")
    page.get_by_label("Password", exact=True).fill("compiler-1952")
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.get_by_test_id("user-grace")
    expect(row).to_be_visible()
    page.get_by_role("button", name="Generate a key").click()
    row.get_by_role("button", name="Show the key").click()
    key = row.get_by_test_id("key").inner_text()
    assert served.curl("/api/version", key) == 200
    row.get_by_label("May sign in").click()
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("locked out")
    assert served.curl("/api/version", key) == 401
    confirm(page, "Remove user", "Remove for good?")
    expect(row).to_be_hidden()


def test_the_machine_is_disconnected_and_connected_again(page, served):
    sign_in(page, served)
    connection = page.get_by_role("region", name="Connection")
    confirm(page, "Disconnect", "Disconnect?")
    expect(page.get_by_test_id("state").first).to_have_text("Offline")
    expect(connection.get_by_label("Port", exact=True)).to_be_visible()
    page.get_by_test_id("job").get_by_role("button", name="Connect").click()
    expect(page.get_by_test_id("state").first).to_have_text("Ready")
    expect(connection).to_contain_text("Simulated machine")


def test_a_stored_file_is_deleted(page, served, tmp_path):
    sign_in(page, served)
    page.get_by_role("link", name="Files", exact=True).click()
    drop_file(page, square(tmp_path / "to-be-deleted.gcode"))
    stored = page.get_by_test_id("file").filter(has_text="to-be-deleted.gcode")
    stored.get_by_role("button", name="What to do with to-be-deleted.gcode").click()
    confirm(page, "Delete", "Delete for good?")
    expect(stored).to_be_hidden()
    assert "to-be-deleted.gcode" not in [one["name"] for one in served.ask("/api/files")["files"]]
