"""The simulator as a process, on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_simulator import BOUND, RunningSimulator, numbered, until
from mrdraw.simulator.speed import garbled

FAST = ("--speed", "0")


def test_a_file_is_executed_line_by_line(tmp_path: Path) -> None:
    texts = [f"G1 X{number}.5 Y{number} F3000" for number in range(1, 501)]
    with RunningSimulator(tmp_path, *FAST) as simulator:
        simulator.read_until(b"start\n")
        simulator.send(numbered(0, "M110 N0"))
        simulator.read_until(b"ok\n")
        for number, text in enumerate(texts, start=1):
            simulator.send(numbered(number, text))
            simulator.read_until(b"ok\n")
        assert simulator.recorded() == ["M110 N0", *texts]
        assert simulator.stop() == 0
        assert json.loads(simulator.statistics.read_text())["last_line_number"] == 500
        assert not os.path.lexists(simulator.port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_and_take_the_port_away(tmp_path: Path, number: signal.Signals) -> None:
    with RunningSimulator(tmp_path) as simulator:
        simulator.process.send_signal(number)
        assert simulator.process.wait(BOUND) == 0
        assert not os.path.lexists(simulator.port)


def test_a_host_may_close_and_open_the_port_again(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST) as simulator:
        for number in range(1, 4):
            simulator.open()
            simulator.send(numbered(number, "M105"))
            assert simulator.read_until(b"ok T:").count(b"Resend") == 0
            simulator.close()
        assert simulator.recorded() == ["M105"] * 3


def test_opening_the_port_can_reset_the_firmware(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST, "--reset-on-open") as simulator:
        for opening in range(3):
            simulator.open()
            starts = simulator.read_until(b"M203").count(b"start\n")
            assert starts == 1 or (opening == 0 and starts == 2), "the first may come while the firmware boots"
            simulator.send(numbered(1, "G28"))
            simulator.read_until(b"ok\n")
            simulator.close()


def test_times_of_receipt_are_recorded(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST, "--record-times") as simulator:
        simulator.send(b"G28\nG1 X1\n")
        until(lambda: len(simulator.recorded()) == 2)
        times, texts = zip(*(line.split(" ", 1) for line in simulator.recorded()), strict=True)
        assert texts == ("G28", "G1 X1")
        assert float(times[0]) <= float(times[1])


def test_a_link_that_an_earlier_simulator_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "port").symlink_to("/dev/pts/999999")
    with RunningSimulator(tmp_path, *FAST) as simulator:
        simulator.send(b"M105\n")
        assert b"ok T:" in simulator.read_until(b"ok T:")


@pytest.mark.parametrize("kind", ["file", "link to a file", "folder that is missing"])
def test_what_is_no_port_is_left_alone(tmp_path: Path, kind: str) -> None:
    port = tmp_path / "port"
    if kind == "file":
        port.write_text("precious")
    elif kind == "link to a file":
        (tmp_path / "target").write_text("precious")
        port.symlink_to(tmp_path / "target")
    else:
        port = tmp_path / "missing" / "port"
    command = [sys.executable, "-m", "mrdraw.simulator", "marlin", "--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
    assert not port.exists() or port.read_text() == "precious"


def test_it_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    port = tmp_path / "port"
    script = (
        "import subprocess, sys, os, time\n"
        "subprocess.Popen([sys.executable, '-m', 'mrdraw.simulator', 'marlin', '--end-with', str(os.getpid()), "
        f"'--port', {str(port)!r}])\n"
        f"while not os.path.lexists({str(port)!r}): time.sleep(0.01)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    until(lambda: os.path.lexists(port))
    parent.kill()
    parent.wait(BOUND)
    until(lambda: not os.path.lexists(port))


def test_faults_are_made_and_counted(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST, "--fault", "out:lose-ok-every=2", "--fault", "in:drop-line=0") as simulator:
        simulator.read_until(b"start\n")
        simulator.send(b"M118 a\nM118 b\nM118 c\nM118 d\n")
        assert simulator.read_until(b"d\n").endswith(b"a\nok\nb\nc\nok\nd\n")
        simulator.stop()
        assert json.loads(simulator.statistics.read_text())["faults"]["to_host"] == {"ok lost": 2}


def test_latency_and_pacing_lose_nothing(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST, "--latency", "5", "--baudrate", "115200") as simulator:
        set_speed(simulator.open(), 115200)
        simulator.read_until(b"M203")
        for number in range(1, 6):
            simulator.send(numbered(number, "G28"))
            simulator.read_until(b"ok\n")
        assert simulator.recorded() == ["G28"] * 5


@pytest.mark.parametrize("baud_rate", [115200, 250000])
def test_a_host_with_another_speed_gets_garbage(tmp_path: Path, baud_rate: int) -> None:
    with RunningSimulator(tmp_path, *FAST, "--baudrate", str(baud_rate)) as simulator:
        set_speed(simulator.open(), 57600)
        simulator.send(b"M118 hello\n" + before_garbling(b"\nM118 seen\n"))
        said = simulator.read_until(garbled(b"seen\nok\n"))
        assert b"seen" not in said
        set_speed(simulator.open(), baud_rate)
        simulator.send(b"M118 now\n")
        simulator.read_until(b"now\nok\n")
        assert "M118 hello" not in simulator.recorded()


def before_garbling(data: bytes) -> bytes:
    """What has to be sent at the wrong speed so that `data` arrives."""
    table = garbled(bytes(range(256)))
    return bytes(table.index(byte) for byte in data)


def test_output_that_nobody_reads_does_not_stop_it(tmp_path: Path) -> None:
    with RunningSimulator(tmp_path, *FAST) as simulator:
        descriptor = simulator.open()
        for _ in range(300):
            until(lambda: can_write(descriptor))
            simulator.send(b"M115\n" * 4)
        until(lambda: len(simulator.recorded()) == 1200)
        simulator.send(b"M118 the end\n")
        assert b"FIRMWARE_NAME" in simulator.read_until(b"the end\n")


def can_write(descriptor: int) -> bool:
    return bool(select.select([], [descriptor], [], 0)[1])


def set_speed(descriptor: int, baud_rate: int) -> None:
    """Set any speed (BOTHER) as a serial library does."""
    layout, get, put, other_speed, speed_mask = struct.Struct("=4I20s2I"), 0x802C542A, 0x402C542B, 0x1000, 0x100F
    values = list(layout.unpack(fcntl.ioctl(descriptor, get, bytes(layout.size))))
    values[2] = (values[2] & ~speed_mask) | other_speed
    values[5] = values[6] = baud_rate
    fcntl.ioctl(descriptor, put, layout.pack(*values))
