"""The messages of the push channel (contract, 6.3).

Invariants: a message holds what came since the client's cursors and nothing twice; whoever may not read the terminal
gets no line of it, in the history neither.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from hashlib import md5
from time import time
from typing import NamedTuple

import msgspec

from mrdraw import __version__
from mrdraw.accounts import permission_records
from mrdraw.events import ChartMarked
from mrdraw.hub import Machine
from mrdraw.hub.view import View
from mrdraw.server.api.version import COMPATIBLE_VERSION
from mrdraw.server.context import Services
from mrdraw.server.machine_record import machine_details
from mrdraw.server.push.subscription import Subscription
from mrdraw.server.records import (
    Record,
    job_record,
    progress_record,
    pushed_point,
    resends_record,
    state_record,
)
from mrdraw.settings import SettingsTree

NO_TIMELAPSE = '{"timelapse":null}'
"""`timelapse`: no pictures are taken."""


class Cursors(NamedTuple):
    """How much of each stream a client got."""

    logs: int = 0
    messages: int = 0
    temperatures: int = 0
    markings: int = 0

    @classmethod
    def at_end(cls, view: View) -> Cursors:
        """The cursors of somebody who got everything."""
        return cls(view.logs.count, view.messages.count, view.temperatures.count, view.markings.count)


@dataclass(frozen=True)
class Wanted:
    """What a client may and wants to read."""

    terminal: bool
    subscription: Subscription


def connected_message(known: Services) -> Record:
    """`connected`: what the server is; said to everybody, so nothing that is anybody's secret."""
    return {
        "connected": {
            "version": COMPATIBLE_VERSION,
            "display_version": COMPATIBLE_VERSION,
            "branch": "",
            "python_version": platform.python_version(),
            "plugin_hash": _hash(__version__.encode()),
            "config_hash": config_hash(known.settings.current()),
            "debug": False,
            "safe_mode": None,
            "online": True,
            "permissions": permission_records(),
        }
    }


def config_hash(tree: SettingsTree) -> str:
    """Another one when what everybody is shown changed."""
    return _hash(msgspec.json.encode([tree.appearance, sorted(tree.machines)]))


def effective_hash(tree: SettingsTree) -> str:
    """Another one when any setting but the global key changed."""
    return _hash(msgspec.json.encode(msgspec.structs.replace(tree, api=msgspec.structs.replace(tree.api, key=None))))


def _hash(data: bytes) -> str:
    """What clients compare to see that something is another than before; no secret is in it."""
    return md5(data, usedforsecurity=False).hexdigest()


def state_message(machine: Machine, cursors: Cursors, wanted: Wanted) -> Record:
    """`current`: the state, and what came since the cursors."""
    record = _state(machine, cursors, wanted)
    if wanted.terminal:
        record |= _terminal(machine.view, cursors, wanted.subscription)
    record["busyFiles"] = _busy_files(machine)
    return {"current": record}


def history_message(machine: Machine, wanted: Wanted) -> Record:
    """`history`: the state, and everything that is kept."""
    record = _state(machine, Cursors(), wanted)
    record |= {"logs": [], "messages": []}
    if wanted.terminal:
        record |= _terminal(machine.view, Cursors(), wanted.subscription)
    return {"history": record}


def _state(machine: Machine, cursors: Cursors, wanted: Wanted) -> Record:
    view, snapshot = machine.view, machine.snapshot
    details = {"machine": machine_details(machine)} if wanted.subscription.machine else {}
    return {
        **details,
        "state": state_record(machine),
        "job": job_record(machine),
        "progress": progress_record(machine),
        "currentZ": snapshot.current_z,
        "offsets": {name: heater.offset for name, heater in snapshot.heaters.items()},
        "resends": resends_record(machine),
        "temps": [pushed_point(point) for point in view.temperatures.since(cursors.temperatures)],
        "markings": [_marking(mark) for mark in view.markings.since(cursors.markings)],
        "serverTime": time(),
    }


def _terminal(view: View, cursors: Cursors, subscription: Subscription) -> Record:
    return {
        "logs": subscription.logs.select(view.logs.since(cursors.logs)),
        "messages": subscription.messages.select(view.messages.since(cursors.messages)),
    }


def _marking(mark: ChartMarked) -> Record:
    return {"type": mark.type, "label": mark.label, "time": mark.time}


def _busy_files(machine: Machine) -> list[Record]:
    job = machine.snapshot.job
    return [{"origin": job.file.origin, "path": job.file.path}] if job is not None and machine.has_job else []
