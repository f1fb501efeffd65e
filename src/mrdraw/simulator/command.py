"""The command line of the simulator: `add_arguments` and `run`, for whoever owns the parser.

Invariants: every option of the firmware and the wire can be given; a wrong value is one line on standard error and
exit code 2, a port that cannot be made exit code 1.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from mrdraw.errors import InvalidValue, MrDrawError, NotStored
from mrdraw.simulator.faults import NO_FAULTS, FaultPlan
from mrdraw.simulator.marlin import MarlinSimulator
from mrdraw.simulator.options import MarlinOptions
from mrdraw.simulator.pty_runner import PtyRunner, WireOptions
from mrdraw.simulator.recorder import Recorder

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_DIRECTIONS = {"in": (True, False), "out": (False, True), "both": (True, True)}

_FAULT_HELP = (
    "a fault as DIRECTION:NAME=VALUE, may be repeated; DIRECTION is in (to the firmware), out (to the host) or both; "
    f"NAME is one of {', '.join(field.name.replace('_', '-') for field in fields(FaultPlan))}; "
    "shares are of all lines, as both:flip=0.01; counts as out:lose-ok-every=50 or out:lose-ok-at=3,7"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``simulate marlin``."""
    parser.add_argument("--port", type=Path, required=True, metavar="PATH", help="where the port (a link) is made")
    _add_machine_arguments(parser.add_argument_group("machine"))
    _add_firmware_arguments(parser.add_argument_group("firmware"))
    _add_wire_arguments(parser.add_argument_group("wire"))
    _add_record_arguments(parser.add_argument_group("record"))


def run(arguments: argparse.Namespace) -> int:
    """Simulate until a signal comes; return the exit code."""
    try:
        _simulate(arguments)
    except InvalidValue as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except MrDrawError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def fault_plans(faults: list[str]) -> tuple[FaultPlan, FaultPlan]:
    """The plans to the firmware and to the host, from texts as ``out:flip=0.01``. Raises `InvalidValue`."""
    plans = [NO_FAULTS, NO_FAULTS]
    for text in faults:
        direction, _, rest = text.partition(":")
        name, _, value = rest.partition("=")
        if direction not in _DIRECTIONS:
            raise InvalidValue(f"The fault {text!r} has no direction; use in:, out: or both:.")
        for index, meant in enumerate(_DIRECTIONS[direction]):
            if meant:
                plans[index] = replace(plans[index], **_fault(name, value))
    return plans[0], plans[1]


def _fault(name: str, value: str) -> dict[str, Any]:
    key = name.replace("-", "_")
    if key not in {field.name for field in fields(FaultPlan)}:
        known = ", ".join(field.name.replace("_", "-") for field in fields(FaultPlan))
        raise InvalidValue(f"There is no fault {name!r}; known are {known}.")
    try:
        if key == "lose_ok_at":
            return {key: tuple(int(part) for part in value.split(","))}
        return {key: int(value) if key in {"lose_ok_every", "silence_at"} else float(value)}
    except ValueError:
        raise InvalidValue(f"The fault {name} has the value {value!r}; a number is needed.") from None


def _simulate(arguments: argparse.Namespace) -> None:
    recorder = Recorder(arguments.record, times=arguments.record_times) if arguments.record else None
    try:
        firmware = MarlinSimulator(
            marlin_options(arguments), time.monotonic(), recorder.note if recorder is not None else None
        )
        runner = PtyRunner(firmware, wire_options(arguments), recorder)
        if sys.stdout.isatty():
            sys.stdout.write(f"A simulated Marlin listens on {arguments.port}; Ctrl-C ends it.\n")
        _run_until_signal(runner)
        if arguments.statistics:
            _write_statistics(arguments.statistics, firmware, runner)
    finally:
        if recorder is not None:
            recorder.close()


def _run_until_signal(runner: PtyRunner) -> None:
    before = {number: signal.signal(number, lambda *_: runner.stop()) for number in _STOP_SIGNALS}
    try:
        runner.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_statistics(path: Path, firmware: MarlinSimulator, runner: PtyRunner) -> None:
    counted = asdict(firmware.statistics) | {"faults": runner.fault_counts}
    try:
        path.write_text(json.dumps(counted, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise NotStored(f"The statistics {path} cannot be written: {error.strerror}") from error


def marlin_options(arguments: argparse.Namespace) -> MarlinOptions:
    """The firmware that was asked for. Raises `InvalidValue`."""
    names = {field.name for field in fields(MarlinOptions)}
    given = {name: value for name, value in vars(arguments).items() if name in names}
    given["reset_at_lines"] = tuple(arguments.reset_at_lines)
    return MarlinOptions(**given, keep_record=False)


def wire_options(arguments: argparse.Namespace) -> WireOptions:
    """The wire that was asked for. Raises `InvalidValue`."""
    to_firmware, to_host = fault_plans(arguments.faults)
    return WireOptions(
        port=arguments.port.absolute(),
        baud_rate=arguments.baud_rate,
        latency=arguments.latency / 1000,
        to_firmware=to_firmware,
        to_host=to_host,
        seed=arguments.seed,
        reset_on_open=arguments.reset_on_open,
        end_with=arguments.end_with,
    )


def _add_machine_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--speed", type=float, default=1.0, help="how much faster than real; 0: moves take no time")
    group.add_argument("--heater-speed", type=float, help="the same for heaters; 0: at once (default: as --speed)")
    group.add_argument("--tools", type=int, default=1, help="number of hot ends")
    group.add_argument("--no-bed", dest="bed", action="store_false", help="no heated bed")
    group.add_argument("--chamber", action="store_true", help="a heated chamber")
    group.add_argument("--machine-type", default=MarlinOptions().machine_type, help="MACHINE_TYPE in M115")


def _add_firmware_arguments(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--rx-buffer", dest="rx_buffer_size", type=int, default=128, metavar="BYTES", help="receive buffer")
    add("--command-slots", type=int, default=4, metavar="N", help="length of the command queue")
    add("--planner-blocks", type=int, default=16, metavar="N", help="length of the planner's ring")
    add("--advanced-ok", action="store_true", help="ok N10 P15 B3")
    add("--emergency-parser", action="store_true", help="M108, M112 and M410 jump the queue")
    add("--no-autoreport", dest="autoreport_temperature", action="store_false", help="no M155")
    add("--keepalive", dest="keepalive_seconds", type=float, default=2.0, metavar="S", help="between two busy lines")
    add("--paren-comments", action="store_true", help="( ... ) is a comment")
    add("--no-ok-after-resend", dest="ok_after_resend", action="store_false", help="Resend comes without ok")
    add("--number-required-with-checksum", action="store_true", help="a checksum without number is an error")
    add("--wait", dest="wait_seconds", type=float, metavar="S", help="say wait when idle for S seconds")
    add("--boot", dest="boot_seconds", type=float, default=0.0, metavar="S", help="seconds from a reset to start")
    add("--reset-at", dest="reset_at_lines", type=int, action="append", default=[], metavar="N",
        help="reset instead of taking the N-th line; may be repeated")  # fmt: skip


def _add_wire_arguments(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--baudrate", dest="baud_rate", type=int, metavar="N", help="bytes take their time; other speeds get garbage")
    add("--latency", type=float, default=0.0, metavar="MS", help="milliseconds before each answer")
    add("--fault", dest="faults", action="append", default=[], metavar="FAULT", help=_FAULT_HELP)
    add("--seed", type=int, default=0, help="of the faults")
    add("--reset-on-open", action="store_true", help="opening the port resets the firmware")
    add("--end-with", type=int, metavar="PID", help="end when this process, the parent, is gone")


def _add_record_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--record", type=Path, metavar="FILE", help="write the executed commands, one a line")
    group.add_argument("--record-times", action="store_true", help="before each: when its line arrived, monotonic s")
    group.add_argument("--statistics", type=Path, metavar="FILE", help="write the counters as JSON at the end")
