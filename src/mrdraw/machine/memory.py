"""What a machine host remembers across its death: the last settings, what it was connected to, how jobs ended.

Invariants: written whole under another name and renamed; unreadable memory is no memory; called from threads, except
for the one read at the start.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from mrdraw.link.messages import DeviceIdentity, JobEnded, MachineSettings

_NAME = "memory.msgpack"


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered."""

    settings: MachineSettings = MachineSettings()
    port: str | None = None
    """The port that was open, or `None` when it was closed on purpose."""
    baudrate: int | None = None
    ended: tuple[JobEnded, ...] = ()
    """The last jobs, oldest first."""
    device: DeviceIdentity = DeviceIdentity()
    """What was on that port."""


def recall(folder: Path) -> Memory:
    """The memory of this folder's machine host; an empty one when there is none."""
    try:
        return msgspec.msgpack.decode((folder / _NAME).read_bytes(), type=Memory)
    except (OSError, msgspec.MsgspecError):
        return Memory()


def remember(folder: Path, memory: Memory) -> None:
    """Write the memory. Raises `OSError`."""
    partial = folder / f"{_NAME}.new"
    with partial.open("wb") as file:
        file.write(msgspec.msgpack.encode(memory))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / _NAME)
