"""Refused lines: hearing the error and the request, deciding once, and waiting for the ``ok`` that belongs to them.

Invariants: one request sends one line again, the one that was asked for, with its old number and bytes; the ``ok`` of
a request acknowledges nothing; a request that repeats what is being done is ignored; a firmware that asks for the
same line again and again is given up.

Sources: docs/protocol/marlin.md, "Resends".
"""

from __future__ import annotations

from mrdraw.firmware import replies, resend
from mrdraw.firmware.dialect import AcceptedByLuck, Resend
from mrdraw.firmware.flow import Flow, Outcomes
from mrdraw.firmware.interruption import Interruption
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.replies import RIGHT_NUMBER, RefusalKind
from mrdraw.firmware.resend import Refusal, Verdict


class Refusals:
    """What the firmware refused."""

    def __init__(self, options: MarlinOptions, flow: Flow, outcomes: Outcomes, interruption: Interruption) -> None:
        self._options = options
        self._flow = flow
        self._outcomes = outcomes
        self._interruption = interruption
        self._verdicts = {
            Verdict.OBEY: self._obey,
            Verdict.NOTHING_LOST: self._nothing_lost,
            Verdict.IGNORE: self._ignore,
            Verdict.RESET: lambda _number, _refusal: outcomes.was_reset(),
            Verdict.AHEAD: self._ahead,
        }
        self.clear()

    def clear(self) -> None:
        """The firmware starts anew."""
        self._current: Refusal | None = None
        self._asked_for = -1
        self._asked_times = 0
        self._ignored = 0
        self._resent = -1
        """the line that was sent again last"""
        self._echoes = 0
        """so many requests for it may still come from lines that were in flight"""
        self._doubtful = False
        """there may be an acknowledge too many"""

    @property
    def open(self) -> bool:
        """Whether one is being heard: nothing is sent meanwhile."""
        return self._current is not None

    @property
    def concerned(self) -> bool:
        """Whether the next line that is taken may settle something here."""
        return self._current is not None or self._asked_for >= 0 or self._ignored > 0

    def drop(self) -> None:
        """An emergency: wait for nothing."""
        self._current = None

    # --- hearing ------------------------------------------------------------------------------------------------------

    def hear(self, text: str, job: object) -> bool:
        """Take a line that is no acknowledge; the result says whether it belongs to a refusal."""
        said = replies.refusal(text)
        requested = replies.resend_request(text, anywhere=said is not None)
        if said is None and requested is None:
            if self._current is not None and self._current.decided:
                self._current = None  # another line came first: there is no ok with this request
            return False
        if said is not None:
            if said.kind is RefusalKind.NO_NUMBER and requested is None:
                self._current = None
                self._flow.acknowledge("")
                return True
            self._current = Refusal(self._flow.clocks.now, said.kind, said.last)
        if requested is not None:
            self._hear_request(requested, job)
        return True

    def _hear_request(self, requested: int, job: object) -> None:
        refusal = self._current
        if refusal is None or (refusal.decided and refusal.requested != requested):
            refusal = self._current = Refusal(self._flow.clocks.now)
        if not refusal.decided:
            refusal.requested = requested
            refusal.since = self._flow.clocks.now
            self._decide(refusal, job)

    def take_ok(self, job: object, *, has_report: bool) -> bool:
        """An ``ok`` came; the result says whether it belongs to a refusal."""
        refusal = self._current
        if refusal is None:
            return False
        self._close(refusal, job)
        return not has_report

    def deadline(self) -> float | None:
        """When `check` has to be called: the ``ok`` did not come."""
        return None if self._current is None else self._current.since + resend.OK_FOLLOWS_WITHIN

    def check(self, job: object) -> None:
        """Time has passed."""
        refusal, due = self._current, self.deadline()
        if refusal is not None and due is not None and self._flow.clocks.now >= due:
            self._close(refusal, job)

    def _close(self, refusal: Refusal, job: object) -> None:
        if not refusal.decided:
            self._decide(refusal, job)  # the request was lost or damaged, the error line says enough
        self._current = None

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _decide(self, refusal: Refusal, job: object) -> None:
        refusal.decided = True
        window = self._flow.window
        position = resend.Position(
            oldest_pending=window.pending[0].number if window.pending else window.following,
            following=window.following,
            frontier=window.frontier,
            acknowledged=window.acknowledged,
            oldest_known=window.oldest_known(job),
        )
        verdict, number = resend.judge(refusal, position)
        self._verdicts[verdict](number, refusal)

    def _obey(self, number: int, refusal: Refusal) -> None:
        if number <= self._flow.window.acknowledged and self._interruption.went_back(number):
            return
        if self._is_echo(number, refusal):
            self._flow.clocks.hurry()
            return
        self._asked_times = self._asked_times + 1 if number == self._asked_for else 1
        self._asked_for = number
        self._flow.tally.resends += 1
        self._flow.allowance.resent(self._asked_times)
        self._outcomes.emit(Resend(number))
        if self._asked_times >= self._options.max_consecutive_resends:
            text = f"The firmware asked for line {number} {self._asked_times} times in a row: the wire is bad."
            self._outcomes.give_up(text, "resend_loop")
            return
        pending = self._flow.window.pending
        probing = self._flow.clocks.probes > 0 and refusal.kind not in RIGHT_NUMBER
        self._echoes = 0 if probing else sum(sent.number > number for sent in pending)
        self._doubtful = len(pending) != 1 or refusal.kind is not RefusalKind.CHECKSUM
        self._resent = self._flow.narrow_until = number
        self._flow.go_to(number)

    def _is_echo(self, number: int, refusal: Refusal) -> bool:
        """Whether a request repeats what is being done already.

        Each line that was in flight behind the refused one asks for it, too. And a line that was sent twice makes the
        firmware ask for the one behind it, which is on its way. If that is wrong, the clock finds out soon.
        """
        flow = self._flow
        pending = flow.window.pending
        if not pending or pending[0].number != number or refusal.kind in RIGHT_NUMBER or flow.clocks.probes:
            return False
        if number == self._resent and self._echoes > 0:
            self._echoes -= 1
            return True
        if number == self._resent + 1:
            self._resent = -1
            return True
        return False

    def _nothing_lost(self, number: int, _: Refusal) -> None:
        if self._flow.window.pending and self._flow.clocks.probes:
            self._flow.lost_acknowledge()
        self._resent = number - 1
        self._flow.go_to(number)

    def _ignore(self, number: int, _: Refusal) -> None:
        if not self._is_understood(number):
            return
        if self._flow.window.pending:
            self._flow.clocks.hurry()
        else:
            self._flow.probe()  # its answer says the number twice

    def _is_understood(self, number: int) -> bool:
        """Count requests that make no sense; too many in a row are the end."""
        self._ignored += 1
        if self._ignored >= self._options.max_consecutive_resends:
            self._outcomes.give_up(f"The firmware asks for line {number}, which is not known (any more).", "resend")
            return False
        return True

    def _ahead(self, number: int, _: Refusal) -> None:
        """The firmware took a number that was not sent: its counter is set right."""
        self._flow.tally.accepted_by_luck += 1
        self._outcomes.emit(AcceptedByLuck(number - 1))
        if not self._is_understood(number):
            return
        window = self._flow.window
        following = window.pending[0].number if window.pending else window.following
        self._flow.go_to(following)
        self._outcomes.renumber(following)

    def taken(self, number: int) -> bool:
        """A line was taken; the result says whether a doubtful refusal is settled by that."""
        self._ignored = 0
        if self._asked_for < 0 or number < self._asked_for:
            return False
        self._asked_for, self._asked_times = -1, 0
        doubtful, self._doubtful = self._doubtful, False
        return doubtful
