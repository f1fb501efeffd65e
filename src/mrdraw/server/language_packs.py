"""Language packs that clients keep here: a folder for each language, with what it says of itself in `meta.yaml`.

Invariants: everything lies below one folder; a pack is there as a whole or not at all; of an archive all packs are
taken or none. MrDraw's own page does not read them.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from email.utils import format_datetime
from pathlib import Path
from typing import IO, Any

from mrdraw.errors import InvalidValue
from mrdraw.library.disk import told_as_not_stored
from mrdraw.server.untrusted_archives import Caps, unpack
from mrdraw.settings.document import locked

CORE = "_core"
"""The pack of the program itself; the others are those of plugins."""
_PLUGINS = "_plugins"
_META = "meta.yaml"
_LARGEST_META = 16 * 1024
_CAPS = Caps(entries=500, size=50 * 1024 * 1024, ratio=200)
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|[0-9]{3}))?")
_PLUGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

_NAMES = {
    "ar": ("العربية", "Arabic"), "cs": ("čeština", "Czech"), "da": ("dansk", "Danish"), "de": ("Deutsch", "German"),
    "el": ("Ελληνικά", "Greek"), "en": ("English", "English"), "es": ("español", "Spanish"),
    "fi": ("suomi", "Finnish"), "fr": ("français", "French"), "he": ("עברית", "Hebrew"), "hu": ("magyar", "Hungarian"),
    "it": ("italiano", "Italian"), "ja": ("日本語", "Japanese"), "ko": ("한국어", "Korean"),
    "nb": ("norsk", "Norwegian"),
    "nl": ("Nederlands", "Dutch"), "pl": ("polski", "Polish"), "pt": ("português", "Portuguese"),
    "ro": ("română", "Romanian"), "ru": ("русский", "Russian"), "sk": ("slovenčina", "Slovak"),
    "sv": ("svenska", "Swedish"), "tr": ("Türkçe", "Turkish"), "uk": ("українська", "Ukrainian"),
    "zh": ("中文", "Chinese"),
}  # fmt: skip
"""Languages by their own name and by their English one, where a pack does not say."""


@dataclass(frozen=True)
class _Pack:
    pack: str
    locale: str
    folder: Path


class LanguagePacks:
    """The packs of one folder. All methods block for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def records(self) -> dict[str, dict[str, Any]]:
        """The packs as clients get them (contract, 5.11)."""
        found: dict[str, dict[str, Any]] = {CORE: _group(CORE)}
        for pack in _packs_in(self._folder):
            found.setdefault(pack.pack, _group(pack.pack))["languages"].append(_record(pack))
        return found

    def add(self, archive: IO[bytes]) -> None:
        """Take the packs of an archive. Raises `InvalidValue`, `TooLarge`, `DiskFull`, `NotStored`."""
        with told_as_not_stored("The language pack"), locked(self._folder):
            self._sweep()
            fresh = Path(tempfile.mkdtemp(prefix=".", dir=self._folder))
            try:
                self._take(archive, fresh)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)

    def remove(self, locale: str, pack: str) -> None:
        """Remove a language of a pack; one that is not there is gone already."""
        if not self._folder.is_dir():
            return
        with locked(self._folder):
            for known in _packs_in(self._folder):
                if (known.locale, known.pack) == (locale, pack):
                    shutil.rmtree(known.folder, ignore_errors=True)

    def _take(self, archive: IO[bytes], fresh: Path) -> None:
        unpacked = fresh / "new"
        unpack(archive, unpacked, _CAPS)
        packs = list(_packs_in(unpacked))
        if not packs:
            raise InvalidValue(
                f"The archive holds no language pack: a folder named for its language, as de or pt_BR, with a file "
                f"{_META} in it; such folders may lie in {CORE} and in {_PLUGINS}/<id>."
            )
        for pack in packs:
            _meta(pack.folder, strict=True)
        for number, pack in enumerate(packs):
            self._place(pack, fresh / str(number))

    def _place(self, pack: _Pack, away: Path) -> None:
        """Put a pack into the place of the one before."""
        inner = (pack.locale,) if pack.pack == CORE else (_PLUGINS, pack.pack, pack.locale)
        place = self._folder.joinpath(*inner)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(away)
        pack.folder.rename(place)

    def _sweep(self) -> None:
        """Remove what was left when an upload was cut short."""
        for entry in self._folder.glob(".*"):
            shutil.rmtree(entry, ignore_errors=True)


def _packs_in(folder: Path) -> Iterator[_Pack]:
    """The packs in a folder: `<locale>` and `_core/<locale>` are the program's, `_plugins/<id>/<locale>` a plugin's."""
    for within in (folder, folder / CORE):
        yield from _languages_in(within, CORE)
    for plugin in sorted((folder / _PLUGINS).glob("*")):
        if _PLUGIN.fullmatch(plugin.name):
            yield from _languages_in(plugin, plugin.name)


def _languages_in(folder: Path, pack: str) -> Iterator[_Pack]:
    for entry in sorted(folder.glob("*")):
        if _LOCALE.fullmatch(entry.name) and (entry / _META).is_file():
            yield _Pack(pack, entry.name, entry)


# --- what a pack says of itself ---------------------------------------------------------------------------------------


def _group(pack: str) -> dict[str, Any]:
    return {"identifier": pack, "display": "Core" if pack == CORE else pack, "languages": []}


def _record(pack: _Pack) -> dict[str, Any]:
    own, english = _names(pack.locale)
    record = {"locale_display": own, "locale_english": english}
    said = {name: _plain(value) for name, value in _meta(pack.folder).items()}
    return record | {name: value for name, value in said.items() if value is not None} | {"locale": pack.locale}


def _names(locale: str) -> tuple[str, str]:
    """A language's own name and its English one."""
    language, _, rest = locale.partition("_")
    own, english = _NAMES.get(language, (language, language))
    region = f" ({rest.replace('_', ', ')})" if rest else ""
    return own + region, english + region


def _plain(value: object) -> str | int | float | None:
    """A value of `meta.yaml` that JSON has a word for; dates as in HTTP headers."""
    if isinstance(value, datetime):
        return format_datetime(value.replace(tzinfo=None)).replace("-0000", "GMT")
    if isinstance(value, date):
        return _plain(datetime.combine(value, time()))
    return value if isinstance(value, str | int) else None


def _meta(folder: Path, *, strict: bool = False) -> Mapping[Any, Any]:
    """The members of `meta.yaml`; none if they cannot be read. With `strict` raises `InvalidValue` then."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to load
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        with (folder / _META).open("rb") as file:
            members = YAML(typ="safe", pure=True).load(file.read(_LARGEST_META + 1)[:_LARGEST_META].decode())
    except (OSError, YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        if strict:
            raise InvalidValue(
                f"{_META} of the language {folder.name} is no YAML that can be read: {error}."
            ) from error
        return {}
    if isinstance(members, dict):
        return {name: value for name, value in members.items() if isinstance(name, str)}
    if strict and members is not None:
        raise InvalidValue(f"{_META} of the language {folder.name} has to hold named members, as author: …")
    return {}
