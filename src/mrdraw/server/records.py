"""The records that the API and the push channel share: state, job, progress, temperatures (contract, section 4).

Invariants: made from what the hub knows, never by asking anybody; all members are always there, `None` where nothing
is known; texts and names are exactly those of the contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mrdraw.hub import Machine
from mrdraw.link.messages import JOB_STATES, OPERATIONAL_STATES, STATE_TEXTS, Heater, MachineState, TemperaturePoint
from mrdraw.server.describing import ANY, COUNT, FLAG, NUMBER, TEXT, by_name, maybe, object_of, said, words

Record = dict[str, object]

_FLAGS = (
    "operational", "printing", "cancelling", "pausing", "resuming", "finishing", "paused", "ready", "error",
    "closedOrError", "sdReady",
)  # fmt: skip
STATE = object_of(
    {"text": words(*STATE_TEXTS.values()), "flags": object_of(dict.fromkeys(_FLAGS, FLAG)), "error": TEXT}
)
_JOB_FILE = {"name": TEXT, "path": TEXT, "display": TEXT, "origin": TEXT, "size": COUNT, "date": COUNT}
JOB = object_of(
    {
        "file": object_of({name: maybe(shape) for name, shape in _JOB_FILE.items()}),
        **{name: maybe(NUMBER) for name in ("estimatedPrintTime", "averagePrintTime", "lastPrintTime")},
        "filament": maybe(by_name(ANY)),
        "user": maybe(TEXT),
    }
)
PROGRESS = object_of(
    {
        "completion": maybe(said(NUMBER, "%")),
        "filepos": maybe(said(COUNT, "bytes")),
        "printTime": maybe(said(COUNT, "s")),
        "printTimeLeft": maybe(said(COUNT, "s")),
        "printTimeLeftOrigin": maybe(TEXT),
    }
)
_HEATER = object_of({"actual": maybe(NUMBER), "target": maybe(NUMBER), "offset?": NUMBER})
TEMPERATURES = said(by_name(_HEATER), "°C by heater: tool0, …, bed, chamber")
RESENDS = object_of({"count": COUNT, "transmitted": COUNT, "ratio": said(COUNT, "%")})
"""The shapes of the records below."""

_ERROR_STATES = frozenset({MachineState.ERROR, MachineState.CLOSED_WITH_ERROR})
_CLOSED_STATES = _ERROR_STATES | {MachineState.OFFLINE}
_NO_HEATER = Heater()
_ALWAYS_SHOWN = ("bed", "chamber")
"""The heaters that a pushed temperature point always has."""


def state_text(machine: Machine) -> str:
    """The text of the state, as clients compare it."""
    return STATE_TEXTS[machine.state]


def state_record(machine: Machine) -> Record:
    """The state with its flags (4.1)."""
    state = machine.state
    return {
        "text": STATE_TEXTS[state],
        "flags": {
            "operational": state in OPERATIONAL_STATES,
            "printing": state in JOB_STATES and state is not MachineState.PAUSED,
            "cancelling": state is MachineState.CANCELLING,
            "pausing": state is MachineState.PAUSING,
            "resuming": state is MachineState.RESUMING,
            "finishing": state is MachineState.FINISHING,
            "paused": state is MachineState.PAUSED,
            "ready": state is MachineState.OPERATIONAL,
            "error": state in _ERROR_STATES,
            "closedOrError": state in _CLOSED_STATES,
            "sdReady": False,
        },
        "error": machine.snapshot.error,
    }


def job_record(machine: Machine) -> Record:
    """The selected file as a job (4.3)."""
    file, tally = machine.selected, machine.tally
    return {
        "file": {
            "name": file.name if file else None,
            "path": file.path if file else None,
            "display": file.display if file else None,
            "origin": file.origin if file else None,
            "size": file.size if file else None,
            "date": file.date if file else None,
        },
        "estimatedPrintTime": None,
        "averagePrintTime": tally.mean_time if tally else None,
        "lastPrintTime": tally.last_time if tally else None,
        "filament": None,
        "user": (file.user or file.owner) if file else None,
    }


def progress_record(machine: Machine) -> Record:
    """How far the job is (4.4)."""
    progress = machine.progress
    return {
        "completion": progress.completion,
        "filepos": progress.file_position,
        "printTime": progress.print_time,
        "printTimeLeft": progress.time_left,
        "printTimeLeftOrigin": progress.origin,
    }


def heater_shown(machine: Machine, name: str) -> bool:
    """Whether the machine's profile has this heater."""
    profile = machine.settings.profile
    if name == "bed":
        return bool(profile.heated_bed)
    if name == "chamber":
        return bool(profile.heated_chamber)
    return True


def temperature_record(machine: Machine, names: Iterable[str]) -> dict[str, Record]:
    """The temperatures of now of these heaters (4.2)."""
    heaters = machine.snapshot.heaters
    return {
        name: {"actual": heater.actual, "target": heater.target, "offset": heater.offset}
        for name in names
        if (heater := heaters.get(name)) is not None
    }


def history_record(point: TemperaturePoint, names: Iterable[str]) -> Record:
    """A point of the temperature history with these heaters (4.2)."""
    return {"time": point.time, **{name: _pair(point.heaters, name) for name in names}}


def pushed_point(point: TemperaturePoint) -> Record:
    """A point of the temperature history as it is pushed: bed and chamber are always there."""
    names = dict.fromkeys([*point.heaters, *_ALWAYS_SHOWN])
    return history_record(point, names)


def _pair(heaters: Mapping[str, Heater], name: str) -> Record:
    heater = heaters.get(name, _NO_HEATER)
    return {"actual": heater.actual, "target": heater.target}


def resends_record(machine: Machine) -> Record:
    """Lines transmitted, how many of them again, and the ratio in %."""
    resends = machine.snapshot.resends
    ratio = 100 * resends.count // resends.transmitted if resends.transmitted else 0
    return {"count": resends.count, "transmitted": resends.transmitted, "ratio": ratio}
