"""The real page in Debian's Chromium, served by `mrdraw serve` as a process of its own, with the simulated machine."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

from helpers_fleet import end_host
from helpers_serve import PATIENCE, answers, free_port, wait_until

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STATIC = Path(__file__).parents[1] / "src" / "mrdraw" / "server" / "static"
AXE = Path(__file__).parents[1] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FINGER = 44
"""px that a finger needs"""
USER, PASSWORD = "ada", "analytical-engine"

expect.set_options(timeout=30_000)


class ServedPage:
    """A server with a base folder of its own, that can be killed and started again."""

    def __init__(self, folder, *options):
        self.basedir = folder / "base"
        self.basedir.mkdir(exist_ok=True)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._process = None
        self._key = ""
        """The global key as it was read last; tests change it."""
        self.start()

    def start(self):
        command = [sys.executable, "-m", "mrdraw", "serve", "--basedir", str(self.basedir), "--port", str(self.port)]
        with (self.basedir / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *self._options], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        wait_until(lambda: answers("127.0.0.1", self.port) or self._process.poll() is not None)
        assert self._process.poll() is None, self.said()

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        self._process.terminate()
        self._process.wait(PATIENCE)
        end_host(self.basedir / "machines" / "default")

    def said(self):
        return (self.basedir / "output.txt").read_text(encoding="utf-8")

    def claim_code(self):
        """The code, as a person reads it off the terminal."""
        wait_until(lambda: "claim code:" in self.said())
        return re.search(r"claim code: (\S+)", self.said())[1]

    def mrdraw(self, *words):
        """Run a command beside the server; what it printed."""
        command = [sys.executable, "-m", "mrdraw", *words, "--basedir", str(self.basedir)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout

    def add_admin(self):
        self.mrdraw("user", "add", USER, "--password", PASSWORD, "--group", "admins")

    def curl(self, path, key):
        """What a script gets that uses this key: the status."""
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"X-Api-Key: {key}", self.address + path]
        return int(subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout)

    def ask(self, path, body=None, method=None):
        """Ask the API with the global key, for what a test wants to know or needs to be so."""
        try:
            return self._ask(path, body, method)
        except urllib.error.HTTPError as error:
            if error.code not in {401, 403}:
                raise
            self._key = self._read_key()
            return self._ask(path, body, method)

    def _read_key(self):
        return self.mrdraw("key").split()[-1]

    def _ask(self, path, body, method):
        self._key = self._key or self._read_key()
        request = urllib.request.Request(self.address + path, headers={"X-Api-Key": self._key}, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            content = response.read()
        return json.loads(content) if content else None

    def upload(self, path, folder=""):
        """Store a file."""
        key = self._read_key()
        where = f"{self.address}/api/files/local"
        command = ["curl", "-s", "-f", "-H", f"X-Api-Key: {key}", "-F", f"path={folder}", "-F", f"file=@{path}", where]
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)

    def state(self):
        return self.ask("/api/job")["state"]


@contextlib.contextmanager
def served_page(folder, *options):
    served = ServedPage(folder, *options)
    try:
        yield served
    finally:
        served.stop()


def fill_first(page: Page, label: str, text: str):
    """Fill the field that a form puts the caret into, once it is there: it would be drawn away from the next one."""
    field = page.get_by_label(label)
    expect(field).to_be_focused()
    field.fill(text)
    expect(field).to_have_value(text)


def sign_in(page: Page, served: ServedPage):
    page.goto(served.address)
    fill_first(page, "User name", USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_test_id("job")).to_be_visible()


def drop_file(page: Page, path: Path):
    """Drop a file onto the page, as a person does from the desktop."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer()
            transfer.items.add(new File([text], name, { type: 'text/plain' }))
            return transfer
        }""",
        [path.name, path.read_text(encoding="utf-8")],
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", kind, {"dataTransfer": transfer})


def serious_violations(page: Page):
    """What axe-core finds that keeps people from using the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
    return [_told(one) for one in found if one["impact"] in {"serious", "critical"}]


def _told(violation):
    where = [f"{node['html'][:160]}: {(node['failureSummary'] or '')[:160]}" for node in violation["nodes"][:4]]
    return f"{violation['id']}: {where}"


def small_targets(page: Page):
    """What has to be touched and is smaller than a finger."""
    return page.evaluate(
        """(finger) => {
            const touched = 'button, a[href], .v-chip--link, .v-field, .v-selection-control, .v-list-item--link'
            return [...document.querySelectorAll(touched)]
                .filter((one) => one.checkVisibility())
                .map((one) => [one, one.getBoundingClientRect()])
                .filter(([, box]) => box.right > 0 && box.width > 0)
                .filter(([, box]) => Math.min(box.width, box.height) < finger - 0.5)
                .map(([one, { width, height }]) => `${width} x ${height}: ${one.outerHTML.slice(0, 140)}`)
        }""",
        FINGER,
    )
