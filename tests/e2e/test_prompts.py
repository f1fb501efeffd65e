"""What the firmware asks and says, as a person sees and answers it."""

import pytest
from playwright.sync_api import expect

from helpers_page import serious_violations, served_page, sign_in
from helpers_serve import wait_until

ASK = ("prompt_begin Filament ran out", "prompt_button Load", "prompt_button Cancel", "prompt_show")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("prompts"), "--simulate", "marlin") as one:
        one.add_admin()
        yield one


def say(served, *actions):
    lines = [f"M118 A1 action:{action}" for action in actions]
    served.ask("/api/printer/command", {"commands": lines})


def test_a_question_is_answered_and_a_notice_is_taken_note_of(page, served):
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    say(served, *ASK, "notification Hot end is cold")
    dialog = page.get_by_test_id("prompt")
    expect(dialog).to_contain_text("Filament ran out")
    assert not serious_violations(page)
    dialog.get_by_role("button", name="Load").click()
    expect(dialog).to_be_hidden()
    assert served.ask("/api/plugin/action_command_prompt") == {}

    page.get_by_role("button", name="Notices").click()
    said = page.get_by_test_id("said")
    expect(said).to_contain_text("Hot end is cold")
    said.get_by_role("button", name="Noted").click()
    expect(said).to_be_hidden()

    page.keyboard.press("Escape")
    say(served, *ASK)
    dialog.get_by_role("button", name="Later").click()
    expect(dialog).to_be_hidden()
    say(served, "prompt_end")
    wait_until(lambda: served.ask("/api/plugin/action_command_prompt") == {})
