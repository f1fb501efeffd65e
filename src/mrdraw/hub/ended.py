"""From a machine host's word that a job ended to the history, and back to its diagnosis.

Invariants: what is kept is what the machine host said; a diagnosis of another release that cannot be read is none.
"""

from __future__ import annotations

import msgspec

from mrdraw.history import JobRecord
from mrdraw.link.diagnosis import WireDiagnosis
from mrdraw.link.messages import JobEnded


def job_record(machine: str, ended: JobEnded) -> JobRecord:
    """The row of a job that ended."""
    file = ended.file
    return JobRecord(
        id=ended.id,
        machine=machine,
        name=file.name,
        path=file.path,
        sha1=file.sha1,
        size=file.size,
        user=file.user,
        started_at=ended.started_at,
        ended_at=ended.ended_at,
        outcome=ended.outcome.value,
        reason=ended.reason,
        print_time=ended.print_time,
        wire=None if ended.wire is None else msgspec.json.encode(ended.wire).decode(),
    )


def diagnosis_of(record: JobRecord) -> WireDiagnosis | None:
    """What is known of the wire of a job that ended."""
    if record.wire is None:
        return None
    try:
        return msgspec.json.decode(record.wire, type=WireDiagnosis)
    except msgspec.DecodeError:
        return None
