"""A machine that interrupts its work by itself: the job is held, and goes on where the machine wants it to.

Invariants: after a crash, or when the firmware went astray, no line of the job is sent until a person released it; the
job then goes on with the line that the firmware asked for, under new numbers, so that commands typed meanwhile pass.

Sources: docs/protocol/marlin.md, "Quirks"; Prusa-Firmware #3503 and #810; OctoPrint #3847 (a filament sensor makes the
firmware ask for a line a few back).
"""

from __future__ import annotations

from collections.abc import Callable

from mrdraw.firmware.dialect import Event, Interrupted
from mrdraw.firmware.flow import Flow
from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.outbox import Outbox
from mrdraw.firmware.quirks import Trouble

_TEXTS = {
    Trouble.CRASH: "The machine's head ran into something.",
    Trouble.POWER_PANIC: "The machine's power failed.",
    Trouble.REGRESS: "The machine wants lines again that it had taken long ago.",
}

_FAR_BACK = 64
"""lines; a firmware that asks for one so long after it acknowledged it has lost its way"""


class Interruption:
    """Why the job is held, if the machine wanted that."""

    def __init__(
        self,
        flow: Flow,
        hearing: Hearing,
        outbox: Outbox,
        emit: Callable[[Event], None],
        renumber: Callable[[int], None],
    ) -> None:
        """`renumber` tells the firmware which number comes next."""
        self._flow = flow
        self._hearing = hearing
        self._outbox = outbox
        self._emit = emit
        self._renumber = renumber
        self._trouble: Trouble | None = None

    def forget(self) -> None:
        """The firmware starts anew, or a person released the job."""
        self._trouble = None

    def hear(self, text: str) -> bool:
        """Take a line; the result says whether it tells of an interruption."""
        trouble = self._hearing.quirks.trouble(text)
        if trouble is None:
            return False
        self._begin(trouble)
        return True

    def _begin(self, trouble: Trouble) -> None:
        if self._trouble is trouble:
            return  # it says so again
        if self._outbox.job is not None:
            self._trouble = trouble
            self._outbox.job.held = True
        self._emit(Interrupted(trouble.value, _TEXTS[trouble]))

    def went_back(self, number: int) -> bool:
        """The firmware asks for a line that it acknowledged; whether it waits for a person before it gets it.

        After a crash Prusa firmware wants all lines whose moves it had planned and not done. It asks for those behind
        a filament change or run-out, too, and gets them at once, as long as they are not far back.
        """
        far = self._hearing.quirks.goes_astray and number <= self._flow.window.acknowledged - _FAR_BACK
        if not (far or self._trouble is Trouble.CRASH) or not self._outbox.rewind(number):
            return False
        if self._trouble is not Trouble.CRASH:
            self._begin(Trouble.REGRESS)
        self._renumber(self._flow.window.frontier)
        return True
