"""The scripts of a job: rendered before it starts, so that the machine host needs nobody.

Invariants: a script that cannot be rendered refuses the start; what is sent holds no comments and no empty lines.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mrdraw.link.messages import Scripts

JOB_SCRIPTS = {
    "beforePrintStarted": "before_print_started",
    "afterPrintDone": "after_print_done",
    "afterPrintCancelled": "after_print_cancelled",
    "afterPrintPaused": "after_print_paused",
    "beforePrintResumed": "before_print_resumed",
}
"""The scripts of a job by their name in the settings, and the field that carries them."""


def render_job_scripts(texts: Mapping[str, str], variables: Mapping[str, object]) -> Scripts:
    """The scripts of a job. Raises `JobFailed` for a template that cannot be rendered."""
    rendered = {field: render(texts, name, variables) for name, field in JOB_SCRIPTS.items() if texts.get(name)}
    return msgspec.convert(rendered, Scripts)


def render(texts: Mapping[str, str], name: str, variables: Mapping[str, object]) -> tuple[str, ...]:
    """The lines of one script. Raises `JobFailed`."""
    from mrdraw.hub.templates import Templates  # noqa: PLC0415 - only when there is something to render

    script = {"type": "gcode", "name": name}
    return lines_of(Templates(texts).render(name, {**variables, "script": script}))


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a script without comments and empty ones."""
    lines = (line.split(";", 1)[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)
