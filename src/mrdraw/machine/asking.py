"""What the firmware asks and says to people by action commands: prompts and notifications.

Invariants: a prompt is there from its `prompt_show` until it is answered, ended, replaced, or the wire is closed; only
its own choices answer it; what is kept is bounded, whatever the firmware sends.
Source: marlinfw.org/docs/gcode/M876.html and Marlin's host_actions.cpp (behaviour).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from mrdraw import events
from mrdraw.errors import InvalidValue, WrongState
from mrdraw.firmware.dialect import Priority
from mrdraw.link.messages import Notification, Prompt

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine

_MOST_CHOICES = 32
_MOST_NOTIFICATIONS = 50
_LONGEST = 500
"""Characters of a text."""


class Asking:
    """The question that is open, and what was said."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.prompt: Prompt | None = None
        self._text = ""
        self._choices: list[str] | None = None
        """Of the question that is being told; `None` while none is."""
        self._said: deque[Notification] = deque(maxlen=_MOST_NOTIFICATIONS)
        self.actions: dict[str, Callable[[str], None]] = {
            "prompt_begin": self._begin,
            "prompt_choice": self._choice,
            "prompt_button": self._choice,
            "prompt_show": self._show,
            "prompt_end": lambda _: self.close(),
            "notification": self._say,
        }

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """What was said and not cleared, oldest first."""
        return tuple(self._said)

    def answer(self, choice: int) -> None:
        """A person chose. Raises `WrongState`, `InvalidValue`, `NotOperational`."""
        if self.prompt is None:
            raise WrongState("The firmware asks nothing now.")
        if not 0 <= choice < len(self.prompt.choices):
            choices = ", ".join(f"{number}: {text}" for number, text in enumerate(self.prompt.choices))
            raise InvalidValue(f"There is no choice {choice}; choices are: {choices or 'none'}.")
        self._machine.send([f"M876 S{choice}"], Priority.EMERGENCY)
        self.close()

    def clear(self) -> None:
        """A person took note of what was said."""
        if self._said:
            self._said.clear()
            self._machine.publish(events.NotificationsCleared())
            self._machine.changed()

    def close(self) -> None:
        """The question is no longer asked."""
        self._choices = None
        if self.prompt is not None:
            self.prompt = None
            self._machine.publish(events.PromptClosed())
            self._machine.changed()

    def forget(self) -> None:
        """The wire was closed: who asked and said is gone."""
        self.close()
        self.clear()

    def _begin(self, text: str) -> None:
        self.close()
        self._text, self._choices = text[:_LONGEST], []

    def _choice(self, text: str) -> None:
        if self._choices is not None and len(self._choices) < _MOST_CHOICES:
            self._choices.append(text[:_LONGEST])

    def _show(self, _text: str) -> None:
        if self._choices is None:
            return
        self.prompt, self._choices = Prompt(text=self._text, choices=tuple(self._choices)), None
        self._machine.publish(events.PromptShown(text=self.prompt.text, choices=list(self.prompt.choices)))
        self._machine.changed()

    def _say(self, text: str) -> None:
        if text:
            self._said.append(Notification(at=time(), message=text[:_LONGEST]))
            self._machine.publish(events.NotificationShown(message=text[:_LONGEST]))
            self._machine.changed()
