"""The README's "Point a slicer at it", word by word: by a browser to the address and the key, then by the slicers.

What README names is what is looked for: the place on the page, the slicers, the fields, the routes and the header.
"""

import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from helpers_clients import LASTING, QUICK
from helpers_page import USER, serious_violations, sign_in, small_targets
from helpers_replay import Wire
from helpers_serve import wait_until
from helpers_slicers import SLICERS, Cura, curl_form, curl_get, curl_upload

README = Path(__file__).parents[2] / "README.md"


def section():
    """The words of the section."""
    return re.search(r"## Point a slicer at it\n(.*?)\n## ", README.read_text(encoding="utf-8"), re.DOTALL)[1]


def rows():
    """The names of slicers, and the fields that each row says to fill."""
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in section().splitlines() if line.startswith("| ")
    ]
    return [(cells[0].split(", "), re.findall(r"\*([^*]+)\*", cells[2])) for cells in lines[1:]]


def in_prose():
    """What stands in italics around the table: the place on the page, the button, the menu."""
    prose = " ".join(line for line in section().splitlines() if not line.startswith(("|", "!")))
    return re.findall(r"\*([^*]+)\*", prose)


PLACE, BUTTON, MENU = in_prose()
ROUTES = re.findall(r"`(GET|POST) (/api/\S+)`", section())
HEADER = re.search(r"header `([^`]+)`", section())[1]
ALL = [(slicer, fields) for slicers, fields in rows() for slicer in slicers]


@pytest.fixture
def guide(page, served):
    """The place that README names, reached as it says; with a key that was generated there."""
    if not served.ask("/api/access/users")["users"]:
        served.add_admin()
    sign_in(page, served)
    settings, api = PLACE.split(" → ")
    page.get_by_role("link", name=settings).click()
    page.get_by_role("link", name=api, exact=True).click()
    panel = page.get_by_test_id("connect")
    expect(
        panel.get_by_role("button", name=BUTTON).or_(panel.get_by_role("button", name="Show the key"))
    ).to_be_visible()
    if panel.get_by_role("button", name=BUTTON).is_visible():
        panel.get_by_role("button", name=BUTTON).click()
    return panel


def entered(panel, slicer, fields):
    """What the page says to enter into these fields."""
    panel.get_by_text(slicer, exact=True).click()
    expect(panel.get_by_role("term").filter(has_text=fields[-1])).to_be_visible()
    show = panel.get_by_role("button", name="Show the key")
    if show.is_visible():
        show.click()
    labels, values = panel.get_by_role("term").all_inner_texts(), panel.get_by_role("definition").all_inner_texts()
    said = dict(zip(labels, (value.strip() for value in values), strict=True))
    return [said[field] for field in fields]


def slicer_at(address, key):
    place = urlsplit(address)
    at = {"host": place.hostname, "port": place.port, "client_port": place.port}
    return SimpleNamespace(**at, key=key, base=place.path.rstrip("/"))


def test_slicers_that_test_and_upload(guide, served):
    for slicer, fields in ALL[:-1]:
        kind, address, key = entered(guide, slicer, fields)
        name = f"{slicer.replace(' ', '')}.gcode"
        told = {"OctoPrint": SLICERS[0], "Octo/Klipper": SLICERS[1]}
        try_and_upload(slicer_at(address, key), *told[kind], name)
        assert served.ask(f"/api/files/local/{name}")["user"] == USER


def try_and_upload(at, agent, expects_continue, name):
    (_, asked), _, (_, uploaded) = ROUTES
    with Wire(at.port) as wire:
        test = curl_get(at, agent, at.base + asked)
        assert f"\r\n{HEADER}: {at.key}\r\n".encode() in test
        wire.send(test)
        assert wire.answer().json()["text"].startswith("OctoPrint")
        body = curl_form(name, QUICK, "", "false")
        wire.send(curl_upload(at, agent, at.base + uploaded, len(body), expects_continue))
        if expects_continue:
            assert wire.head().startswith(b"HTTP/1.1 100 ")
        wire.send(body)
        assert wire.answer("POST").status == 201


def test_cura(guide, served):
    (slicer, fields), (_, settings), (_, uploaded) = ALL[-1], ROUTES[1], ROUTES[2]
    host, port, path, key = entered(guide, slicer, fields)
    wait_until(lambda: served.state() == "Operational")
    at = slicer_at(f"http://{host}:{port}{path}", key)
    with Wire(at.port) as wire:
        cura = Cura(at, at.base, wire)
        assert cura.get(settings.removeprefix("/api/")).status == 200
        assert cura.post("login", {"passive": True}).json()["name"] == USER
        sent = cura.upload("part.gcode", LASTING, "", select="true", print="true")
        assert sent.status == 201
        assert sent.headers["location"].endswith(f"{uploaded}/part.gcode")
        cura.reach("Printing")
        assert cura.post("job", "cancel").status == 204
        cura.reach("Operational")


def look_at_every_size(page):
    for size in ((360, 640), (1440, 900)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert not serious_violations(page)
        assert not small_targets(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_key_ends_where_readme_says(guide, served):
    slicer, fields = ALL[0]
    look_at_every_size(guide.page)
    _, address, key = entered(guide, slicer, fields)
    assert served.curl("/api/version", key) == 200
    assert address == served.address
    page = guide.page
    page.get_by_role("button", name=f"Account of {USER}").click()
    page.get_by_text(MENU, exact=True).click()
    own = page.get_by_role("dialog", name=MENU)
    own.get_by_role("button", name="Revoke", exact=True).click()
    page.wait_for_timeout(450)
    own.get_by_role("button", name="Revoke it?").click()
    expect(own.get_by_role("button", name=BUTTON)).to_be_visible()
    assert served.curl("/api/version", key) == 401
