"""Answers that are encoded once and sent as often as they are asked for.

Invariants: an encoded answer holds until the machine or its settings change; nothing is encoded that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import msgspec
from starlette.responses import Response

from mrdraw.hub import Machine

_JSON = "application/json"
_MOST = 64
"""Answers kept for a machine that does not change."""
_encoder = msgspec.json.Encoder()


def encoded(machine: Machine, key: Hashable, make: Callable[[], object]) -> bytes:
    """The JSON under this key; `make` gives its data when it has to be encoded anew."""
    answers, settings = machine.view.answers, machine.settings
    known = answers.get(key)
    if known is None or known[0] is not settings:
        known = (settings, _encoder.encode(make()))
        if len(answers) >= _MOST:
            answers.clear()
        answers[key] = known
    return known[1]


def cached(machine: Machine, name: str, make: Callable[[Machine], object]) -> Response:
    """The answer `name` of a machine; `make` gives its data when it has to be encoded anew."""
    return Response(encoded(machine, name, lambda: make(machine)), media_type=_JSON)
