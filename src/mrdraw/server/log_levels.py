"""How much is written to the log, logger by logger.

Invariants: only loggers of MrDraw's own can be set: what libraries say in detail holds keys. What was set is kept in
the settings and in force again after a start.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mrdraw.errors import InvalidValue
from mrdraw.settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OWN = "mrdraw"
_PLUGIN, _MEMBER = "logging", "levels"


def known_loggers() -> list[str]:
    """The loggers that can be set, in order."""
    names = (name for name in logging.root.manager.loggerDict if name.split(".")[0] == _OWN)
    return sorted({".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)})


def levels_of(settings: Settings) -> dict[str, str]:
    """What is set, by the logger's name; what makes no sense is left out."""
    kept = settings.current().plugins.get(_PLUGIN)
    levels = kept.get(_MEMBER) if isinstance(kept, Mapping) else None
    if not isinstance(levels, Mapping):
        return {}
    return {name: level for name, level in levels.items() if level in LEVELS and name.split(".")[0] == _OWN}


def apply_levels(settings: Settings) -> None:
    """Put what is set in force."""
    for name, level in levels_of(settings).items():
        logging.getLogger(name).setLevel(level)


def set_levels(settings: Settings, levels: Mapping[str, object]) -> None:
    """Have these levels and no others. It blocks for the disk. Raises `InvalidValue`, `NotStored`."""
    known, before = known_loggers(), levels_of(settings)
    for name, level in levels.items():
        if name not in known:
            raise InvalidValue(f"There is no logger {name[:100]!r}; those of MrDraw can be set, as mrdraw.server.run.")
        if level not in LEVELS:
            raise InvalidValue(f"The level of {name} has to be one of {', '.join(LEVELS)}.")
    changes = dict.fromkeys(before) | dict(levels) if levels else None
    settings.update({"plugins": {_PLUGIN: {_MEMBER: changes}}})
    for name in before:
        logging.getLogger(name).setLevel(logging.NOTSET)
    apply_levels(settings)
