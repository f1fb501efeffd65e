"""`mrdraw service install|status|remove`: the server as a service of systemd."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.cli.serve import port_number

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs

EVERYWHERE = "0.0.0.0"  # noqa: S104 - opened only when there is an admin


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `service` and its words."""
    parser = verbs.add_parser("service", help="have systemd start the server", parents=parents)
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    installing = words.add_parser("install", help="write the unit, and start it", parents=parents)
    _add_scope(installing)
    installing.add_argument("--run-as", metavar="NAME", help="the user who runs a system service")
    installing.add_argument(
        "--host", default=EVERYWHERE, help="address to listen on once there is an admin (default: all of them)"
    )
    installing.add_argument("--port", type=port_number, help="TCP port (default: that of config.yaml, else 5000)")
    installing.add_argument("--no-start", action="store_true", help="write the unit only")
    installing.add_argument("--force", action="store_true", help="overwrite a unit that somebody else wrote")
    installing.add_argument("--print", action="store_true", dest="only_print", help="show the unit, write nothing")
    installing.set_defaults(run=install)

    showing = words.add_parser("status", help="say how the service is doing", parents=parents)
    _add_scope(showing)
    showing.set_defaults(run=status)

    removing = words.add_parser("remove", help="stop the service and delete the unit; data stays", parents=parents)
    _add_scope(removing)
    removing.add_argument("--yes", action="store_true", help="although a job is not finished")
    removing.add_argument("--force", action="store_true", help="although somebody else wrote the unit")
    removing.set_defaults(run=remove)


def _add_scope(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--user", action="store_true", help="a service of this user (default, unless root calls)")
    whose.add_argument("--system", action="store_true", help="a service of the computer (root's default)")


def install(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw service install`."""
    from mrdraw.cli.service_install import install as do  # noqa: PLC0415 - only this verb needs it

    return do(basedir, arguments)


def status(_basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw service status`: of the unit that is there, whatever base folder it names."""
    from mrdraw.cli.service_state import status as do  # noqa: PLC0415

    return do(arguments)


def remove(_basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw service remove`."""
    from mrdraw.cli.service_state import remove as do  # noqa: PLC0415

    return do(arguments)
