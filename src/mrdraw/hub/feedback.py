"""What the firmware says, told beside the custom controls that ask for it (contract, 5.13 and 7).

Invariants: a regular expression never keeps the loop for longer than `PATIENCE`, nor all of them for longer than
`TOGETHER`; one that would is not asked again before the controls change; a template takes the groups of a match as
they are and knows nothing else of formatting; lines are searched up to `LINE` characters.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from time import thread_time
from typing import TYPE_CHECKING

import regex

from mrdraw.events import RegisteredMessageReceived

if TYPE_CHECKING:
    from mrdraw.settings import Control

LOGGER = logging.getLogger(__name__)

LINE = 500
PATIENCE = 0.01
"""s that one search may take."""
TOGETHER = 0.05
"""s of processor time that all searches in one batch of lines may take."""
_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)\}", re.ASCII)


def key_of(text: str) -> str:
    """The key by which clients find the control of an expression, and the place of a template."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class _Expression:
    """One regular expression and the templates of all controls that have it."""

    text: str
    templates: dict[str, str]
    compiled: regex.Pattern[str] | None = None
    """Compiled when the first line comes."""

    def told(self, line: str, left: float) -> RegisteredMessageReceived | None:
        """What is to be told of a line, found in `left` s. Raises `TimeoutError`, `regex.error`."""
        if left <= 0:
            raise TimeoutError
        if self.compiled is None:
            self.compiled = regex.compile(self.text)
        found = self.compiled.search(line[:LINE], timeout=min(left, PATIENCE))
        if found is None:
            return None
        outputs = {key: filled(template, found) for key, template in self.templates.items()}
        return RegisteredMessageReceived(key=key_of(self.text), matched=found[0], outputs=outputs)


class Feedback:
    """The expressions of a machine's controls."""

    def __init__(self) -> None:
        self._controls: Sequence[Control] = ()
        self._expressions: list[_Expression] = []

    def told(self, lines: Iterable[str], controls: Sequence[Control]) -> Iterator[RegisteredMessageReceived]:
        """What is to be told of these lines of the firmware."""
        if controls is not self._controls:
            self._controls, self._expressions = controls, _expressions(controls)
        if self._expressions:
            until = thread_time() + TOGETHER
            for line in lines:
                found = [self._search(expression, line, until) for expression in list(self._expressions)]
                yield from filter(None, found)

    def _search(self, expression: _Expression, line: str, until: float) -> RegisteredMessageReceived | None:
        try:
            return expression.told(line, until - thread_time())
        except (TimeoutError, regex.error, OverflowError, RecursionError, ValueError) as error:
            self._expressions.remove(expression)
            reason = "it takes too long" if isinstance(error, TimeoutError) else str(error)
            LOGGER.warning("the expression %r of a control is not used any more: %s", expression.text, reason)
            return None


def filled(template: str, match: regex.Match[str]) -> str:
    """The template with the groups of a match in their places: `{0}` is the first group, `{name}` one with a name."""
    named, groups = match.groupdict(), match.groups()

    def value(place: re.Match[str]) -> str:
        name = place[1]
        if name is None:
            return place[0][0]
        if name.isdigit() and int(name) < len(groups):
            return groups[int(name)] or ""
        return (named[name] or "") if name in named else place[0]

    return _PLACE.sub(value, template)


def _expressions(controls: Sequence[Control]) -> list[_Expression]:
    found: dict[str, dict[str, str]] = {}
    for control in _all(controls):
        if control.regex is not None and control.template is not None:
            found.setdefault(control.regex, {})[key_of(control.template)] = control.template
    return [_Expression(text, templates) for text, templates in found.items()]


def _all(controls: Sequence[Control]) -> Iterator[Control]:
    for control in controls:
        yield control
        yield from _all(control.children or ())
