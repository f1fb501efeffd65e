"""Custom controls as clients read them (contract, 5.13).

Invariants: a control that shows what the firmware says carries the keys under which `RegisteredMessageReceived` tells
of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mrdraw.hub.feedback import key_of
from mrdraw.settings import Control


def controls_record(controls: Sequence[Control]) -> list[dict[str, Any]]:
    """The controls with their keys."""
    return [_with_keys(control) for control in msgspec.to_builtins(controls)]


def _with_keys(control: dict[str, Any]) -> dict[str, Any]:
    if "children" in control:
        control["children"] = [_with_keys(child) for child in control["children"] or ()]
    if control.get("regex") is not None and control.get("template") is not None:
        keys = {"key": key_of(control["regex"]), "template_key": key_of(control["template"])}
        return {**control, **keys}
    return control
