"""The page behind a proxy, below a prefix and with TLS; and what people upload, where somebody is signed in."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers_clients import Simulated
from helpers_page import drop_file, sign_in
from helpers_proxies import PREFIX, PROXIES, reached
from helpers_serve import wait_until

pytestmark = pytest.mark.slow

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

TRIES = """async (url) => {
    const ran = []
    window.ran = () => ran.push(url)
    const loaded = (name, place) => new Promise((done) => {
        const element = document.createElement(name)
        element.onload = () => done('loaded')
        element.onerror = () => done('refused')
        element[place] = url
        document.body.append(element)
        setTimeout(() => done('nothing'), 1500)
    })
    const outcomes = {}
    for (const [name, place] of [['iframe', 'src'], ['object', 'data'], ['embed', 'src'], ['script', 'src']])
        outcomes[name] = await loaded(name, place)
    try {
        new Worker(url).onerror = () => (outcomes.worker = 'refused')
    } catch { outcomes.worker = 'refused' }
    await new Promise((done) => setTimeout(done, 500))
    return [ran, outcomes]
}"""
"""Has the page load an address in every way that could run it."""
OWN = """() => new Promise((done) => {
    const element = document.createElement('script')
    element.type = 'module'
    element.onload = () => done('loaded')
    element.onerror = () => done('refused')
    element.src = document.querySelector('script[src]').src
    document.body.append(element)
})"""
HOSTILE = {
    "html.gcode": "<!doctype html><script>parent.ran()</script>",
    "svg.gcode": '<svg xmlns="http://www.w3.org/2000/svg" onload="parent.ran()"><script>parent.ran()</script></svg>',
    "script.gcode": "self.ran ? ran() : postMessage(1)",
}


@pytest.fixture(scope="module", autouse=True)
def admin(served):
    served.add_admin()


@pytest.mark.parametrize("kind", PROXIES)
def test_the_page_behind_a_proxy(browser, served, tmp_path, drawing, kind):
    sent = tmp_path / f"{kind}.gcode"
    sent.write_bytes(drawing.read_bytes())
    wait_until(lambda: served.state() == "Operational")
    direct = Simulated(served.basedir, served.port, "", None)
    with reached(kind, direct, tmp_path / kind) as proxied:
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        wrong, sockets = [], []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("websocket", lambda socket: sockets.append(socket.url))
        sign_in(page, proxied)
        given = {cookie["name"]: (cookie["path"], cookie["secure"]) for cookie in context.cookies()}
        assert given == {
            f"{name}_P{proxied.client_port}_R|mrdraw": (PREFIX, True) for name in ("session", "csrf_token")
        }
        expect(page.get_by_test_id("job")).to_be_visible()
        page.goto(f"{proxied.address}/#/files")
        drop_file(page, sent)
        expect(page.get_by_text(sent.name).first).to_be_visible()
        wait_until((served.basedir / "uploads" / sent.name).exists)
        served.ask(f"/api/files/local/{sent.name}", {"command": "select", "print": True})
        page.goto(f"{proxied.address}/#/")
        expect(page.get_by_text("Printing").first).to_be_visible()
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"behind-{kind}.png")
        served.ask("/api/job", {"command": "cancel"})
        expect(page.get_by_text("Operational").first).to_be_visible()  # told by the socket
        page.reload()
        expect(page.get_by_test_id("job")).to_be_visible()
        context.close()
        assert sockets[0] == f"wss://localhost:{proxied.client_port}{PREFIX}/sockjs/websocket"
        assert not wrong, wrong


def test_what_people_upload_never_runs(page, served, tmp_path):
    for name, text in HOSTILE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        served.upload(tmp_path / name)
    sign_in(page, served)
    for name in HOSTILE:
        ran, outcomes = page.evaluate(TRIES, f"{served.address}/downloads/files/local/{name}")
        assert ran == [], (name, outcomes)
        assert (outcomes["script"], outcomes["worker"]) == ("refused", "refused"), name
    assert page.evaluate(OWN) == "loaded"  # so that it is seen that something can
    with page.expect_download() as download:
        page.evaluate("(url) => { location.href = url }", f"{served.address}/downloads/files/local/html.gcode")
    assert download.value.suggested_filename == "html.gcode"


def test_files_that_browsers_would_run_are_not_taken(served, tmp_path):
    for name in ("evil.svg", "evil.html", "evil.xml", "evil.js"):
        (tmp_path / name).write_text(json.dumps(HOSTILE), encoding="utf-8")
        with pytest.raises(Exception, match="status 22"):  # curl's for an answer of 400 and more
            served.upload(tmp_path / name)
