"""`/api/v1/machines`: the machines' finer state, the emergency stop, and the decisions of a person (safety rules).

Invariants: the emergency stop asks for nothing but STATUS and waits for nothing but the machine host's word; what the
compatible API has no word for stands here and nowhere else.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.hub import Machine
from mrdraw.link.messages import Interrupted
from mrdraw.server.context import services
from mrdraw.server.records import (
    Record,
    job_record,
    progress_record,
    resends_record,
    state_record,
    temperature_record,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route

_BASE = "/api/v1/machines"
_ONE = f"{_BASE}/{{machine_id}}"


def _named(request: Request) -> Machine:
    """The machine whose id stands in the path. Raises `NoSuchMachine`."""
    return services(request).hub.machine(request.path_params["machine_id"])


async def stop(request: Request) -> Response:
    """`POST …/emergency-stop`."""
    await _named(request).emergency_stop()
    return no_content()


async def attend(request: Request) -> Response:
    """`POST …/attend`: a person is there, the heaters stay as they are for another while."""
    await _named(request).attend()
    return no_content()


async def dismiss(request: Request) -> Response:
    """`POST …/interrupted/dismiss`: the interrupted job will not be resumed."""
    await _named(request).dismiss_interrupted()
    return no_content()


async def read_all(request: Request) -> Response:
    """`GET /api/v1/machines`."""
    machines = services(request).hub.machines.values()
    return json_response({"machines": [_machine(one) for one in machines]})


async def read_one(request: Request) -> Response:
    """`GET /api/v1/machines/<id>`."""
    return json_response(_machine(_named(request)))


def _machine(one: Machine) -> Record:
    snapshot = one.snapshot
    job, progress = snapshot.job, snapshot.progress
    return {
        "id": one.id,
        "name": one.name,
        "reachable": one.attached,
        "state": {"id": one.state.value, **state_record(one)},
        "port": snapshot.port,
        "baudrate": snapshot.baudrate,
        "firmware": snapshot.firmware,
        "capabilities": snapshot.capabilities,
        "temperatures": temperature_record(one, snapshot.heaters),
        "tool": snapshot.tool,
        "position": snapshot.position,
        "homed": snapshot.homed,
        "job": {**job_record(one), "id": job.id if job and one.has_job else None},
        "progress": {
            **progress_record(one),
            "linesSent": progress.lines_sent,
            "linesAcknowledged": progress.lines_acknowledged,
            "linesTotal": progress.lines_total,
        },
        "resends": resends_record(one),
        "interrupted": _interrupted(snapshot.interrupted),
        "notices": [{"key": notice.key, "text": notice.text, "until": notice.until} for notice in snapshot.notices],
        "droppedLogLines": snapshot.dropped_log_lines,
    }


def _interrupted(found: Interrupted | None) -> Record | None:
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
        "filepos": found.file_position,
        "printTime": int(found.print_time),
        "at": found.interrupted_at,
        "reason": found.reason,
    }


ROUTES = (
    Route("GET", _BASE, read_all, Permission.STATUS),
    Route("GET", _ONE, read_one, Permission.STATUS),
    Route("POST", f"{_ONE}/emergency-stop", stop, Permission.STATUS),
    Route("POST", f"{_ONE}/attend", attend, Permission.CONTROL),
    Route("POST", f"{_ONE}/interrupted/dismiss", dismiss, Permission.PRINT),
)
