"""What a firmware does otherwise than stock Marlin, by the name that it gives itself.

Invariants: a row is chosen by words in the firmware's name, the first row that fits counts; whatever can be understood
without knowing the firmware is understood always and has no field here; a row without fields says that this firmware
was thought of.

Sources stand beside each row; docs/protocol/marlin.md, "Quirks", tells the same with what needs no switch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Trouble(Enum):
    """Why a machine interrupts its work by itself."""

    CRASH = "crash"
    """the head ran into something"""
    POWER_PANIC = "power_panic"
    """the mains failed; the firmware saves its state with the last of the power"""
    REGRESS = "regress"
    """it asks for lines that it had acknowledged long ago"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """One row. The fields without a value are as in stock Marlin."""

    names: tuple[str, ...] = ()
    """words in the firmware's name, in lower case"""
    banner: str = ""
    """how its first line starts when it is connected, in lower case"""
    dwells_behind_ok: bool = False
    """G4 is acknowledged at once, then nothing is read until it is over"""
    answers_behind_ok: bool = False
    """temperatures on a line of their own are the answer to an M105, not a report that comes by itself"""
    plain_words: bool = False
    """words that are no G-code (`version`, `fire 10`) have to go without a number and get no ``ok``"""
    noise: tuple[str, ...] = ()
    """how lines start that mean nothing to a host and come between any two others"""
    troubles: tuple[tuple[str, Trouble], ...] = ()
    """lines (regular expressions) with which it says that it interrupts its work"""
    goes_astray: bool = False
    """after a crash it may ask for a line of long ago; people are asked before it gets it"""

    def is_noise(self, text: str) -> bool:
        """Whether a line means nothing, wherever it comes."""
        return text.startswith(self.noise)

    def trouble(self, text: str) -> Trouble | None:
        """Why the machine interrupts its work, if a line says so."""
        return next((trouble for pattern, trouble in self.troubles if re.fullmatch(pattern, text)), None)


STOCK = Quirks()

TABLE = (
    # OctoPrint #1506 and #1941 (G4), #1508 (ok and temperatures on separate lines); Repetier-Firmware, Commands.cpp.
    Quirks(names=("repetier", "anet_a8"), dwells_behind_ok=True, answers_behind_ok=True),
    # OctoPrint #1941: "NAME: Malyan VER: 2.9", a G4 that is acknowledged at once, an ok that always has temperatures.
    Quirks(names=("malyan",), dwells_behind_ok=True),
    # Its differences are about SD cards.
    Quirks(names=("reprapfirmware",)),
    # OctoPrint #2854 and Teacup_Firmware #21: the temperatures come on the line behind "ok".
    Quirks(names=("teacup",), answers_behind_ok=True),
    # It acknowledges every line, words of its own macros too, as stock Marlin does.
    Quirks(names=("klipper",)),
    # Its difference is about SD cards. It has "Sprinter" in its name.
    Quirks(names=("ultimaker2",)),
    # Prusa-Firmware #3503 and #810 (crashes); Prusa-Link, regular_expressions.py (power panic and noise).
    Quirks(
        names=("prusa-firmware",),
        noise=("LCD status changed", "NORMAL MODE:", "SILENT MODE:", "TM:", "Num X,Y:"),
        troubles=((".*CRASH_DETECTED.*", Trouble.CRASH), ("INT4", Trouble.POWER_PANIC)),
        goes_astray=True,
    ),
    # Smoothieware, GcodeDispatch.cpp: a numbered line without G, M or T is acknowledged and does nothing; without a
    # number its shell takes it and sends no ok.
    Quirks(names=("smoothie",), banner="smoothie", plain_words=True),
    # What it splits, glues and leaves out is understood from every firmware.
    Quirks(names=("sprinter", "marlin 1.0", "marlin v1")),
)


def by_name(name: str) -> Quirks:
    """The row for a firmware's name (`FIRMWARE_NAME`, or `NAME` where there is none)."""
    lower = name.lower()
    return next((row for row in TABLE if any(word in lower for word in row.names)), STOCK)


def by_banner(text: str) -> Quirks | None:
    """The row that a line of a start speaks of, or `None`."""
    lower = text.lower()
    return next((row for row in TABLE if row.banner and lower.startswith(row.banner)), None)
