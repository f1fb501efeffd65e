"""The dialect of Marlin and its relatives: numbered lines, acknowledges, resends.

Invariants: every line but emergencies goes over the wire with number and checksum; what is sent next depends on the
numbers alone, never on how many acknowledges came, so a lost, doubled or damaged acknowledge costs time but neither
loses a line nor sends one twice to be executed twice; nothing that heats or moves is sent that was not given.

What is known of the firmware, and from where, stands in docs/protocol/marlin.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum

from mrdraw.firmware import replies, resend
from mrdraw.firmware.clocks import Clocks
from mrdraw.firmware.dialect import (
    AcceptedByLuck,
    Busy,
    CommandAcknowledged,
    Event,
    Failed,
    JobExhausted,
    JobLineAcknowledged,
    JobLineSent,
    JobPauseWanted,
    LinesWanted,
    LocalMisuse,
    LostAcknowledge,
    Priority,
    Queued,
    Ready,
    Received,
    Reset,
    Resend,
    Withheld,
)
from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.identity import is_banner, is_start
from mrdraw.firmware.job import JobLines, Role
from mrdraw.firmware.lines import WITHHELD_BY_HAND, WITHHELD_FROM_JOB, by_hand, check
from mrdraw.firmware.numbered import HELLO, UNNUMBERED, Sent, numbered
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.resend import Refusal, Verdict
from mrdraw.firmware.window import Window
from mrdraw.gcode.words import command_of
