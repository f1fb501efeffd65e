"""Making way for machine hosts, as an ordinary user: nobody here has the privilege to raise a priority."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_fleet import end_host

AUTOGROUP = Path("/proc/self/autogroup")

PROGRAM = """
import asyncio, json, os, pathlib, sys, threading
from concurrent.futures import ThreadPoolExecutor
from mrdraw.fleet.process import HostStarter
from mrdraw.server.priority import NICE, make_way

def nice(identifier):
    return os.getpriority(os.PRIO_PROCESS, identifier)

def autogroup(pid):
    path = pathlib.Path(f"/proc/{pid}/autogroup")
    return path.read_text().split() if path.exists() else None

def may_raise():
    try:
        os.nice(-1)
    except PermissionError:
        return False
    return True

async def main():
    folder = pathlib.Path(sys.argv[1])
    before = ThreadPoolExecutor(1)
    earlier = before.submit(threading.get_native_id).result()
    starter = HostStarter()
    make_way(spared={starter.thread_id})
    after = ThreadPoolExecutor(1)
    later = after.submit(threading.get_native_id).result()
    host = await starter.start(folder)
    print(json.dumps({
        "NICE": NICE, "may raise": may_raise(), "main": nice(0), "earlier": nice(earlier), "later": nice(later),
        "starter": nice(starter.thread_id), "host": nice(host.pid), "session": os.getsid(host.pid) == host.pid,
        "autogroup": autogroup("self"), "host's autogroup": autogroup(host.pid),
    }))
    starter.close()

asyncio.run(main())
"""


def unprivileged(base):
    """The words before a command that take away the privilege to raise a priority; `base` is made the user's own."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv, of Debian's util-linux, makes an ordinary user of root")
    if not all(folder.stat().st_mode & 0o001 for folder in Path(sys.executable).resolve().parents):
        return ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]  # nobody may run this Python
    for folder in (base, *base.parents[:2]):
        folder.chmod(0o755)
    os.chown(base, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def found(tmp_path_factory):
    """What the program found."""
    base = tmp_path_factory.mktemp("priority")
    command = [*unprivileged(base), sys.executable, "-c", PROGRAM, str(base / "machine")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
    try:
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert not found["may raise"]
        yield found
    finally:
        end_host(base / "machine")


def test_all_threads_are_lowered_but_the_one_that_starts_machine_hosts(found):
    before = found["starter"]
    lowered = before + found["NICE"]
    assert (found["main"], found["earlier"], found["later"]) == (lowered, lowered, lowered)


def test_a_machine_host_keeps_the_priority_and_has_a_session_of_its_own(found):
    assert found["host"] == found["starter"]
    assert found["session"]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel has no autogroups")
def test_the_servers_session_goes_behind_the_machine_hosts(found):
    (group, *_, nice), (group_of_host, *_, nice_of_host) = found["autogroup"], found["host's autogroup"]
    assert group != group_of_host
    assert (int(nice), int(nice_of_host)) == (found["NICE"], 0)
