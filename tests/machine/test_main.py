"""The process of a machine host: small, alone in its folder, and ended in order."""

import subprocess
import sys

from helpers_machine import Host, wait_until
from mrdraw.link import unix

FOREIGN = {"numpy", "starlette", "uvicorn", "sqlite3", "ruamel", "jinja2", "argon2", "cryptography"}


def test_it_never_loads_what_belongs_to_the_server():
    program = (
        "import sys, serialx, mrdraw.machine.__main__\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
        "print(' '.join(name for name in sys.modules if name.startswith('mrdraw.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages, ours = (set(line.split()) for line in done.stdout.splitlines())
    assert packages & FOREIGN == set()
    floors = {name.split(".")[1] for name in ours}
    assert floors == {"errors", "events", "firmware", "gcode", "link", "machine"}


def test_one_for_a_folder(tmp_path):
    host = Host(tmp_path)
    try:
        command = [sys.executable, "-m", "mrdraw.machine", "--folder", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        host.stop()
    assert second.returncode == 1
    assert "lives in" in second.stderr
    assert "Traceback" not in second.stderr


def test_it_ends_in_order_and_lets_go_of_its_folder(tmp_path):
    host = Host(tmp_path)
    assert host.terminate() == 0
    assert not unix.lives(tmp_path)


def test_it_ends_when_nobody_needs_it(tmp_path):
    program = (
        "from pathlib import Path; from mrdraw.machine import host, __main__\n"
        "host.ALONE = 0.5\n"
        f"raise SystemExit(__main__.main(['--folder', {str(tmp_path)!r}]))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == 0
