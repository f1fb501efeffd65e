"""The speed that a host set on its side of a pseudo-terminal, and what two ends of unequal speed make of bytes.

Invariants: Linux only; elsewhere the speed is unknown and nothing is garbled.
Source: man 2const TCGETS2, struct termios2 (speeds that are no B constant, as 250000, stand there only).
"""

from __future__ import annotations

import fcntl
import struct
import sys

_TCGETS2 = 0x802C542A
"""as on x86, ARM and RISC-V"""
_TERMIOS2 = struct.Struct("=4I20s2I")

_GARBAGE = bytes((byte * 167 + 129) & 0xFF for byte in range(256))


def line_speed(descriptor: int) -> int | None:
    """The output speed in baud, or `None` when it cannot be known. The master's descriptor tells the slave's."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        answer = fcntl.ioctl(descriptor, _TCGETS2, bytes(_TERMIOS2.size))
    except OSError:
        return None
    return int(_TERMIOS2.unpack(answer)[-1])


def garbled(data: bytes) -> bytes:
    """What arrives at the wrong speed: never the same byte, always the same garbage."""
    return data.translate(_GARBAGE)
