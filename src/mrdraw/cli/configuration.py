"""The settings of a base folder, as a command reads them that must not write there.

Invariants: nothing is written, not even the last good copy: root may look at the folder of somebody else.
"""

from __future__ import annotations

from pathlib import Path

from mrdraw.errors import InvalidValue, SettingsUnreadable
from mrdraw.settings import SettingsTree
from mrdraw.settings.build import build, unknown_keys
from mrdraw.settings.document import parse, read_text
from mrdraw.settings.settings import FILE_NAME


class Configuration:
    """What `config.yaml` says."""

    def __init__(self, basedir: Path) -> None:
        self.tree: SettingsTree = build({})
        """The settings, or the defaults when the file cannot be read."""
        self.problem: str | None = None
        """Why the file cannot be read, if it cannot."""
        self.unknown: list[str] = []
        """The dotted names in the file that mean nothing."""
        try:
            data = parse(read_text(basedir / FILE_NAME))
            self.tree, self.unknown = build(data), unknown_keys(data)
        except (SettingsUnreadable, InvalidValue) as error:
            self.problem = str(error)
