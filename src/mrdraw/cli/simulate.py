"""`mrdraw simulate marlin`: firmware that is not there, on a pseudo-terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `simulate` and the firmware it knows."""
    from mrdraw.simulator import command  # noqa: PLC0415 - the words of the simulator are its own

    parser = verbs.add_parser("simulate", help="simulate a machine on a pseudo-terminal", parents=parents)
    firmwares = parser.add_subparsers(dest="firmware", metavar="FIRMWARE", required=True)
    marlin = firmwares.add_parser("marlin", help="a Marlin 2.1 on a pseudo-terminal", parents=parents)
    command.add_arguments(marlin)
    marlin.set_defaults(run=run)


def run(_basedir: Path, arguments: argparse.Namespace) -> int:
    """Simulate until told to stop."""
    from mrdraw.simulator import command  # noqa: PLC0415

    return command.run(arguments)
