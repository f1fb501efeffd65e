"""The files of the built page: found, read in a thread, kept in memory while they do not change.

Invariants: only regular files inside the folder are given, by names without hidden parts; nothing here is done on the
loop; what is kept is bounded, larger files are sent from the disk.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat as kinds
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
"""Where the build puts the page."""
LARGEST_KEPT = 512 * 1024
"""bytes of a file that is kept in memory."""
MOST_KEPT = 4 * 1024 * 1024
"""bytes of all files that are kept in memory."""

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The encodings that the build may have made beforehand, the better one first, with the endings of their files."""

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_UNKNOWN_TYPE = "application/octet-stream"

_NAME = re.compile(r"[A-Za-z0-9_@~-][A-Za-z0-9_@~.-]*(?:/[A-Za-z0-9_@~-][A-Za-z0-9_@~.-]*)*")
"""A path of which no part is hidden or leads out of the folder."""

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page as it is sent."""

    path: Path
    stat: os.stat_result
    content_type: str
    encoding: str | None
    """The encoding in which it lies there, if it does so in one."""
    content: bytes | None
    """What it holds; `None` when it is too large to be kept."""

    @property
    def tag(self) -> str:
        """Names the version."""
        return f"{self.stat.st_mtime_ns:x}-{self.stat.st_size:x}{f'-{self.encoding}' if self.encoding else ''}"


class PageFiles:
    """The files below a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._kept: dict[Path, tuple[_Stamp, bytes]] = {}

    async def find(self, name: str, encodings: Sequence[str] = ()) -> PageFile | None:
        """The file of this name, in the first of these encodings in which it lies there, else plain."""
        if not _NAME.fullmatch(name):
            return None
        return await asyncio.to_thread(self._find, name, encodings)

    def _find(self, name: str, encodings: Sequence[str]) -> PageFile | None:
        plain = self._folder / name
        if self._stat(plain) is None:
            return None
        content_type = CONTENT_TYPES.get(plain.suffix.lower(), _UNKNOWN_TYPE)
        for encoding in (*encodings, None):
            path = plain.with_name(plain.name + ENCODINGS[encoding]) if encoding else plain
            if found := self._stat(path):
                try:
                    return PageFile(path, found, content_type, encoding, self._content(path, found))
                except FileNotFoundError:  # the page is being built anew
                    continue
        return None

    def _stat(self, path: Path) -> os.stat_result | None:
        """The state of a regular file that lies inside the folder, wherever links lead."""
        try:
            found = path.stat()
            inside = path.resolve().is_relative_to(self._folder.resolve())
        except OSError:
            return None
        return found if kinds.S_ISREG(found.st_mode) and inside else None

    def _content(self, path: Path, found: os.stat_result) -> bytes | None:
        if found.st_size > LARGEST_KEPT:
            return None
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._kept.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, path.read_bytes())
            self._keep(path, known)
        return known[1]

    def _keep(self, path: Path, known: tuple[_Stamp, bytes]) -> None:
        held = sum(len(content) for _, content in list(self._kept.values()))
        if held + len(known[1]) > MOST_KEPT:
            self._kept.clear()
        self._kept[path] = known


def accepted_encodings(header: str) -> list[str]:
    """Which encodings a client takes of those that may lie there, the better one first (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    return [name for name in ENCODINGS if weights.get(name, weights.get("*", 0.0)) > 0]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
