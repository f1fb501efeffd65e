"""A machine host that is killed in mid-job: the offer is seen, read, confirmed, and the job ends.

The pictures go to `build/gallery`, to be looked at.
"""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_drawings import rosette
from helpers_fleet import host_pid
from helpers_page import serious_violations, served_page, sign_in
from helpers_serve import wait_until

GALLERY = Path(__file__).parents[2] / "build" / "gallery"
SIZES = {"phone": (360, 640), "desktop": (1440, 900)}
MACHINE = "/api/v1/machines/default"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("resume"), "--simulate", "marlin") as one:
        one.add_admin()
        yield one


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    """A part of a few layers on a bed that is a little warm."""
    path = rosette(tmp_path_factory.mktemp("files") / "part.gcode", layers=4, rings=1, points=60)
    path.write_text("M140 S26\nM104 S40\nM106 S127\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def kill_host(served):
    pid = host_pid(served.basedir / "machines" / "default")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def look(page, name, problems):
    """Take pictures of the dialog, from its head to its foot, and hold what keeps people out."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    inside = page.get_by_test_id("resume").locator(".sections")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            inside.evaluate("element => element.scrollTo(0, 0)")
            page.wait_for_timeout(350)
            page.screenshot(path=GALLERY / f"{name}-{size}-{scheme}.png")
            inside.evaluate("element => element.scrollTo(0, element.scrollHeight)")
            page.screenshot(path=GALLERY / f"{name}-{size}-{scheme}-end.png")
            problems += [f"{name} {size} {scheme}: {found}"[:420] for found in serious_violations(page)]


@pytest.mark.slow
def test_a_killed_machine_host_and_a_person_who_resumes(page, served, part):
    problems = []
    served.upload(part)
    page.goto(served.address)
    sign_in(page, served)
    wait_until(lambda: served.state() == "Operational")
    served.ask("/api/files/local/part.gcode", {"command": "select", "print": True})
    wait_until(lambda: (served.ask(MACHINE)["position"].get("z") or 0) >= 0.6)
    kill_host(served)

    expect(page.get_by_text("A job was interrupted")).to_be_visible()
    wait_until(lambda: served.state() == "Operational")
    page.get_by_role("button", name="Resume…").click()
    dialog = page.get_by_test_id("resume")
    expect(dialog).to_contain_text("part.gcode was interrupted at line")
    expect(dialog).to_contain_text("Parts may have come loose")
    expect(dialog).to_contain_text("bed 26 °C")
    expect(dialog.get_by_role("button", name="Heat up and resume")).to_be_disabled()
    look(page, "resume", problems)

    page.set_viewport_size({"width": 1440, "height": 900})
    dialog.get_by_label("the beginning of a layer").check()
    expect(dialog).to_contain_text("lines are done a second time")
    dialog.get_by_label("Z of the head now").fill("0,6")
    dialog.get_by_text("lines that are sent before the job").click()
    expect(dialog.get_by_test_id("resume-lines")).to_contain_text("G92 Z0.6")
    offer = served.ask(f"{MACHINE}/interrupted")
    assert served.state() == "Operational", "nothing begins by itself"

    dialog.get_by_label("I looked").check()
    dialog.get_by_role("button", name="Heat up and resume").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("job")).to_contain_text("Done.", timeout=90_000)
    machine = served.ask(MACHINE)
    assert machine["interrupted"] is None
    assert machine["progress"]["linesAcknowledged"] == offer["total"]
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_a_person_who_does_not_resume(page, served, part):
    sign_in(page, served)
    served.upload(part)
    served.ask("/api/files/local/part.gcode", {"command": "select", "print": True})
    wait_until(lambda: served.ask(MACHINE)["progress"]["linesAcknowledged"] > 20)
    kill_host(served)
    expect(page.get_by_text("A job was interrupted")).to_be_visible()
    page.get_by_role("button", name="Do not resume").click()
    page.wait_for_timeout(500)  # a second press at once is taken for a slip of the finger
    page.get_by_role("button", name="Really give it up?").click()
    expect(page.get_by_text("A job was interrupted")).to_be_hidden()
    assert served.ask(MACHINE)["interrupted"] is None
