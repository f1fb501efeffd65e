"""`/api/job`: the job and what can be done with it (contract, 5.6).

Invariants: the permission is checked before anything is said about the state; GET always answers; 204 means that the
machine host took the command, its effect is seen in the state.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import DiskFull, InvalidValue, JobFailed, WrongState
from mrdraw.hub import Machine
from mrdraw.hub.machine import PAUSE_ACTIONS
from mrdraw.link.messages import MachineState
from mrdraw.server.answers import cached
from mrdraw.server.api.states import need_job, need_operational
from mrdraw.server.api_version import QUERY, wants_version_2, without_nothing
from mrdraw.server.auditing import note
from mrdraw.server.context import command_body, identity, machine
from mrdraw.server.describing import COMMAND_ERRORS, NOTHING, TEXT, About, commands, either, object_of, words
from mrdraw.server.records import JOB, PROGRESS, Record, job_record, progress_record, state_text
from mrdraw.server.responses import no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import one_of

_COMMANDS: dict[str, tuple[str, ...]] = {"start": (), "restart": (), "pause": (), "cancel": ()}


async def read(request: Request) -> Response:
    """`GET /api/job`."""
    if wants_version_2(request):
        return cached(machine(request), "job 2.0", _job_of_version_2)
    return cached(machine(request), "job", _job)


def _job(one: Machine) -> Record:
    record: Record = {"job": job_record(one), "progress": progress_record(one), "state": state_text(one)}
    if one.snapshot.error:
        record["error"] = one.snapshot.error
    return record


def _job_of_version_2(one: Machine) -> Record:
    job = job_record(one)
    del job["averagePrintTime"]
    return without_nothing({**_job(one), "job": job})


async def act(request: Request) -> Response:
    """`POST /api/job`."""
    one = machine(request)
    need_operational(one)
    command, body = await command_body(request, _COMMANDS)
    note(request, _AUDITED[command], subject=one.selected.path if one.selected is not None else "")
    await _ACTIONS[command](request, one, body)
    return no_content()


async def _start(request: Request, one: Machine, _body: dict[str, object]) -> None:
    await one.start_job(identity(request).name)


async def _restart(_request: Request, one: Machine, _body: dict[str, object]) -> None:
    if one.state is not MachineState.PAUSED:
        raise WrongState("Only a paused job can be restarted. Pause it first.")
    await one.restart_job()


async def _pause(request: Request, one: Machine, body: dict[str, object]) -> None:
    need_job(one)
    action = one_of(body.get("action", "toggle"), PAUSE_ACTIONS, "action")
    if action == "resume" or (action == "toggle" and one.state is MachineState.PAUSED):
        note(request, Action.JOB_RESUMED)
    await one.pause_job(action)


async def _cancel(_request: Request, one: Machine, _body: dict[str, object]) -> None:
    need_job(one)
    await one.cancel_job()


_ACTIONS: dict[str, Callable[[Request, Machine, dict[str, object]], Awaitable[None]]] = {
    "start": _start,
    "restart": _restart,
    "pause": _pause,
    "cancel": _cancel,
}

_AUDITED = {
    "start": Action.JOB_STARTED,
    "restart": Action.JOB_RESTARTED,
    "pause": Action.JOB_PAUSED,
    "cancel": Action.JOB_CANCELLED,
}

_MEMBERS = {"job": JOB, "progress": PROGRESS, "state": TEXT, "error?": TEXT}
_ABOUT_READING = About(
    "The selected file as a job, and how far it is",
    {
        200: either(
            object_of(_MEMBERS), object_of({**_MEMBERS, "job": {"type": "object"}, "progress": {"type": "object"}})
        )
    },
    query=QUERY,
    raises=(InvalidValue,),
)
_ABOUT_ACTING = About(
    "Start, pause, resume, restart or cancel the job",
    NOTHING,
    body=commands(_COMMANDS, {"pause": {"action": words(*PAUSE_ACTIONS)}}),
    raises=(*COMMAND_ERRORS, JobFailed, DiskFull),
)

ROUTES = (
    Route("GET", "/api/job", read, Permission.STATUS, about=_ABOUT_READING),
    Route("POST", "/api/job", act, Permission.PRINT, about=_ABOUT_ACTING, audit=Action.JOB),
)
