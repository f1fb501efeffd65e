"""The computer: clock, disk, memory, power.

Invariants: what the computer does not tell is not judged.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mrdraw.cli.checks.finding import Finding, ok, problem, warning

MIB = 1024 * 1024
FIRST_YEAR, LAST_YEAR = 2025, 2100
"""Years in which this release may run."""
LITTLE_DISK, NO_DISK = 1024 * MIB, 200 * MIB
LITTLE_MEMORY = 256 * MIB

_SYNCHRONISED = Path("run/systemd/timesync/synchronized")
_THROTTLED = "sys/devices/platform/soc/*/get_throttled"
_TIME_ERROR = 5
_TIMEX_SIZE = 512
"""bytes; the structure of adjtimex(2) is smaller everywhere."""


# --- clock -----------------------------------------------------------------------------------------------------------


def is_synchronised(root: Path = Path("/")) -> bool | None:
    """Whether the clock follows others; `None` when nobody knows."""
    if (root / _SYNCHRONISED).exists():
        return True
    with suppress(OSError, AttributeError):
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE)))  # all zero: only asks
        return None if state < 0 else state != _TIME_ERROR
    return None


def check_clock(now: datetime, synchronised: bool | None) -> Finding:
    """The clock."""
    if not FIRST_YEAR <= now.year <= LAST_YEAR:
        return problem(
            "clock",
            f"The clock says {now:%Y-%m-%d}.",
            "Set it: sudo timedatectl set-ntp true; a computer without a battery needs the network for that.",
        )
    if synchronised is False:
        return warning("clock", "The clock is not synchronised.", "sudo timedatectl set-ntp true")
    return ok("clock", f"It is {now:%Y-%m-%d %H:%M} UTC{', synchronised' if synchronised else ''}.")


def now() -> datetime:
    """The time by this computer's clock."""
    return datetime.now(UTC)


# --- disk ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """The disk under a folder."""

    path: Path
    device: int
    free: int
    """bytes for this user."""


def gather_disk(path: Path) -> DiskFacts | None:
    """The disk under a folder, or under the nearest one above it that exists."""
    with suppress(OSError):
        place = nearest(path)
        status = os.statvfs(place)
        return DiskFacts(path, place.stat().st_dev, status.f_bavail * status.f_frsize)
    return None


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that this user can see."""
    return next((place for place in (path, *path.parents) if _can_be_seen(place)), Path("/"))


def _can_be_seen(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def check_disk(disk: DiskFacts) -> Finding:
    """The space that is left."""
    text = f"{_shown(disk.free)} free for {disk.path}."
    advice = "Delete files that are no longer needed, or move the uploads to another disk (folder.uploads)."
    if disk.free < NO_DISK:
        return problem("disk", text, advice)
    return warning("disk", text, advice) if disk.free < LITTLE_DISK else ok("disk", text)


# --- memory ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """bytes."""

    available: int
    swap_total: int
    swap_free: int


def gather_memory(root: Path = Path("/")) -> MemoryFacts | None:
    """What the kernel says (proc_meminfo(5))."""
    with suppress(OSError, KeyError, ValueError, IndexError):
        lines = (root / "proc" / "meminfo").read_text(encoding="ascii").splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return MemoryFacts(values["MemAvailable"], values["SwapTotal"], values["SwapFree"])
    return None


def check_memory(memory: MemoryFacts) -> Finding:
    """The memory that is left."""
    used = memory.swap_total - memory.swap_free
    swap = f"{_shown(used)} of {_shown(memory.swap_total)} swap in use" if memory.swap_total else "no swap"
    text = f"{_shown(memory.available)} of memory available, {swap}."
    if memory.available < LITTLE_MEMORY:
        return warning("memory", text, "End programs that are not needed; a print suffers when memory runs out.")
    return ok("memory", text)


# --- power -----------------------------------------------------------------------------------------------------------

_THROTTLING = (
    (0, "the voltage is too low"), (1, "the clock rate is capped"), (2, "it is throttled"), (3, "it is too hot"),
)  # fmt: skip
"""Bits of a Raspberry Pi's `get_throttled`; 16 higher: it was so since the start."""
_SINCE_START = 16


def gather_throttling(root: Path = Path("/")) -> int | None:
    """What a Raspberry Pi says of its power; `None` elsewhere."""
    with suppress(OSError, ValueError, StopIteration):
        return int(next(root.glob(_THROTTLED)).read_text(encoding="ascii").strip(), 16)
    return None


def check_throttling(bits: int | None) -> Iterator[Finding]:
    """The power of a Raspberry Pi; nothing is said of other computers."""
    if bits is None:
        return
    advice = "Use the maker's power supply and a short cable; give it air."
    now_wrong = [text for bit, text in _THROTTLING if bits >> bit & 1]
    was_wrong = [text for bit, text in _THROTTLING if bits >> bit + _SINCE_START & 1]
    if now_wrong:
        yield problem("power", f"This Raspberry Pi says: {', '.join(now_wrong)}.", advice)
    elif was_wrong:
        yield warning("power", f"This Raspberry Pi says that since its start at times {', '.join(was_wrong)}.", advice)
    else:
        yield ok("power", "The power has been sufficient since the start.")


def _shown(size: int) -> str:
    return f"{size / MIB / 1024:.1f} GiB" if size >= 1024 * MIB else f"{size // MIB} MiB"
