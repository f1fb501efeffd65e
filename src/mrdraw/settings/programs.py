"""From the text of a program and its arguments to the list that is run: without a shell.

Invariants: what only a shell would understand is refused and never passed on as if it were plain text; a `~/` at the
beginning of a word is the home of the user that MrDraw runs as.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from mrdraw.errors import InvalidValue

_PLAIN = re.compile(r"""\\.|'[^']*'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
"""What is plain text to a shell: escaped, in single quotes, in double quotes (where some characters are none)."""
_ANYWHERE = re.compile(r"[|&;<>()$`*?\[\]{}\n]")
_IN_QUOTES = re.compile(r"[$`]")
_COMMENT = re.compile(r"(?:^|\s)#")


def arguments_of(program: str | Sequence[str], place: str) -> tuple[str, ...]:
    """The program and its arguments. Raises `InvalidValue`, naming `place`, for what needs a shell or is empty."""
    if isinstance(program, str):
        if (word := _of_a_shell(program)) is not None:
            raise InvalidValue(
                f"{place} holds {word!r}, which only a shell understands; programs are run without one. Put the line "
                "into a script, and name that."
            )
        program = _split(program, place)
    if not program or not program[0] or any("\0" in argument for argument in program):
        raise InvalidValue(f"{place} has to name a program and its arguments.")
    return tuple(map(_at_home, program))


def _split(text: str, place: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidValue(f"{place} cannot be read: {error}.") from error


def _of_a_shell(text: str) -> str | None:
    """The first character that means something to a shell only."""
    for quoted in _PLAIN.finditer(text):
        if quoted[1] and (found := _IN_QUOTES.search(quoted[1])):
            return found[0]
    bare = _PLAIN.sub("_", text)
    found = _ANYWHERE.search(bare) or _COMMENT.search(bare)
    return found[0].strip() or "a line break" if found else None


def _at_home(argument: str) -> str:
    return str(Path.home() / argument[2:]) if argument.startswith("~/") else argument
