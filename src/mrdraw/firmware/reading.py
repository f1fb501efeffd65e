"""Lines out of received bytes.

Invariants: however the bytes are cut, the same lines come out; NUL and other control bytes that a board sends while it
boots are dropped; text is UTF-8, else Latin-1; a line that never ends is cut rather than kept.
"""

from __future__ import annotations

LONGEST = 4096
"""bytes without a line end that are kept."""

_NOISE = bytes(byte for byte in range(32) if byte not in b"\t\n\r") + b"\x7f"


class LineReader:
    """Puts lines together."""

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes and return the lines that they complete, without line ends; empty ones are left out."""
        if data == b"ok\n" and not self._partial:
            return ["ok"]
        *whole, self._partial = (self._partial + data.replace(b"\r", b"\n")).split(b"\n")
        self._partial = self._partial[-LONGEST:]
        lines = (_text(line) for line in whole)
        return [line for line in lines if line]


def _text(raw: bytes) -> str:
    raw = raw.translate(None, _NOISE)
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip("\x80 ")
