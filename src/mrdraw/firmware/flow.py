"""The flow of lines: what is in flight, what an acknowledge means, and when the firmware is probed.

Invariants: an acknowledge decides when the next line goes, never which; ``ok T:…`` is the answer to an M105 and to
nothing else; a number in an acknowledge counts more than its order; one silence costs one probe, and probes never
fill the firmware's buffer.

Sources: docs/protocol/marlin.md, "Acknowledges" and "Clocks".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mrdraw.firmware import replies
from mrdraw.firmware.allowance import Allowance
from mrdraw.firmware.clocks import Clocks
from mrdraw.firmware.dialect import Event, LostAcknowledge
from mrdraw.firmware.numbered import OVERHEAD, UNNUMBERED, Sent
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.tally import Tally
from mrdraw.firmware.temperatures import has_temperatures
from mrdraw.firmware.window import Window

TEMPERATURES = b"M105"

_ADVANCED = "NP"
"""How the payload of ADVANCED_OK begins."""

_IGNORED_OKS = 8
"""So many acknowledges too many are believed in before an M105's answer is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Where the flow reports to."""

    emit: Callable[[Event], None]
    taken: Callable[[Sent], None]
    """a line was taken by the firmware"""
    give_up: Callable[[str, str], None]
    """with a text and a reason"""
    was_reset: Callable[[], None]
    """the firmware counts from the beginning"""
    renumber: Callable[[int], None]
    """the firmware has to be told which number comes next"""


class Flow:
    """The lines in flight."""

    def __init__(self, options: MarlinOptions, clocks: Clocks, outcomes: Outcomes) -> None:
        self.window = Window()
        self.clocks = clocks
        self.tally = Tally()
        self.allowance = Allowance(options, outcomes.emit)
        self.probe_due = False
        self.narrow_until = -1
        """until this number is taken, only one line may be in flight"""
        self._outcomes = outcomes
        self._reports_in_ok = False
        """this firmware answers M105 with ``ok T:…``"""
        self._echoes_numbers = False
        """this firmware names the line that it acknowledges"""
        self._ignored_oks = 0
        self._ignored_since_probe = False
        self._early_reports = 0
        """M105s that a plain ``ok`` seemed to answer"""
        self._doubtful_report = False
        """the newest answer was taken for that of the oldest M105; it may be a later one's"""
        self._owed: deque[Sent] = deque()
        """lines that are known to be taken, whose acknowledges are still to come; others are sent again behind them.
        Of firmware that names its lines only the M105s: it names all but those"""
        self._strange = False
        """the next acknowledge answers a command that nobody sent"""

    def clear(self) -> None:
        """The numbering starts anew."""
        self.window.clear()
        self.allowance.going_back(1)
        self.probe_due = False
        self.narrow_until = -1
        self._reports_in_ok = self._echoes_numbers = False
        self._ignored_oks = self._early_reports = 0
        self._ignored_since_probe = self._doubtful_report = False
        self._owed.clear()
        self._strange = False

    # --- sending ------------------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """Whether one more line may be in flight."""
        limit = 1 if self.narrow_until >= 0 else self.allowance.lines
        return len(self.window.pending) < limit

    def fits(self, text: bytes) -> bool:
        """Whether a new line finds room in the firmware's receive buffer."""
        return not self.window.pending or self._has_bytes(len(text) + OVERHEAD + 1)

    def fits_again(self, sent: Sent) -> bool:
        """Whether a line that was sent before finds room in the firmware's receive buffer."""
        return not self.window.pending or self._has_bytes(len(sent.wire))

    def _has_bytes(self, size: int) -> bool:
        pending, read = self.window.pending, self.allowance.read_through
        if pending[-1].number > read:
            size += sum([len(sent.wire) for sent in pending if sent.number > read])
        return self.allowance.room_for(size)

    def send(self, text: bytes, *, index: int = -1, job: object = None, long_running: bool = False) -> Sent:
        """Number a new line and put it in flight."""
        if not self.window.pending:
            self.clocks.start()
        return self.window.add(text, index=index, job=job, long_running=long_running)

    def ask_temperatures(self) -> Sent:
        """Put an M105 in flight."""
        sent = self.send(TEMPERATURES)
        sent.reports = True
        return sent

    def again(self, sent: Sent) -> bytes:
        """Put a line in flight that was sent before."""
        if not self.window.pending:
            self.clocks.start()
        self.window.again(sent)
        return sent.wire

    # --- acknowledges -------------------------------------------------------------------------------------------------

    def acknowledge_line(self, number: int, planner_free: int, queue_free: int) -> None:
        """An ``ok`` named its line and told how much room there is (ADVANCED_OK)."""
        self._strange = False
        self.note_room(number, planner_free, queue_free)
        if self.window.pending and not self._by_number(number) and not self._is_stray():
            self.take_oldest()

    @property
    def disturbed(self) -> bool:
        """Whether something is asked, owed or sent again, so that an acknowledge has to be looked at closely."""
        clocks = self.clocks
        return clocks.probes > 0 or clocks.quick or self._strange or bool(self._owed) or self.narrow_until >= 0

    def note_room(self, number: int | None, planner_free: int, queue_free: int) -> None:
        """An acknowledge told how much room there is in the firmware."""
        self._echoes_numbers |= number is not None
        self.tally.room(planner_free, queue_free)
        self.allowance.reported(number, queue_free)

    def hear_hello(self, payload: str) -> None:
        """What followed an ``ok`` before lines are counted; it shows whether this firmware names its lines."""
        said = replies.advanced(payload)
        self._echoes_numbers |= said is not None and said[0] is not None

    def acknowledge(self, payload: str) -> None:
        """An ``ok`` came, with what followed it on its line."""
        pending = self.window.pending
        strange, self._strange = self._strange, False
        if not pending:
            return
        # Malyan firmware reports temperatures with each ``ok N10 P15 B3``: only without these they answer an M105.
        reports = bool(payload) and payload[0] not in _ADVANCED and has_temperatures(payload)
        if strange and not reports:
            self._find_out()
            return
        if payload and self._take_payload(payload, reports=reports):
            return
        if self._owed and not reports:
            self._take_owed(0)
        elif reports or not self._is_stray():
            self.take_oldest()

    def _take_payload(self, payload: str, *, reports: bool) -> bool:
        """What followed the ``ok``; the result says whether it told which line is meant."""
        if (said := replies.advanced(payload)) is not None:
            if said[0] is None and self._names_all:
                self._find_out()
                return True
            self.note_room(*said)
        return self._by_report() if reports else self._by_number(replies.echoed_number(payload))

    def _take_owed(self, place: int) -> None:
        """The lines up to `place` of those that were taken before are executed."""
        for _ in range(place + 1):
            self._owed.popleft()
        self.clocks.start()
        if not self._echoes_numbers:
            self.clocks.hurry()

    @property
    def _names_all(self) -> bool:
        """Whether an acknowledge that could name its line, but names none, answers a command that nobody sent."""
        return self._echoes_numbers and all(sent.number != UNNUMBERED for sent in self.window.pending)

    def hear(self, unknown: str | None) -> None:
        """Something came that is no acknowledge; how the command begins that the firmware does not know, if it says so.

        A line that lost its number on the way is executed as a plain command. The acknowledge behind the complaint
        about it is not that of a line in flight.
        """
        self._strange = unknown is not None and not _begins_with(unknown, [*self.window.pending, *self._owed])

    def _find_out(self) -> None:
        """A line lost its number: which, says the request that the next one in flight provokes, or a question."""
        if len(self.window.pending) == 1 and not self.window.going_back:
            self.clocks.probed()
            self.probe_due = True
        else:
            self.clocks.hurry()

    def _is_stray(self) -> bool:
        """Whether a plain ``ok`` is one too many: the answer to the oldest line looks otherwise."""
        stray = self._reports_in_ok and self.window.pending[0].reports and self._ignored_oks < _IGNORED_OKS
        self._ignored_oks += stray
        self._ignored_since_probe |= stray
        return stray

    def take_oldest(self) -> None:
        """One acknowledge, for the oldest line in flight."""
        pending = self.window.pending
        if self._answers_probe:
            self._take_through(len(pending) - 1)
            return
        was_probed = self.clocks.probes > 0
        sent = self.window.take_oldest()
        if sent.reports:
            self._early_reports += 1
        self.clocks.start()
        if was_probed and self._only_probes_left:
            self.clocks.hurry()
        self._taken(sent)

    @property
    def _answers_probe(self) -> bool:
        """Whether a plain ``ok`` is the answer to a line that was sent again to find out if one was lost.

        Behind several lines the acknowledge of the oldest is late, more likely than all of theirs are lost.
        """
        pending = self.window.pending
        alone = len(pending) == 2 or (len(pending) > 1 and self.narrow_until >= 0)
        return self.clocks.probes > 0 and alone and not pending[-1].reports

    @property
    def _only_probes_left(self) -> bool:
        """Whether nothing but probes is in flight, of a firmware whose answers to them cannot be told from others."""
        told_apart = self._reports_in_ok and not self._doubtful_report
        return bool(self.window.pending) and not told_apart and all(sent.reports for sent in self.window.pending)

    def _by_number(self, number: int | None) -> bool:
        if number is None:
            return False
        while self._owed and self._owed[0].number <= number:
            self._owed.popleft()  # its answer came before, or was lost
        place = self.window.place_of(number)
        if place is not None:
            self._echoes_numbers = True
            self._take_through(place)
            return True
        return self._echoes_numbers and number <= self.window.acknowledged

    def _by_report(self) -> bool:
        owed = next((place for place, sent in enumerate(self._owed) if sent.reports), None)
        if owed is not None:
            self._reports_in_ok = True
            self._take_owed(owed)
            return True
        places = self.window.places_of_reports()
        if not places:
            known = self._reports_in_ok or self._early_reports > 0
            self._reports_in_ok = known
            return known  # one too many
        self._reports_in_ok = True
        self._owed.clear()
        probed = self.clocks.probes > 0
        doubtful = probed and len(places) > 1 and not self._doubtful_report
        self._take_through(places[-1] if probed and not doubtful else places[0])
        if doubtful:
            self._doubtful_report = True
            self.clocks.hurry()
        return True

    def _take_through(self, place: int) -> None:
        """The lines up to `place` in the window were taken; the acknowledges of all but the last were lost."""
        if place or self.clocks.quick:
            self.lost_acknowledge()
        taken = self.window.take_through(place)
        self.clocks.start()
        for sent in taken:
            self._taken(sent)

    def lost_acknowledge(self) -> None:
        """A line was taken whose acknowledge never came."""
        self.tally.lost_acknowledges += 1
        self._outcomes.emit(LostAcknowledge())

    def _taken(self, sent: Sent) -> None:
        self._doubtful_report = False
        if sent.reports:
            self._ignored_oks = 0
            self._ignored_since_probe = False
        self.allowance.taken()
        if sent.long_running:
            self.tally.explained_waits += 1
        if sent.number >= self.narrow_until >= 0:
            self.narrow_until = -1
        self._outcomes.taken(sent)

    @property
    def can_synchronise(self) -> bool:
        """Whether an M105 finds out if there was an acknowledge too many: its answer cannot be mistaken."""
        return self._reports_in_ok

    def go_to(self, number: int) -> None:
        """Send from `number` on; everything before it was taken, though it may still wait to be executed."""
        taken = self.window.go_to(number)
        if not self.clocks.probes:
            self._owed.extend(sent for sent in taken if sent.reports or not self._echoes_numbers)
        self.allowance.going_back(number)
        self.clocks.start()
        for sent in taken:
            self._taken(sent)

    def give_up_line(self, number: int) -> None:
        """A line has to be sent again that is not known any more."""
        self._outcomes.give_up(f"The firmware asks for line {number}, which is not known any more.", "resend")

    # --- time ---------------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `check` has to be called because an acknowledge is missing, or `None`."""
        if not self.window.pending:
            return None
        long_running = self._long_running
        give_up_at = self.clocks.give_up_at(long_running=long_running)
        if not self.clocks.may_probe(long_running=long_running):
            return give_up_at
        probe_due = self.clocks.probe_due(long_running=long_running)
        return probe_due if give_up_at is None else min(probe_due, give_up_at)

    @property
    def _long_running(self) -> bool:
        """Whether a command that may take long is in flight or waits in the firmware's queue."""
        return self.window.long_running or any(sent.long_running for sent in self._owed)

    def check(self) -> None:
        """Time has passed: is an acknowledge missing?"""
        due = self.deadline()
        if due is not None and self.clocks.now >= due:
            self._no_acknowledge()

    def _no_acknowledge(self) -> None:
        clocks = self.clocks
        long_running = self._long_running
        give_up_at = clocks.give_up_at(long_running=long_running)
        if give_up_at is not None and clocks.now >= give_up_at:
            seconds = clocks.now - clocks.progress
            self._outcomes.give_up(
                f"The firmware acknowledged nothing for {seconds:.0f} s and did not answer {clocks.probes} probes.",
                "timeout",
            )
        elif self._ignored_since_probe and clocks.probes:
            self._reports_in_ok = self._ignored_since_probe = False
            self._ignored_oks = 0
            self._take_through(len(self.window.pending) - 1)
        elif clocks.quick and self._only_probes_left:
            self._take_through(len(self.window.pending) - 1)  # one acknowledge came for two lines: one was lost
        elif clocks.may_probe(long_running=long_running):
            self.probe()

    def probe(self) -> None:
        """Ask the firmware for a sign, whatever is in flight."""
        self._ignored_since_probe = False
        self.clocks.probed()
        self.probe_due = True
        self.tally.timeouts += 1

    def idle(self) -> None:
        """The firmware says that it has nothing to do: what is in flight was lost, or its acknowledge was."""
        if self.window.pending and not self.clocks.quick and not self.clocks.probes:
            self.clocks.hurry()


def _begins_with(word: str, lines: Iterable[Sent]) -> bool:
    """Whether one of the lines does."""
    return bool(word) and any(sent.begins_with(word.encode()) for sent in lines)
