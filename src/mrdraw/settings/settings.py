"""`config.yaml`: read, watched and written without losing what a person wrote there.

Invariants: what is served is always a valid tree; a file that cannot be read leaves the last good tree in force and
says so (`notice`); a change is validated as a whole before a byte is written, and written atomically; comments stay.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from mrdraw.errors import InvalidValue, SettingsUnreadable
from mrdraw.settings.tree import MACHINE_SECTIONS, MachineTree, SettingsTree, unknown_members

LOGGER = logging.getLogger(__name__)

FILE_NAME = "config.yaml"
LAST_GOOD = "config.yaml.last-good"
LOOK_EVERY = 0.2
"""s between two looks at whether the file changed."""


class Settings:
    """The settings of one base folder."""

    def __init__(self, basedir: Path) -> None:
        self._path = basedir / FILE_NAME
        self._tree = build({})
        self._data: dict[str, Any] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._looked_at = -LOOK_EVERY
        self.notice: str | None = None
        """Why the file in the folder is not in force, if it is not."""
        self._load(at_start=True)

    def current(self) -> SettingsTree:
        """The settings of now."""
        now = monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            if self._stamp_of_file() != self._stamp:
                self._load(at_start=False)
        return self._tree

    def unknown_keys(self) -> list[str]:
        """The members of the file that mean nothing here (they are kept)."""
        known = {name: value for name, value in self._data.items() if name not in MACHINE_SECTIONS}
        found = unknown_members(known, SettingsTree)
        top = {name: value for name, value in self._data.items() if name in MACHINE_SECTIONS}
        return found + unknown_members(top, MachineTree)

    def update(self, changes: Mapping[str, Any]) -> SettingsTree:
        """Change some members. Raises `InvalidValue`; then nothing was written."""
        self._load(at_start=False)
        if self.notice is not None:
            raise SettingsUnreadable(f"{self.notice} Mend the file first; nothing was changed.")
        document = _parse(self._text()) or {}
        _merge(document, changes)
        tree = build(_plain(document))
        self._write(_dump(document))
        self._tree, self._data = tree, _plain(document)
        self._stamp = self._stamp_of_file()
        return tree

    # --- reading ---------------------------------------------------------------------------------------------------

    def _load(self, *, at_start: bool) -> None:
        self._stamp = self._stamp_of_file()
        try:
            data = _plain(_parse(self._text()) or {})
            self._tree, self._data, self.notice = build(data), data, None
        except (SettingsUnreadable, InvalidValue) as error:
            self.notice = f"{FILE_NAME} is not in force: {error}"
            LOGGER.error("%s", self.notice)  # noqa: TRY400 - the text says it all
            if at_start:
                self._load_last_good()
        else:
            if self._data:
                self._keep_last_good()

    def _load_last_good(self) -> None:
        try:
            text = self._path.with_name(LAST_GOOD).read_text(encoding="utf-8")
            self._data = _plain(_parse(text) or {})
            self._tree = build(self._data)
        except (OSError, SettingsUnreadable, InvalidValue):
            LOGGER.error("there is no last good copy either: the defaults are in force")  # noqa: TRY400

    def _keep_last_good(self) -> None:
        text, copy = self._text(), self._path.with_name(LAST_GOOD)
        try:
            if not copy.exists() or copy.read_text(encoding="utf-8") != text:
                _write_whole(copy, text)
        except OSError as error:
            LOGGER.warning("the last good copy of %s could not be kept: %s", FILE_NAME, error)

    def _text(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsUnreadable(f"it cannot be read: {error}.") from error

    def _stamp_of_file(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(self._path, text)


def build(data: Mapping[str, Any]) -> SettingsTree:
    """The tree of this data. Raises `InvalidValue`, naming the member."""
    shaped = dict(data)
    default = str(shaped.get("defaultMachine", "default"))
    named = _section(shaped, "machines")
    machines = {name: _section(named, name, "machines.") for name in named}
    machines.setdefault(default, {})
    for section in MACHINE_SECTIONS:
        if section in shaped:
            own = _section(machines[default], section, f"machines.{default}.")
            machines[default][section] = {**_section(shaped, section), **own}
            del shaped[section]
    for name, machine in machines.items():
        machine["scripts"] = _flat_scripts(_section(machine, "scripts", f"machines.{name}."))
    shaped["machines"] = machines
    try:
        return msgspec.convert({name: value for name, value in shaped.items() if value is not None}, SettingsTree)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"{_readable(str(error))}.") from error


def _section(data: Mapping[str, Any], name: str, place: str = "") -> dict[str, Any]:
    """The members of a section, none when it is missing or empty. Raises `InvalidValue` when it is no section."""
    found = data.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidValue(f"{place}{name}: this holds named members, not {found!r}.")
    return dict(found)


def _flat_scripts(scripts: Mapping[str, Any]) -> dict[str, str]:
    """The scripts by name; OctoPrint keeps them under `gcode`, and snippets under `snippets`."""
    flat: dict[str, str] = {}
    for name, value in {**scripts, **_section(scripts, "gcode", "scripts.")}.items():
        if name == "snippets" and isinstance(value, Mapping):
            flat |= {f"snippets/{snippet}": str(text) for snippet, text in value.items()}
        elif name != "gcode" and value is not None:
            flat[str(name)] = str(value)
    return flat


def _readable(text: str) -> str:
    """`Expected … - at `$.server.port`` as people read it."""
    reason, _, place = text.partition(" - at `$.")
    return f"{place.rstrip('`')}: {reason[:1].lower()}{reason[1:]}" if place else text


def _merge(document: Any, changes: Mapping[str, Any]) -> None:
    """Put the changes into the document; `None` removes a member."""
    for name, value in changes.items():
        if isinstance(value, Mapping) and isinstance(document.get(name), dict):
            _merge(document[name], value)
        elif value is None:
            document.pop(name, None)
        else:
            document[name] = value


def _plain(data: Any) -> Any:
    """The data without what the YAML library adds to it."""
    if isinstance(data, Mapping):
        return {str(name): _plain(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, bool) or data is None:
        return data
    for kind in (int, float, str):
        if isinstance(data, kind):
            return kind(data)
    return data


def _parse(text: str) -> Any:
    """The document. Raises `SettingsUnreadable`, naming the line."""
    if not text.strip():
        return None
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to load, and not needed without a file
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    try:
        document = YAML().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsUnreadable(f"line {line} is no YAML: {error.problem or error.context}.") from error
    except YAMLError as error:
        raise SettingsUnreadable(f"it is no YAML: {error}.") from error
    if not isinstance(document, dict):
        raise SettingsUnreadable("it has to hold named sections, as in `server:`.")
    return document


def _dump(document: Any) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415

    stream = StringIO()
    YAML().dump(document, stream)
    return stream.getvalue()


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
