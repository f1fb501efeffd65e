"""`/api/v1/machines/<id>/jobs` and `…/wire`: the jobs that ended, and how the wire did in them.

Invariants: answered from what was told and written down, never by asking a machine host; the newest job comes first.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue
from mrdraw.history import JobRecord
from mrdraw.hub.ended import diagnosis_of
from mrdraw.server.api.machines import ONE, named
from mrdraw.server.context import services
from mrdraw.server.records import Record
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import whole_number
from mrdraw.server.wire_record import wire_record

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


ROUTES = (
    Route("GET", f"{ONE}/jobs", read_all, Permission.STATUS),
    Route("GET", f"{ONE}/jobs/{{job_id}}/wire", read_wire_of_job, Permission.STATUS),
    Route("GET", f"{ONE}/wire", read_wire, Permission.STATUS),
)
