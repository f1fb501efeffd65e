"""`config.yaml` as text: read, changed without losing comments, written whole or not at all.

Invariants: a text is read by the same safe reader before and after a change, and a change that would not read back as
what was asked for is refused; the YAML library is loaded only when there is something to read or write.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrdraw.errors import InvalidValue, NotStored, SettingsUnreadable

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_WIDTH = 4096
"""Characters of a line at most; shorter ones are not folded."""


def read_text(path: Path) -> str:
    """The text of the file; none if there is no file. Raises `SettingsUnreadable`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsUnreadable(f"it cannot be read: {error}.") from error


def parse(text: str) -> dict[str, Any]:
    """The members that a text holds. Raises `SettingsUnreadable`, naming the line."""
    members: dict[str, Any] = _named(_load(text, "safe"))
    return members


def changed(text: str, changes: Mapping[str, Any]) -> str:
    """The text after the changes; `None` takes a member out. Raises `InvalidValue`, `SettingsUnreadable`."""
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - slow to load

    expected = _merged(parse(text), changes)
    document = _load(text, "rt")
    head = "" if document or not text.strip() else f"{text.rstrip()}\n"  # comments only: they belong to no member
    _merge_into(document, changes)
    stream = StringIO()
    try:
        _yaml("rt").dump(document, stream)
    except (YAMLError, ValueError) as error:
        raise InvalidValue(f"This cannot be written as settings: {error}.") from error
    after = head + stream.getvalue()
    if parse(after) != expected:
        raise InvalidValue("This change cannot be made without changing something else in config.yaml; edit the file.")
    return after


def _yaml(kind: str) -> YAML:
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to load

    yaml = YAML(typ=kind, pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    return yaml


def _load(text: str, kind: str) -> Any:
    if not text.strip():
        return {}
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    try:
        document = _yaml(kind).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsUnreadable(f"line {line} is no YAML: {error.problem or error.context}.") from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SettingsUnreadable(f"it is no YAML: {error}.") from error  # odd scalars make the library stumble
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsUnreadable("it has to hold named sections, as in `server:`.")
    return document


def _named(data: Any, depth: int = 50) -> Any:
    """The data with all names as text. Raises `SettingsUnreadable` when it goes deeper than any settings do."""
    if depth == 0:
        raise SettingsUnreadable("a section holds itself, or sections are nested too deep.")
    if isinstance(data, Mapping):
        return {str(name): _named(value, depth - 1) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_named(value, depth - 1) for value in data]
    return data


def _merged(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data after the changes."""
    after = dict(data)
    for name, value in changes.items():
        before = after.get(name)
        if value is None:
            after.pop(name, None)
        elif isinstance(value, Mapping):
            if isinstance(before, Mapping) or _adds(value):
                after[name] = _merged(before if isinstance(before, Mapping) else {}, value)
        else:
            after[name] = _named(value)
    return after


def _merge_into(document: Any, changes: Mapping[str, Any]) -> None:
    """Put the changes into a document that knows its comments."""
    for name, value in changes.items():
        key = next((key for key in document if str(key) == name), name)
        if value is None:
            document.pop(key, None)
        elif isinstance(value, Mapping):
            if not isinstance(document.get(key), dict):
                if not _adds(value):
                    continue
                document[key] = {}
            _merge_into(document[key], value)
        else:
            document[key] = _nice(value)


def _adds(changes: Mapping[str, Any]) -> bool:
    """Whether a section has to be there for these changes: not where they only take members out."""
    return not changes or any(
        _adds(value) if isinstance(value, Mapping) else value is not None for value in changes.values()
    )


def _nice(value: Any) -> Any:
    """Text of several lines as people would write it in the file."""
    if isinstance(value, str) and "\n" in value and all(line.isprintable() for line in value.split("\n")):
        from ruamel.yaml.scalarstring import LiteralScalarString  # noqa: PLC0415

        return LiteralScalarString(value)
    return _named(value)


# --- the disk --------------------------------------------------------------------------------------------------------


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the settings of this folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Replace the file by this text; after a power cut it is the old or the new one. Raises `NotStored`."""
    target = path.resolve()  # a symbolic link stays one
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _write(partial, text.encode(), target.stat().st_mode & 0o777 if target.exists() else 0o600)
        partial.replace(target)
        _sync_folder(target.parent)
    except UnicodeEncodeError as error:
        raise InvalidValue(f"{error.object[error.start : error.end]!r} is no text that can be stored.") from error
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise NotStored(f"{path.name} was not written: {error.strerror or error}. Nothing was changed.") from error


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
