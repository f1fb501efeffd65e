"""`mrdraw simulate marlin`: firmware that is not there, on a pseudo-terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


class _LaterParser(argparse.ArgumentParser):
    """Asks the simulator for its words only when they are needed: other commands do not load it."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override] # the overloads all end here
        """Parse the words that follow."""
        from mrdraw.simulator import command  # noqa: PLC0415 - slow to load

        command.add_arguments(self)
        return super().parse_known_args(args, namespace)


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `simulate` and the firmware it knows."""
    parser = verbs.add_parser("simulate", help="simulate a machine on a pseudo-terminal", parents=parents)
    kind: type[argparse.ArgumentParser] = _LaterParser
    firmwares = parser.add_subparsers(dest="firmware", metavar="FIRMWARE", required=True, parser_class=kind)
    marlin = firmwares.add_parser("marlin", help="a Marlin 2.1 on a pseudo-terminal", parents=parents)
    marlin.set_defaults(run=run)


def run(_basedir: Path, arguments: argparse.Namespace) -> int:
    """Simulate until told to stop."""
    from mrdraw.simulator import command  # noqa: PLC0415

    return command.run(arguments)
