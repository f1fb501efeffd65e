"""The shape of custom controls: buttons and sliders that people give a machine's page (contract, 5.13).

Invariants: a control that does something says in one way what; a place for a parameter in its commands is filled by one
of its inputs; its regular expression can be read. What a control sends is checked again when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from mrdraw.errors import InvalidValue
from mrdraw.settings.kinds import Section

_ACTIONS = ("command", "commands", "script", "javascript")
_NAME = r"^[^()%\s]{1,100}$"
_PLACE = re.compile(r"%(?:%|\(([^()%]{1,100})\))", re.ASCII)
_MOST = 1000
"""Controls of a machine; containers count."""


class ControlSlider(Section, frozen=True):
    """The range of an input that is a slider."""

    min: float = 0.0
    max: float = 255.0
    step: float = 1.0


class ControlInput(Section, frozen=True, omit_defaults=True):
    """A value that is asked for, and the name of its place in the commands."""

    parameter: Annotated[str, Meta(pattern=_NAME)]
    name: str = ""
    default: str | float | bool | None = None
    slider: ControlSlider | bool | None = None


class Control(Section, frozen=True, omit_defaults=True):
    """A container of controls (`children`), or one control."""

    name: str = ""
    type: str | None = None
    """Of files that are older than `layout`; it means nothing."""
    layout: Literal["vertical", "horizontal", "horizontal_grid"] | None = None
    collapsed: bool | None = None
    children: tuple[Control, ...] | None = None
    command: str | None = None
    commands: tuple[str, ...] | None = None
    script: str | None = None
    javascript: str | None = None
    """For pages of other programs; nothing here runs it."""
    input: tuple[ControlInput, ...] = ()
    regex: str | None = None
    """Which lines of the firmware are shown beside the control."""
    template: str | None = None
    """How they are shown: `{0}` is the first group."""
    confirm: str | None = None
    additional_classes: str | None = None
    enabled: str | bool | None = None
    width: int | None = None
    offset: int | None = None


def check_controls(controls: Sequence[Control], place: str) -> None:
    """Raises `InvalidValue` for a control that could not work, naming where it stands."""
    for count, (where, control) in enumerate(_all(controls, place), start=1):
        if count > _MOST:
            raise InvalidValue(f"{place}: at most {_MOST} controls are accepted.")
        _check_action(control, where)
        _check_regex(control, where)


def _all(controls: Sequence[Control], place: str) -> Iterator[tuple[str, Control]]:
    for index, control in enumerate(controls):
        where = f"{place}[{index}]"
        yield where, control
        yield from _all(control.children or (), f"{where}.children")


def _check_action(control: Control, where: str) -> None:
    actions = [name for name in _ACTIONS if getattr(control, name) is not None]
    if control.children is not None and actions:
        raise InvalidValue(f"{where}: a container with children has no {actions[0]}; make that a control of its own.")
    if len(actions) > 1:
        raise InvalidValue(f"{where}: exactly one of {', '.join(_ACTIONS)} is accepted, not {' and '.join(actions)}.")
    known = {each.parameter for each in control.input}
    lines = (control.command,) if control.command is not None else control.commands or ()
    for line in lines:
        missing = {name for name in _PLACE.findall(line) if name} - known
        if missing:
            raise InvalidValue(f"{where}: {line!r} needs an input with the parameter {min(missing)!r}.")


def _check_regex(control: Control, where: str) -> None:
    if control.regex is None:
        return
    try:
        re.compile(control.regex)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidValue(f"{where}.regex: {control.regex!r} is no regular expression: {error}.") from error
