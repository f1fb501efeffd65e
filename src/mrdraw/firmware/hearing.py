"""What firmware says of itself and its machine, as events: everything but acknowledges and resends.

Invariants: nothing here concerns the flow of lines; an error of the kill family is reported once, joined with the
line that follows it.
"""

from __future__ import annotations

from collections.abc import Callable

from mrdraw.firmware import quirks, replies
from mrdraw.firmware.dialect import (
    ActionCommand,
    Capability,
    Event,
    FirmwareError,
    FirmwareInfo,
    Halted,
    Position,
    Temperatures,
    ToolRefused,
    TravelKnown,
)
from mrdraw.firmware.identity import parse_area, parse_capability, parse_firmware
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.temperatures import has_temperatures, parse_position, parse_target, parse_temperatures

_JOIN_WITHIN = 0.25
"""s in which the second line of an error comes"""


class Hearing:
    """Turns lines into events and remembers what the dialect asks for."""

    def __init__(self, emit: Callable[[Event], None], options: MarlinOptions) -> None:
        self._emit = emit
        self._options = options
        self.tool = 0
        """the tool that was selected last"""
        self._tool_before = 0
        self._refused_tools: set[int] = set()
        self.quirks = quirks.STOCK
        """what this firmware does otherwise"""
        self.firmware = ""
        self.data: dict[str, str] = {}
        self.capabilities: dict[str, bool] = {}
        self.reported_at: float | None = None
        """when temperatures came last without being asked for"""
        self.position_at = -1.0
        """when a position came last"""
        self.halted = False
        self.learned = False
        """something new is known of the firmware"""
        self._error = ""
        self._error_since = 0.0
        self._listeners: tuple[Callable[[str], bool], ...] = (
            self._action, self._identity, self._capability, self._area, self._banner, self._refused_tool,
            self._error_line,
        )  # fmt: skip

    def forget(self) -> None:
        """The firmware starts anew."""
        self.tool = self._tool_before = 0
        self._refused_tools.clear()
        self.quirks = quirks.STOCK
        self.capabilities.clear()
        self.firmware = ""
        self.reported_at = None
        self.halted = False
        self._error = ""

    def take(self, text: str, now: float) -> None:
        """A line that is no acknowledge."""
        if self._error:
            if self._joins(text):
                self._finish_error(f"{self._error} {replies.error(text) or text.lstrip(': ')}")
                return
            self.settle_error()
        self._error_since = now
        if not any(listener(text) for listener in self._listeners) and self._report(text, now) and self._by_itself:
            self.reported_at = now

    @property
    def _by_itself(self) -> bool:
        """Whether temperatures on a line of their own were not asked for."""
        return self.capabilities.get("AUTOREPORT_TEMP", False) or not self.quirks.answers_behind_ok

    def take_payload(self, payload: str, now: float) -> None:
        """What followed an ``ok``: an answer to something that was asked."""
        if not self._identity(payload):
            self._report(payload, now)

    def _report(self, text: str, now: float) -> bool:
        """Temperatures or a position; the result says whether temperatures came."""
        if ":" not in text:
            return False
        if has_temperatures(text):
            found = parse_temperatures(text, self.tool)
            if found is not None:
                self._emit(Temperatures(*found))
            return found is not None
        if (targets := parse_target(text)) is not None:
            self._emit(Temperatures(targets))
            return False
        position = parse_position(text)
        if position is not None:
            self.position_at = now
            self._emit(Position(position))
        return False

    # --- errors -------------------------------------------------------------------------------------------------------

    def error_due(self) -> float | None:
        """When `settle_error` has to be called: the second line did not come."""
        return self._error_since + _JOIN_WITHIN if self._error else None

    def settle_error(self) -> None:
        """Report the error that waited for its second line."""
        if self._error:
            self._finish_error(self._error)

    def _joins(self, text: str) -> bool:
        return text.startswith(":") or (replies.error(text) is not None and replies.refusal(text) is None)

    def _error_line(self, text: str) -> bool:
        said = replies.error(text)
        if said is None:
            return False
        if replies.is_final(text):
            self._finish_error(said, fatal=True)
        elif replies.is_fatal(text) or said.isdigit():
            self._error = said
        else:
            self._emit(FirmwareError(said))
        return True

    def _finish_error(self, said: str, *, fatal: bool = False) -> None:
        self._error = ""
        if not (fatal or replies.is_fatal(said)):
            self._emit(FirmwareError(said))
        elif not self.halted:
            self.halted = True
            self._emit(Halted(said))

    # --- who it is ----------------------------------------------------------------------------------------------------

    def _action(self, text: str) -> bool:
        found = replies.action(text)
        if found is not None:
            self._emit(ActionCommand(*found))
        return found is not None

    def _identity(self, text: str) -> bool:
        found = parse_firmware(text)
        if found is not None:
            self.firmware, self.data = found
            self.quirks = quirks.by_name(self.firmware) if self._options.firmware_detection else quirks.STOCK
            self.learned = True
            self._emit(FirmwareInfo(self.firmware, self.data))
        return found is not None

    def _area(self, text: str) -> bool:
        found = parse_area(text)
        if found is not None:
            self._emit(TravelKnown(found))
        return found is not None

    def _banner(self, text: str) -> bool:
        found = quirks.by_banner(text)
        if found is not None and self._options.firmware_detection:
            self.quirks = found
        return found is not None

    # --- tools --------------------------------------------------------------------------------------------------------

    def select(self, tool: int) -> None:
        """A tool is selected; one that the firmware does not have leaves the one before."""
        if tool not in self._refused_tools:
            self._tool_before, self.tool = self.tool, tool

    def _refused_tool(self, text: str) -> bool:
        tool = replies.invalid_tool(text, self.tool)
        if tool is None:
            return False
        self._refused_tools.add(tool)
        if tool == self.tool:
            self.tool = self._tool_before if self._tool_before not in self._refused_tools else 0
        self._emit(ToolRefused(tool))
        return True

    # --- capabilities -------------------------------------------------------------------------------------------------

    def _capability(self, text: str) -> bool:
        found = parse_capability(text)
        if found is not None:
            name, enabled = found[0], found[1] and found[0] not in self._options.unused_capabilities
            self.capabilities[name] = enabled
            self.learned = True
            self._emit(Capability(name, enabled))
        return found is not None
