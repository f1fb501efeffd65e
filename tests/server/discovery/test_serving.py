"""A real server in a network of its own: what is told before and after the claim."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import asyncio, signal, sys
from pathlib import Path
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf
sys.path.insert(0, sys.argv[1])
from helpers_serve import free_port, mrdraw, serving, wait_until
basedir = Path(sys.argv[2])
seen, gone = set(), set()

def changed(zeroconf, service_type, name, state_change):
    (gone if state_change is ServiceStateChange.Removed else seen).add(name)

async def main():
    zeroconf = AsyncZeroconf(interfaces=["10.9.0.1"])
    AsyncServiceBrowser(zeroconf.zeroconf, ["_octoprint._tcp.local."], handlers=[changed])
    with serving(basedir, free_port(), "--host", "0.0.0.0") as process:
        await asyncio.sleep(6)
        assert not seen, seen
        assert mrdraw(basedir, "user", "add", "ada", "--group", "admins", "--password", "engine-no-1").returncode == 0
        await asyncio.to_thread(wait_until, lambda: seen)
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)
        await asyncio.to_thread(wait_until, lambda: gone)
    await zeroconf.async_close()

asyncio.run(main())
"""
SETUP = "ip link set lo up && ip addr add 10.9.0.1/24 dev lo && ip route add 224.0.0.0/4 dev lo && exec "


def unshared(*command):
    line = SETUP + " ".join(f"'{word}'" for word in command)
    return subprocess.run(
        ["unshare", "-rn", "sh", "-c", line], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_nothing_is_told_before_the_claim_and_everything_taken_back_at_the_end(tmp_path):
    if not (shutil.which("unshare") and shutil.which("ip")) or unshared("true").returncode:
        pytest.skip("a network of its own cannot be made here")
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE, encoding="utf-8")
    tests = Path(__file__).parents[2]
    done = unshared(sys.executable, str(probe), str(tests), str(tmp_path / "base"))
    assert done.returncode == 0, done.stderr
