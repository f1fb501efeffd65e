"""Transcripts: conversations with a firmware as text, played against the real dialect.

Each line is a step of the machine's side, or what has to follow it, in order; nothing else may be sent or reported::

    # a comment
    job> G1 X1 | G1 X2        a job of these lines is begun
    hand> M105                a command is typed
    poll>                     temperatures are asked for, unless the firmware reports them by itself
    release>                  a person lets the held job go on
    wait> 0.5                 time passes, s
    machine> ok               a line of the firmware arrives; \\x00 is a byte

    host> N4 G1 X1            is written to the wire (the checksum is added to a line with a number)
    event> Resend(number=4)   is reported; the name alone stands for any event of that kind

Lines as they were received, lines of the job that were sent or are wanted, and capabilities are not written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from helpers_firmware import Script, checksummed
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions

FOLDER = Path(__file__).parent / "firmware" / "transcripts"

_STEP = re.compile(r"(job|hand|poll|release|wait|machine|host|event|open)> ?(.*)")
_NUMBERED = re.compile(r"N(\d+) (.+)")
_NOT_WRITTEN_DOWN = (wire.Received, wire.JobLineSent, wire.LinesWanted, wire.Capability)


@dataclass
class Step:
    """What happens, and what has to follow."""

    line: int
    action: str
    argument: str
    sent: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


def read(text: str) -> list[Step]:
    """The steps of a transcript."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _STEP.fullmatch(line)
        assert found is not None, f"line {number} is no step: {line}"
        action, argument = found.groups()
        if action == "host":
            steps[-1].sent.append(_on_the_wire(argument))
        elif action == "event":
            steps[-1].events.append(argument)
        else:
            steps.append(Step(number, action, argument))
    return steps


def _on_the_wire(line: str) -> str:
    numbered = _NUMBERED.fullmatch(line)
    return checksummed(int(numbered[1]), numbered[2]) if numbered else line


def play(text: str, options: MarlinOptions | None = None) -> Script:
    """Play a transcript; the script as it is at its end."""
    script = Script(options)
    for step in read(text):
        events = _act(script, step)
        sent = script.sent()
        events += script.feed(b"")
        sent += script.sent()
        where = f"line {step.line}, {step.action}> {step.argument}"
        assert sent == step.sent, f"{where}: sent {sent}, not {step.sent}"
        told = [event for event in events if not isinstance(event, _NOT_WRITTEN_DOWN)]
        shown = [
            type(event).__name__ if expected == type(event).__name__ else repr(event)
            for event, expected in zip(told, [*step.events, *[""] * len(told)], strict=False)
        ]
        assert shown == step.events, f"{where}: {shown}, not {step.events}"
    return script


def _act(script: Script, step: Step) -> list[wire.Event]:
    if step.action == "machine":
        raw = step.argument.encode("latin-1").decode("unicode_escape").encode("latin-1")
        return script.feed(raw + b"\n")
    if step.action == "wait":
        return script.wait(float(step.argument))
    if step.action == "hand":
        script.hand(step.argument)
    elif step.action == "poll":
        command = script.dialect.temperature_poll()
        if command is not None:
            script.hand(command)
    elif step.action == "release":
        script.dialect.release_job()
    elif step.action == "open":
        script.open()
    else:
        script.begin(*step.argument.split(" | "))
    return []
