"""What is known of the computer, the server and its folders, as clients read it (contract, 5.12).

Invariants: everything is read from this computer, nothing is asked of the network; what cannot be known is left out,
or has the word that clients know for it.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mrdraw import __version__
from mrdraw.hub import Hub
from mrdraw.library import Library
from mrdraw.server.api.version import COMPATIBLE_VERSION
from mrdraw.server.log_files import LOGS
from mrdraw.settings import Settings

Facts = dict[str, str | int | float | bool | None]

_UNKNOWN = "unknown"
_MODEL = Path("/proc/device-tree/model")
_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")


def facts_of(hub: Hub, settings: Settings, user_agent: str | None, generator: str) -> Facts:
    """The flat record; `generator` says who asked for it. Blocks for the disk."""
    facts: Facts = {
        "browser.user_agent": user_agent,
        "connectivity.enabled": False,
        "connectivity.online": True,
        "env.hardware.cores": os.cpu_count(),
        "env.hardware.freq": _megahertz(),
        "env.hardware.ram": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "env.os.bits": 64 if sys.maxsize > 2**32 else 32,
        "env.os.id": sys.platform,
        "env.os.platform": platform.platform(),
        "env.python.pip": _UNKNOWN,
        "env.python.version": platform.python_version(),
        "env.python.virtualenv": sys.prefix != sys.base_prefix,
        "octoprint.last_safe_mode.date": _UNKNOWN,
        "octoprint.last_safe_mode.reason": _UNKNOWN,
        "octoprint.safe_mode": False,
        "octoprint.version": COMPATIBLE_VERSION,
        "mrdraw.version": __version__,
        "mrdraw.base_folder": str(settings.basedir.absolute()),
        "mrdraw.machines": len(hub.machines),
        "systeminfo.generated": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "systeminfo.generator": generator,
    }
    if model := _text(_MODEL).strip("\0\n "):
        facts["env.hardware.model"] = model
    if firmware := hub.default_machine.snapshot.firmware:
        facts["printer.firmware"] = firmware
    return dict(sorted(facts.items()))


def usage_of(library: Library, settings: Settings) -> dict[str, dict[str, int]]:
    """What is free where each of the folders is, and what there is in all; bytes. Blocks for the disk."""
    folders, base = settings.current().folder, settings.basedir
    places: Mapping[str, Path] = {
        "data": base,
        "logs": base / LOGS,
        "timelapse": Path(folders.timelapse) if folders.timelapse else base / "timelapse",
        "translations": base / "translations",
        "uploads": library.folder,
        "watched": Path(folders.watched) if folders.watched else base / "watched",
    }
    return dict(_spaces(places))


def _spaces(places: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, int]]]:
    """Of a folder that is not made yet, where it would be; without those of which nothing can be said."""
    for name, path in places.items():
        there = next((each for each in (path, *path.parents) if each.exists()), None)
        if there is not None:
            with suppress(OSError):
                space = shutil.disk_usage(there)
                yield name, {"free": space.free, "total": space.total}


def _megahertz() -> float:
    """How fast the first core is at most; 0 where the kernel does not say."""
    kilohertz = _text(_FREQUENCY).strip()
    return int(kilohertz) / 1000 if kilohertz.isdigit() else 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
