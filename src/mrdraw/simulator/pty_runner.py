"""Couples a simulated firmware to a pseudo-terminal, in real time.

Invariants: one loop, one thread, the monotonic clock; what the firmware executed is recorded before its answer is
sent; the loop ends by `stop` (which a signal handler may call), or with the parent process if so wanted; the port's
link is gone afterwards.
"""

from __future__ import annotations

import os
import selectors
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mrdraw.simulator.faults import FaultPlan, FaultyChannel
from mrdraw.simulator.openings import OpeningWatch
from mrdraw.simulator.pty_port import PtyPort
from mrdraw.simulator.recorder import Recorder
from mrdraw.simulator.speed import garbled, line_speed
from mrdraw.simulator.stages import BaudLine, Chain, DelayLine, Stage, earliest

_PARENT_CHECK_SECONDS = 0.5
_LONGEST_SLEEP = 3600.0


class Firmware(Protocol):
    """What the runner needs of a simulated firmware."""

    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrive from the host."""

    def advance(self, now: float) -> None:
        """Let time pass."""

    def take_output(self) -> bytes:
        """What the firmware sent."""

    def next_deadline(self) -> float | None:
        """When `advance` has to be called at the latest."""

    def reset(self, now: float) -> None:
        """The reset button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOptions:
    """The wire between the firmware and the host."""

    port: Path
    """where the link to the terminal is made"""
    baud_rate: int | None = None
    """bytes take their time, and a host that set another speed gets garbage; `None`: neither"""
    latency: float = 0.0
    """s before each answer"""
    to_firmware: FaultPlan = FaultPlan()
    to_host: FaultPlan = FaultPlan()
    seed: int = 0
    """of the faults"""
    reset_on_open: bool = False
    """opening the port resets the firmware, as DTR does on many boards"""
    end_with_parent: bool = False


class PtyRunner:
    """A firmware on a port."""

    def __init__(self, firmware: Firmware, wire: WireOptions, recorder: Recorder | None = None) -> None:
        """Open the port. Raises `WireError`."""
        self._firmware = firmware
        self._wire = wire
        self._recorder = recorder
        self._to_firmware = Chain(_stages_to_firmware(wire))
        self._to_host = Chain(_stages_to_host(wire))
        self._port = PtyPort(wire.port)
        self._parent = os.getppid()
        self._stop_reader, self._stop_writer = os.pipe()
        self._watch = OpeningWatch(self._port.name) if wire.reset_on_open else None

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler or another thread."""
        os.write(self._stop_writer, b"x")

    def run(self) -> None:
        """Answer the host until `stop` is called or the parent is gone; then close everything."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._port.descriptor, selectors.EVENT_READ, self._take_input)
            selector.register(self._stop_reader, selectors.EVENT_READ)
            if self._watch is not None:
                selector.register(self._watch.descriptor, selectors.EVENT_READ, self._take_opening)
            try:
                self._loop(selector)
            finally:
                self._close()

    def _loop(self, selector: selectors.BaseSelector) -> None:
        waits_to_write = False
        self._move(b"", time.monotonic())
        while not self._is_orphan():
            if waits_to_write != self._port.has_unwritten:
                waits_to_write = self._port.has_unwritten
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if waits_to_write else 0)
                selector.modify(self._port.descriptor, wanted, self._take_input)
            ready = selector.select(self._seconds_to_sleep())
            for key, _ in ready:
                if key.data is None:
                    return
                key.data()
            if not ready:
                self._move(b"", time.monotonic())

    def _take_input(self) -> None:
        data = self._port.read()
        self._move(garbled(data) if data and self._is_mismatched() else data, time.monotonic())

    def _take_opening(self) -> None:
        if self._watch is not None and self._watch.take():
            self._firmware.reset(time.monotonic())
            self._move(b"", time.monotonic())

    def _move(self, data: bytes, now: float) -> None:
        """Carry bytes from the host to the firmware and from the firmware to the host."""
        self._to_firmware.put(data, now)
        arrived = self._to_firmware.take(now)
        if arrived:
            self._firmware.receive(arrived, now)
        else:
            self._firmware.advance(now)
        self._to_host.put(self._firmware.take_output(), now)
        if self._recorder is not None:
            self._recorder.flush()
        answer = self._to_host.take(now)
        if answer or self._port.has_unwritten:
            self._port.write(garbled(answer) if answer and self._is_mismatched() else answer)

    def _is_mismatched(self) -> bool:
        if self._wire.baud_rate is None:
            return False
        return line_speed(self._port.descriptor) not in {None, self._wire.baud_rate}

    def _is_orphan(self) -> bool:
        return self._wire.end_with_parent and os.getppid() != self._parent

    def _seconds_to_sleep(self) -> float:
        due = earliest(self._firmware.next_deadline(), self._to_firmware.next_deadline(), self._to_host.next_deadline())
        longest = _PARENT_CHECK_SECONDS if self._wire.end_with_parent else _LONGEST_SLEEP
        return longest if due is None else min(max(due - time.monotonic(), 0.0), longest)

    def _close(self) -> None:
        self._port.close()
        if self._watch is not None:
            self._watch.close()
        os.close(self._stop_reader)
        os.close(self._stop_writer)


def _stages_to_firmware(wire: WireOptions) -> list[Stage]:
    stages: list[Stage] = []
    if wire.baud_rate is not None:
        stages.append(BaudLine(wire.baud_rate))
    if wire.to_firmware != FaultPlan():
        stages.append(FaultyChannel(wire.to_firmware, f"{wire.seed} to firmware"))
    return stages


def _stages_to_host(wire: WireOptions) -> list[Stage]:
    stages: list[Stage] = []
    if wire.latency:
        stages.append(DelayLine(wire.latency))
    if wire.to_host != FaultPlan():
        stages.append(FaultyChannel(wire.to_host, f"{wire.seed} to host"))
    if wire.baud_rate is not None:
        stages.append(BaudLine(wire.baud_rate))
    return stages
