"""Values that clients send: each is taken in its right form or refused with a text that says what is accepted.

Invariants: every refusal is an `InvalidValue`; a number is finite and never a truth value; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mrdraw.errors import InvalidValue

_MOST = 1e12
"""The largest number that is anything in the world of machines."""
_TRUE_WORDS = frozenset({"true", "yes", "y", "1"})


def is_true(value: object) -> bool:
    """Whether a flag is set: `true`, 1 and the words true, yes, y and 1 in any case (contract, section 1)."""
    if isinstance(value, str):
        return value.strip().lower() in _TRUE_WORDS
    return value is True or (isinstance(value, int | float) and value == 1)


def flag(value: object, name: str) -> bool:
    """A truth value and nothing else: where a wrong guess lets somebody in. Raises `InvalidValue`."""
    if not isinstance(value, bool):
        raise InvalidValue(f"{name} must be true or false, not {_shown(value)}.")
    return value


def number(value: object, name: str) -> float:
    """A finite number. Raises `InvalidValue`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST <= value <= _MOST:
        raise InvalidValue(f"{name} must be a finite number, not {_shown(value)}.")
    return float(value)


def _shown(value: object) -> str:
    """A value as it is quoted in a refusal: not all of it where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an integer with thousands of digits
        return "that"
    return text if len(text) <= 100 else f"{text[:100]}…"


def whole_number(value: object, name: str) -> int:
    """An integer of 0 or more, also as a string. Raises `InvalidValue`."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    raise InvalidValue(f"{name} must be a whole number of 0 or more, not {_shown(value)}.")


def text(value: object, name: str) -> str:
    """A string. Raises `InvalidValue`."""
    if not isinstance(value, str):
        raise InvalidValue(f"{name} must be a string, not {_shown(value)}.")
    return value


def mapping(value: object, name: str) -> Mapping[str, object]:
    """An object. Raises `InvalidValue`."""
    if not isinstance(value, dict):
        raise InvalidValue(f"{name} must be an object, not {_shown(value)}.")
    return value


def sequence(value: object, name: str) -> list[object]:
    """A list. Raises `InvalidValue`."""
    if not isinstance(value, list):
        raise InvalidValue(f"{name} must be a list, not {_shown(value)}.")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of strings. Raises `InvalidValue`."""
    return tuple(text(each, f"{name}[{place}]") for place, each in enumerate(sequence(value, name)))


def one_of(value: object, accepted: Iterable[str], name: str) -> str:
    """One of these words. Raises `InvalidValue`, naming them."""
    words = list(accepted)
    if not isinstance(value, str) or value not in words:
        raise InvalidValue(f"{name} is {_shown(value)}; accepted are: {', '.join(words) or 'none'}.")
    return value


def factor(value: object, name: str = "factor") -> int:
    """A factor in %: a whole number as it is, another number as a share of 1 (contract, 5.7); at least 1 %."""
    checked = number(value, name)
    percent = value if isinstance(value, int) else int(checked * 100)
    if not 1 <= percent <= 10000:
        raise InvalidValue(f"{name} is {_shown(value)}; accepted are whole numbers from 1 (%) and shares from 0.01.")
    return percent
