"""A machine as MrDraw's own API and its page read it: what the compatible API has no word for.

Invariants: made from what the hub knows, never by asking anybody; what is pushed is a part of what can be asked for,
in the same places.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mrdraw.hub import Machine
from mrdraw.link.messages import ConnectionPhase, ConnectionStatus, Interrupted, MachineState, Notification, Prompt
from mrdraw.server.describing import COUNT, FLAG, NUMBER, TEXT, WHOLE, by_name, many, maybe, object_of, said
from mrdraw.server.records import (
    JOB,
    PROGRESS,
    RESENDS,
    STATE,
    TEMPERATURES,
    Record,
    job_record,
    progress_record,
    resends_record,
    state_record,
    temperature_record,
)
from mrdraw.settings import ProfileTree

PROMPT = object_of({"text": TEXT, "choices": many(TEXT)})
"""The shape of `prompt_record`."""
NOTIFICATIONS = many(object_of({"timestamp": said(NUMBER, "unix s"), "message": TEXT}))
"""The shape of `notification_records`."""
INTERRUPTED = maybe(
    object_of(
        {
            "id": TEXT,
            "file": object_of({"name": TEXT, "path": TEXT, "origin": TEXT, "size": COUNT}),
            **dict.fromkeys(("line", "sent", "acknowledged", "executed"), maybe(WHOLE)),
            "filepos": maybe(said(COUNT, "bytes")),
            "printTime": said(COUNT, "s"),
            "at": maybe(said(NUMBER, "unix s")),
            "reason": TEXT,
        }
    )
)
_DEVICE = dict.fromkeys(("byId", "byPath", "serialNumber", "uuid"), maybe(TEXT))
_CONNECTION = object_of(
    {
        "phase": ConnectionPhase,
        "since": maybe(said(NUMBER, "unix s")),
        "reason": TEXT,
        "device": object_of({**_DEVICE, "shared": FLAG}),
    }
)
_LINES = dict.fromkeys(("linesSent", "linesAcknowledged", "linesTotal"), COUNT)
MACHINE = object_of(
    {
        **dict.fromkeys(("id", "name"), TEXT),
        "reachable": FLAG,
        "state": {"allOf": [object_of({"id": MachineState}), STATE]},
        "port": maybe(TEXT),
        "baudrate": maybe(COUNT),
        "connection": _CONNECTION,
        "firmware": TEXT,
        "capabilities": by_name(FLAG),
        "temperatures": TEMPERATURES,
        "tool": COUNT,
        "position": said(by_name(NUMBER), "mm by axis"),
        "homed": said(TEXT, "the axes that are"),
        "job": {"allOf": [JOB, object_of({"id": maybe(TEXT)})]},
        "progress": {"allOf": [PROGRESS, object_of(_LINES)]},
        "resends": RESENDS,
        "droppedLogLines": COUNT,
        "interrupted": INTERRUPTED,
        "notices": many(object_of({"key": TEXT, "text": TEXT, "until": maybe(said(NUMBER, "unix s"))})),
        "profile": ProfileTree,
        "travel": by_name(many(said(NUMBER, "mm"))),
        "prompt": maybe(PROMPT),
        "notifications": NOTIFICATIONS,
    }
)
"""The shape of `machine_record`."""


def machine_record(one: Machine) -> Record:
    """Everything that is known of a machine."""
    snapshot, details = one.snapshot, machine_details(one)
    job = snapshot.job
    return {
        **details,
        "state": {"id": one.state.value, **state_record(one)},
        "capabilities": snapshot.capabilities,
        "temperatures": temperature_record(one, snapshot.heaters),
        "job": {**job_record(one), "id": job.id if job and one.has_job else None},
        "progress": {**progress_record(one), **_lines(one)},
        "resends": resends_record(one),
        "droppedLogLines": snapshot.dropped_log_lines,
    }


def machine_details(one: Machine) -> Record:
    """What the push channel's own messages do not say already."""
    snapshot = one.snapshot
    return {
        "id": one.id,
        "name": one.name,
        "reachable": one.attached,
        "state": {"id": one.state.value},
        "port": snapshot.port,
        "baudrate": snapshot.baudrate,
        "connection": _connection(snapshot.connection),
        "firmware": snapshot.firmware,
        "tool": snapshot.tool,
        "position": snapshot.position,
        "homed": snapshot.homed,
        "progress": _lines(one),
        "interrupted": interrupted_record(snapshot.interrupted),
        "notices": _notices(one),
        "profile": msgspec.to_builtins(one.settings.profile),
        "travel": {axis: list(ends) for axis, ends in snapshot.travel.items()},
        "prompt": prompt_record(snapshot.prompt),
        "notifications": notification_records(snapshot.notifications),
    }


def prompt_record(prompt: Prompt | None) -> Record | None:
    """What the firmware asks."""
    return None if prompt is None else {"text": prompt.text, "choices": list(prompt.choices)}


def notification_records(notifications: Iterable[Notification]) -> list[Record]:
    """What the firmware said."""
    return [{"timestamp": each.at, "message": each.message} for each in notifications]


def _connection(status: ConnectionStatus) -> Record:
    """How it stands with the connection, and what is known of the device."""
    device = status.device
    return {
        "phase": status.phase.value,
        "since": status.since or None,
        "reason": status.reason,
        "device": {
            "byId": device.by_id,
            "byPath": device.by_path,
            "serialNumber": device.serial_number,
            "uuid": device.uuid,
            "shared": device.shared,
        },
    }


def _notices(one: Machine) -> list[Record]:
    """What somebody should look after: at the machine, and at the server."""
    found = [(notice.key, notice.text, notice.until) for notice in one.snapshot.notices]
    found += [(key, text, None) for key, text in one.view.server_notices.items()]
    return [{"key": key, "text": text, "until": until} for key, text, until in found]


def _lines(one: Machine) -> Record:
    """The job in lines."""
    progress = one.snapshot.progress
    return {
        "linesSent": progress.lines_sent,
        "linesAcknowledged": progress.lines_acknowledged,
        "linesTotal": progress.lines_total,
    }


def interrupted_record(found: Interrupted | None) -> Record | None:
    """What the journal knows of the job in which the last machine host died."""
    if found is None:
        return None
    file = found.job.file
    return {
        "id": found.job.id,
        "file": {"name": file.name, "path": file.path, "origin": file.origin, "size": file.size},
        "line": found.line,
        "sent": found.sent,
        "acknowledged": found.acknowledged,
        "executed": found.executed,
        "filepos": found.file_position,
        "printTime": int(found.print_time),
        "at": found.interrupted_at,
        "reason": found.reason,
    }
