"""`mrdraw doctor`: what is wrong, and what to do.

Invariants: nothing is changed; called by root it looks as the owner of the base folder does; the exit code is 1 when
there is a problem, and not for warnings. Where no folder is named it is that of the installed service, if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mrdraw.cli.checks.finding import Finding
    from mrdraw.cli.words import Verbs

_LONGEST_LEVEL = len("warning")


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `doctor`."""
    parser = verbs.add_parser("doctor", help="say what is wrong, and what to do", parents=parents)
    parser.add_argument("--json", action="store_true", help="for programs to read")
    parser.set_defaults(run=run)


def run(basedir: Path, arguments: argparse.Namespace) -> int:
    """Look at everything; 1 when there is a problem."""
    from mrdraw.cli.checks.all import basedir_of_service, examine  # noqa: PLC0415 - only this verb needs it
    from mrdraw.cli.checks.finding import Level  # noqa: PLC0415

    if "basedir" not in arguments and "MRDRAW_BASEDIR" not in os.environ:
        basedir = basedir_of_service() or basedir
    user, findings = examine(basedir)
    if arguments.json:
        print(as_json(findings))
    else:
        print(f"Looked at {basedir} as {user}.")
        print("\n".join(as_lines(findings)))
    return int(any(finding.level is Level.PROBLEM for finding in findings))


def as_lines(findings: Iterable[Finding]) -> list[str]:
    """One line per finding."""
    return [
        f"{finding.level.value:<{_LONGEST_LEVEL}}  {finding.check}: {finding.text}"
        + (f" → {finding.advice}" if finding.advice else "")
        for finding in findings
    ]


def as_json(findings: Iterable[Finding]) -> str:
    """A list of objects."""
    return json.dumps(
        [
            {
                "check": finding.check,
                "level": finding.level.value,
                "text": finding.text,
                "advice": finding.advice or None,
            }
            for finding in findings
        ],
        ensure_ascii=False,
        indent=2,
    )
