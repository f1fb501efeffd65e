from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from mrdraw.errors import InvalidValue
from mrdraw.simulator import command
from mrdraw.simulator.faults import NO_FAULTS, FaultPlan
from mrdraw.simulator.options import MarlinOptions


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(["--port", "port", *arguments])


def test_without_options_it_is_the_plain_firmware() -> None:
    assert command.marlin_options(parsed()) == MarlinOptions(keep_record=False)


def test_options_reach_the_firmware_and_the_wire() -> None:
    arguments = parsed(
        *("--speed", "10", "--tools", "2", "--no-bed", "--advanced-ok", "--wait", "1", "--reset-at", "5"),
        *("--baudrate", "250000", "--latency", "16", "--fault", "both:flip=0.01", "--seed", "3"),
    )
    options = command.marlin_options(arguments)
    assert (options.speed, options.tools, options.bed, options.advanced_ok) == (10.0, 2, False, True)
    assert (options.wait_seconds, options.reset_at_lines) == (1.0, (5,))
    wire = command.wire_options(arguments)
    assert (wire.baud_rate, wire.latency, wire.seed) == (250000, 0.016, 3)
    assert wire.to_firmware == wire.to_host == FaultPlan(flip=0.01)


def test_faults_are_gathered_by_direction() -> None:
    to_firmware, to_host = command.fault_plans(["in:drop-byte=0.5", "out:lose-ok-at=3,7", "out:silence-at=9"])
    assert to_firmware == FaultPlan(drop_byte=0.5)
    assert to_host == FaultPlan(lose_ok_at=(3, 7), silence_at=9)
    assert command.fault_plans([]) == (NO_FAULTS, NO_FAULTS)


@pytest.mark.parametrize(
    "wrong", ["flip=0.1", "up:flip=0.1", "in:flop=0.1", "in:flip=much", "in:flip=2", "out:lose-ok-at=a", "in:flip"]
)
def test_wrong_faults_are_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue):
        command.fault_plans([wrong])


@pytest.mark.parametrize(
    "wrong", [("--speed", "-1"), ("--tools", "0"), ("--fault", "in:flip=2"), ("--baudrate", "0"), ("--latency", "-1")]
)
def test_wrong_values_end_with_code_2_and_no_port(
    tmp_path: Path, wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = parsed(*wrong)
    arguments.port = tmp_path / "port"
    assert command.run(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "port").exists()


def test_a_record_that_cannot_be_written_ends_with_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parsed("--record", str(tmp_path / "missing" / "record"))
    arguments.port = tmp_path / "port"
    assert command.run(arguments) == 1
    assert "record" in capsys.readouterr().err


def test_the_command_line_is_light() -> None:
    script = (
        "import sys; before = set(sys.modules); import mrdraw.simulator.command; "
        "print(' '.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert not loaded & {"asyncio", "numpy", "msgspec", "starlette", "serialx", "ctypes.util"}
