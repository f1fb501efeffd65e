"""Couples a simulated firmware to a pseudo-terminal, in real time.

Invariants: one loop, one thread, the monotonic clock; what the firmware executed is recorded before its answer is
sent; the loop ends by `stop` (which a signal handler may call), or with the parent process if so wanted; the port's
link is gone afterwards.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mrdraw.errors import InvalidValue
from mrdraw.simulator.faults import NO_FAULTS, FaultPlan, FaultyChannel
from mrdraw.simulator.openings import OpeningWatch
from mrdraw.simulator.pty_port import PtyPort
from mrdraw.simulator.recorder import Recorder
from mrdraw.simulator.speed import garbled, line_speed
from mrdraw.simulator.stages import BaudLine, Chain, DelayLine, Stage, earliest

_LONGEST_SLEEP = 0.5
"""s; a signal that comes just before the wait begins is only noticed behind it, and so is a parent that is gone"""


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
    to_firmware: FaultPlan = NO_FAULTS
    to_host: FaultPlan = NO_FAULTS
    seed: int = 0
    """of the faults"""
    reset_on_open: bool = False
    """opening the port resets the firmware, as DTR does on many boards"""
    end_with: int | None = None
    """The process with which the simulator ends: its parent, who may be gone before we look."""

    def __post_init__(self) -> None:
        """Refuse what no wire has. Raises `InvalidValue`."""
        if self.baud_rate is not None and self.baud_rate <= 0:
            raise InvalidValue(f"The baud rate is {self.baud_rate}; it must be above 0.")
        if self.latency < 0:
            raise InvalidValue(f"The latency is {self.latency} s; it cannot be negative.")


class PtyRunner:
    """A firmware on a port."""

    def __init__(self, firmware: Firmware, wire: WireOptions, recorder: Recorder | None = None) -> None:
        self._firmware = firmware
        self._wire = wire
        self._recorder = recorder
        self._faults_to_firmware = FaultyChannel(wire.to_firmware, f"{wire.seed} to firmware")
        self._faults_to_host = FaultyChannel(wire.to_host, f"{wire.seed} to host")
        self._stop_reader, self._stop_writer = os.pipe()

    @property
    def fault_counts(self) -> dict[str, dict[str, int]]:
        """How often each fault happened, by direction."""
        channels = {"to_firmware": self._faults_to_firmware, "to_host": self._faults_to_host}
        return {
            direction: {kind.value: count for kind, count in channel.counts.items()}
            for direction, channel in channels.items()
        }

    def stop(self) -> None:
        """End `run` soon, or at once if it was not called yet; may be called from a signal handler or a thread."""
        os.write(self._stop_writer, b"x")

    def run(self) -> None:
        """Open the port and answer the host until `stop` is called or the parent is gone. Once only.

        Raises `WireError` when the port cannot be made.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, self._stop_reader)
            stack.callback(os.close, self._stop_writer)
            selector = stack.enter_context(selectors.DefaultSelector())
            port = stack.enter_context(PtyPort(self._wire.port))
            watch = stack.enter_context(OpeningWatch(port.name)) if self._wire.reset_on_open else None
            self._loop(selector, self._coupling(port, watch))

    def _coupling(self, port: PtyPort, watch: OpeningWatch | None) -> _Coupling:
        wire = self._wire
        to_firmware: list[Stage] = [self._faults_to_firmware] if wire.to_firmware != NO_FAULTS else []
        to_host: list[Stage] = [self._faults_to_host] if wire.to_host != NO_FAULTS else []
        if wire.latency:
            to_host.append(DelayLine(wire.latency))
        if wire.baud_rate is not None:
            to_firmware.insert(0, BaudLine(wire.baud_rate))
            to_host.append(BaudLine(wire.baud_rate))
        link = _Link(port, watch, wire.baud_rate)
        return _Coupling(self._firmware, link, Chain(to_firmware), Chain(to_host), self._recorder)

    def _loop(self, selector: selectors.BaseSelector, coupling: _Coupling) -> None:
        selector.register(self._stop_reader, selectors.EVENT_READ)
        coupling.register(selector)
        coupling.move()
        while not self._is_orphan():
            coupling.watch_for_room(selector)
            ready = selector.select(self._seconds_to_sleep(coupling))
            if any(key.fd == self._stop_reader for key, _ in ready):
                return
            coupling.move()

    def _is_orphan(self) -> bool:
        return self._wire.end_with is not None and os.getppid() != self._wire.end_with

    def _seconds_to_sleep(self, coupling: _Coupling) -> float:
        due = coupling.next_deadline()
        return _LONGEST_SLEEP if due is None else min(max(due - time.monotonic(), 0.0), _LONGEST_SLEEP)


class _Link:
    """The host's side: what is written at the wrong speed is garbage, openings are noticed."""

    def __init__(self, port: PtyPort, watch: OpeningWatch | None, baud_rate: int | None) -> None:
        self.port = port
        self.watch = watch
        self._baud_rate = baud_rate

    def was_opened(self) -> bool:
        """Whether a host opened the port since the last call; what was sent before is gone then."""
        if self.watch is None or not self.watch.take():
            return False
        self.port.forget_unread()
        return True

    def read(self) -> bytes:
        """What the host sent."""
        data = self.port.read()
        return garbled(data) if data and self._is_mismatched() else data

    def write(self, data: bytes) -> None:
        """Send to the host."""
        if data or self.port.has_unwritten:
            self.port.write(garbled(data) if data and self._is_mismatched() else data)

    def _is_mismatched(self) -> bool:
        return self._baud_rate is not None and line_speed(self.port.descriptor) not in {None, self._baud_rate}


class _Coupling:
    """Carries bytes between the port and the firmware."""

    def __init__(
        self, firmware: Firmware, link: _Link, to_firmware: Chain, to_host: Chain, recorder: Recorder | None
    ) -> None:
        self._firmware = firmware
        self._link = link
        self._to_firmware = to_firmware
        self._to_host = to_host
        self._recorder = recorder
        self._waits_for_room = False

    def register(self, selector: selectors.BaseSelector) -> None:
        """Wake up when the host sends or opens the port."""
        selector.register(self._link.port.descriptor, selectors.EVENT_READ)
        if self._link.watch is not None:
            selector.register(self._link.watch.descriptor, selectors.EVENT_READ)

    def watch_for_room(self, selector: selectors.BaseSelector) -> None:
        """Wake up as well when the port takes output again, while some is left."""
        if self._waits_for_room != self._link.port.has_unwritten:
            self._waits_for_room = self._link.port.has_unwritten
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waits_for_room else 0)
            selector.modify(self._link.port.descriptor, wanted)

    def move(self) -> None:
        """Carry what there is, both ways."""
        opened = self._link.was_opened()
        data = self._link.read()
        now = time.monotonic()
        if opened:
            self._firmware.reset(now)
        self._to_firmware.put(data, now)
        arrived = self._to_firmware.take(now)
        if arrived:
            self._firmware.receive(arrived, now)
        else:
            self._firmware.advance(now)
        self._to_host.put(self._firmware.take_output(), now)
        if self._recorder is not None:
            self._recorder.flush()
        self._link.write(self._to_host.take(now))

    def next_deadline(self) -> float | None:
        """When `move` has something to do next."""
        return earliest(
            self._firmware.next_deadline(), self._to_firmware.next_deadline(), self._to_host.next_deadline()
        )
