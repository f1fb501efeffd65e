"""`/api/v1/machines/<id>/jobs` and `…/wire`: the jobs that ended, and how the wire did in them.

Invariants: answered from what was told and written down, never by asking a machine host; the newest job comes first.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchJob, NoSuchMachine
from mrdraw.history import JobRecord
from mrdraw.hub.ended import diagnosis_of
from mrdraw.link.diagnosis import Verdict
from mrdraw.server.api.machines import ONE, named
from mrdraw.server.context import services
from mrdraw.server.describing import COUNT, NUMBER, TEXT, WHOLE, About, many, maybe, object_of, said
from mrdraw.server.records import Record
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import whole_number
from mrdraw.server.wire_record import WIRE, wire_record

_USUAL, _MOST = 50, 500


async def read_all(request: Request) -> Response:
    """`GET …/jobs`: the last `limit` (50) jobs that ended."""
    one = named(request)
    limit = whole_number(request.query_params.get("limit", _USUAL), "limit")
    if not 1 <= limit <= _MOST:
        raise InvalidValue(f"limit is {limit}; it must lie between 1 and {_MOST}.")
    return json_response({"jobs": [_ended_record(job) for job in services(request).hub.history.last(one.id, limit)]})


async def read_wire(request: Request) -> Response:
    """`GET …/wire`: of the job that runs, otherwise of the last one."""
    one = named(request)
    report = one.wire
    if report is not None:
        return json_response(wire_record(report.job, report.diagnosis, running=report.running and one.has_job))
    for job in services(request).hub.history.last(one.id, 1):
        return json_response(wire_record(job.id, diagnosis_of(job)))
    return json_response(wire_record(None, None))


async def read_wire_of_job(request: Request) -> Response:
    """`GET …/jobs/<job>/wire`."""
    job = services(request).hub.history.job(named(request).id, request.path_params["job_id"])
    return json_response(wire_record(job.id, diagnosis_of(job)))


def _ended_record(job: JobRecord) -> Record:
    diagnosis = diagnosis_of(job)
    return {
        "id": job.id,
        "file": {"name": job.name, "path": job.path, "hash": job.sha1, "size": job.size},
        "user": job.user,
        "startedAt": job.started_at,
        "endedAt": job.ended_at,
        "outcome": job.outcome,
        "reason": job.reason or None,
        "printTime": job.print_time,
        "wire": diagnosis.verdict.value if diagnosis else None,
    }


_ENDED = object_of(
    {
        "id": TEXT,
        "file": object_of({"name": TEXT, "path": TEXT, "hash": maybe(TEXT), "size": COUNT}),
        "user": maybe(TEXT),
        "startedAt": maybe(said(NUMBER, "unix s")),
        "endedAt": said(NUMBER, "unix s"),
        "outcome": TEXT,
        "reason": maybe(TEXT),
        "printTime": said(NUMBER, "s"),
        "wire": maybe(Verdict),
    }
)
_ABOUT_ALL = About(
    "The jobs that ended, the last one first",
    {200: object_of({"jobs": many(_ENDED)})},
    query={"limit": said(WHOLE, f"1 to {_MOST}, {_USUAL} if it is not said")},
    raises=(NoSuchMachine, InvalidValue),
)
_ABOUT_WIRE = About(
    "How the wire does in the job that runs, or did in the last one", {200: WIRE}, raises=(NoSuchMachine,)
)
_ABOUT_WIRE_OF = About("How the wire did in a job", {200: WIRE}, raises=(NoSuchMachine, NoSuchJob))

ROUTES = (
    Route("GET", f"{ONE}/jobs", read_all, Permission.STATUS, about=_ABOUT_ALL),
    Route("GET", f"{ONE}/jobs/{{job_id}}/wire", read_wire_of_job, Permission.STATUS, about=_ABOUT_WIRE_OF),
    Route("GET", f"{ONE}/wire", read_wire, Permission.STATUS, about=_ABOUT_WIRE),
)
