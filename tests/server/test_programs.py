"""Running programs: bounded, and without anything of ours."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from helpers_serve import wait_until
from mrdraw.errors import ProgramFailed
from mrdraw.server.programs import LOG_NAME, MOST_OUTPUT, run, run_in_background


def python(code):
    return [sys.executable, "-c", code]


def is_running(pid):
    """Whether a process lives; one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_program_says(monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    code = (
        "import os, sys; print('out', os.environ.get('NOTIFY_SOCKET'), sys.stdin.read()); print('err', file=sys.stderr)"
    )
    assert set(asyncio.run(run(python(code))).split("\n")) == {"out None ", "err"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (python("import sys; print('oops'); sys.exit(3)"), "ended with 3: oops"),
        (python("raise SystemExit(1)"), "it said nothing"),
        (["/no/such/program"], "cannot be run: No such file"),
        (["/etc/passwd"], "cannot be run: Permission denied"),
    ],
)
def test_programs_that_fail(arguments, said):
    with pytest.raises(ProgramFailed, match=said):
        asyncio.run(run(arguments))


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path):
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\ntime.sleep(100)"
    )

    async def scenario():
        running = asyncio.create_task(run(python(code), patience=3))
        with pytest.raises(ProgramFailed, match="was ended"):
            await running

    asyncio.run(scenario())
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_running(child))


def test_a_program_that_leaves_something_running_is_not_waited_for():
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)']); print('left')"
    )
    before = time.monotonic()
    assert asyncio.run(run(python(code))) == "left"
    assert time.monotonic() - before < 60


def test_a_program_that_says_too_much():
    said = asyncio.run(run(python(f"print('x' * {10 * MOST_OUTPUT})")))
    assert len(said) == MOST_OUTPUT
    with pytest.raises(ProgramFailed, match="said too much"):
        asyncio.run(run(python("while True: print('x' * 100000)"), patience=120))


def test_in_the_background(tmp_path):
    (tmp_path / LOG_NAME).write_bytes(bytes(5 * 1024 * 1024))
    run_in_background(python("print('done')"), tmp_path)
    wait_until(lambda: (tmp_path / LOG_NAME).read_text() == "done\n")
    assert (tmp_path / f"{LOG_NAME}.1").stat().st_size == 5 * 1024 * 1024
    with pytest.raises(ProgramFailed, match="cannot be run"):
        run_in_background(["/no/such/program"], tmp_path)
