"""The offer to resume an interrupted job, as MrDraw's own API and its page read it.

Invariants: made from what the hub knows, never by asking anybody; what is shown as `lines` is what would be sent.
"""

from __future__ import annotations

from mrdraw.hub import Machine
from mrdraw.hub.resume_words import unknown, warnings
from mrdraw.hub.resuming import Choice, kinematics_of
from mrdraw.link.messages import Place, ResumeOffer
from mrdraw.server.describing import COUNT, FLAG, NUMBER, TEXT, WHOLE, by_name, many, maybe, object_of
from mrdraw.server.machine_record import INTERRUPTED, interrupted_record
from mrdraw.server.records import Record

_BY_NAME = by_name(NUMBER)
_PLACE = object_of(
    {
        **dict.fromkeys(("index", "line", "filepos", "tool"), COUNT),
        "layer": maybe(COUNT),
        "height": maybe(NUMBER),
        "feedRate": maybe(NUMBER),
        **dict.fromkeys(("absolute", "absoluteExtrusion", "inches"), FLAG),
        **dict.fromkeys(("position", "targets", "fans"), _BY_NAME),
    }
)
_LAYER = object_of({"number": COUNT, "z": maybe(NUMBER), "line": COUNT, "overlap": COUNT})
_TOLD = many(object_of({"key": TEXT, "text": TEXT}))
OFFER = object_of(
    {
        "interrupted": INTERRUPTED,
        **dict.fromkeys(("executed", "acknowledged", "possible", "total", "overlap"), maybe(WHOLE)),
        "exact": FLAG,
        "kinematics": maybe(TEXT),
        "place": _PLACE,
        "layers": many(_LAYER),
        "heights": many(maybe(NUMBER)),
        "homing": TEXT,
        "homings": many(TEXT),
        "asked": many(TEXT),
        "position": _BY_NAME,
        "lift": maybe(NUMBER),
        "unknown": _TOLD,
        "warnings": _TOLD,
        "lines": many(TEXT),
        "script": TEXT,
    }
)
"""The shape of `offer_record`."""


def offer_record(one: Machine, choice: Choice) -> Record:
    """The offer for a choice. Raises `WrongState`, `InvalidValue`, `JobFailed`."""
    offer, made = one.offer, one.resume_plan(choice)
    profile, told = one.settings.profile, one.snapshot.kinematics
    return {
        "interrupted": interrupted_record(one.snapshot.interrupted),
        "executed": offer.executed,
        "acknowledged": offer.acknowledged,
        "possible": offer.possible,
        "total": offer.total,
        "exact": offer.exact,
        "kinematics": kinematics_of(profile, told) or None,
        "place": _place(made.place),
        "overlap": made.overlap,
        "layers": [_layer(offer, place) for place in offer.layers],
        "heights": list(offer.heights),
        "homing": made.homing,
        "homings": list(made.homings),
        "asked": list(made.axes),
        "position": made.standing,
        "lift": made.lift,
        "unknown": _told(unknown(offer, made, profile, told)),
        "warnings": _told(warnings(made)),
        "lines": list(one.resume_lines(made, choice)),
        "script": one.resume_script,
    }


def _place(place: Place) -> Record:
    return {
        "index": place.index,
        "line": place.line,
        "filepos": place.file_position,
        "layer": place.layer or None,
        "height": place.height,
        "position": place.position,
        "absolute": place.absolute,
        "absoluteExtrusion": place.absolute_extrusion,
        "inches": place.inches,
        "feedRate": place.feed_rate,
        "tool": place.tool,
        "targets": place.targets,
        "fans": {str(fan): speed for fan, speed in place.fans.items()},
    }


def _layer(offer: ResumeOffer, place: Place) -> Record:
    return {
        "number": place.layer,
        "z": place.height,
        "line": place.line,
        "overlap": max(0, offer.possible - place.index),
    }


def _told(pairs: list[tuple[str, str]]) -> list[Record]:
    return [{"key": key, "text": text} for key, text in pairs]
