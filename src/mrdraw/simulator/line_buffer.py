"""From the bytes of the wire to the lines that the firmware looks at.

Invariants: a line ends at CR or LF and empty lines vanish; a comment never reaches the line; a line holds at most
`MAX_CMD_SIZE` − 1 bytes and the rest is dropped silently; bytes wait in the receive buffer only while the command
queue has no room, and at most as many as fit.
"""

from __future__ import annotations

import re
from collections import deque

_SPECIAL = re.compile(rb"[;\\\x08]")
_SPECIAL_WITH_PARENTHESES = re.compile(rb"[;\\\x08(]")

_NORMAL, _SKIP, _PARENTHESES, _ESCAPE = range(4)


class LineAssembler:
    """Gathers one line: drops comments, honours ``\\`` (the next byte is plain text) and 0x08 (deletes a byte)."""

    def __init__(self, max_command_size: int, *, paren_comments: bool = False) -> None:
        self._limit = max_command_size - 1
        self._special = _SPECIAL_WITH_PARENTHESES if paren_comments else _SPECIAL
        self._paren_comments = paren_comments
        self._text = bytearray()
        self._state = _NORMAL

    def add(self, data: bytes) -> None:
        """Take a part of a line; `data` contains no line end."""
        if self._state == _NORMAL and not self._special.search(data):
            self._text += data
            if len(self._text) > self._limit:
                del self._text[self._limit :]
                self._state = _SKIP
            return
        for byte in data:
            if self._state == _SKIP:
                return
            self._add_byte(byte)

    def finish(self) -> bytes:
        """The line ended: return it and start the next one."""
        line = bytes(self._text)
        self._text.clear()
        self._state = _NORMAL
        return line

    def whole(self, line: bytes) -> bytes:
        """A complete line that starts and ends here."""
        if not self._text and self._state == _NORMAL and len(line) <= self._limit and not self._special.search(line):
            return line
        self.add(line)
        return self.finish()

    def _add_byte(self, byte: int) -> None:
        if self._state == _PARENTHESES:
            self._state = _NORMAL if byte == ord(")") else _PARENTHESES
        elif self._state == _ESCAPE:
            self._state = _NORMAL
            self._store(byte)
        elif byte == ord(";"):
            self._state = _SKIP
        elif byte == ord("\\"):
            self._state = _ESCAPE
        elif byte == ord("(") and self._paren_comments:
            self._state = _PARENTHESES
        elif byte == 0x08:
            del self._text[-1:]
        else:
            self._store(byte)

    def _store(self, byte: int) -> None:
        if len(self._text) < self._limit:
            self._text.append(byte)
        else:
            self._state = _SKIP


class ReceiveBuffer:
    """The UART's buffer and the line that is being read from it, with the time at which each line was complete."""

    def __init__(self, size: int, assembler: LineAssembler) -> None:
        self._size = size
        self._assembler = assembler
        self._unread = bytearray()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._total_in = 0
        self._total_read = 0

    def __len__(self) -> int:
        return len(self._unread)

    def add(self, data: bytes, now: float) -> None:
        """Bytes arrived."""
        self._unread += data.replace(b"\r", b"\n") if b"\r" in data else data
        self._total_in += len(data)
        self._arrivals.append((self._total_in, now))

    def take_line(self) -> tuple[bytes, float] | None:
        """Read the next line that is not empty, with its time of arrival; `None` if none is complete."""
        while (end := self._unread.find(b"\n")) >= 0:
            line = self._assembler.whole(bytes(self._unread[:end]))
            arrived = self._consume(end + 1)
            if line and not line.isspace():
                return line, arrived
        if self._unread:
            self._assembler.add(bytes(self._unread))
            self._consume(len(self._unread))
        return None

    def lose_excess(self) -> int:
        """Drop what does not fit, the newest bytes; return how many were lost."""
        lost = len(self._unread) - self._size
        if lost <= 0:
            return 0
        del self._unread[self._size :]
        self._total_in -= lost
        while self._arrivals and self._arrivals[-1][0] > self._total_in:
            _, time = self._arrivals.pop()
            if not self._arrivals or self._arrivals[-1][0] < self._total_in:
                self._arrivals.append((self._total_in, time))
                break
        return lost

    def flush(self) -> None:
        """Throw away everything that was not read yet."""
        self._unread.clear()
        self._arrivals.clear()
        self._total_read = self._total_in

    def reset(self) -> None:
        """Throw away everything, the line that is being read included."""
        self.flush()
        self._assembler.finish()

    def _consume(self, count: int) -> float:
        del self._unread[:count]
        self._total_read += count
        while self._arrivals[0][0] < self._total_read:
            self._arrivals.popleft()
        return self._arrivals[0][1]
