"""`mrdraw serve`: the server."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `serve`."""
    parser = verbs.add_parser("serve", help="serve the API and drive the machines", parents=parents)
    parser.add_argument("--host", help="address to listen on (default: that of config.yaml, else 127.0.0.1)")
    parser.add_argument(
        "--port", type=port_number, help="TCP port to listen on (default: that of config.yaml, else 5000)"
    )
    parser.add_argument(
        "--expose-unclaimed",
        action="store_true",
        help="open the network before there is an admin (for containers; the claim code guards)",
    )
    parser.add_argument(
        "--no-access-control",
        action="store_true",
        help="let anybody on this computer, and in accessControl.localNetworks, work the page without a password",
    )
    parser.add_argument("--simulate", choices=("marlin",), help="offer a simulated machine and connect to it")
    parser.set_defaults(run=run)


def run(basedir: Path, arguments: argparse.Namespace) -> int:
    """Serve until told to stop; as process 1 of a container be its init as well."""
    from mrdraw.cli import init  # noqa: PLC0415 - only this command may be an init

    if os.getpid() == init.FIRST and (code := init.attend()) is not None:
        return code
    from mrdraw.server.run import serve  # noqa: PLC0415 - only this command needs a web server

    return serve(
        basedir,
        host=arguments.host,
        port=arguments.port,
        simulate=arguments.simulate,
        expose_unclaimed=arguments.expose_unclaimed,
        open_page=arguments.no_access_control,
    )


def port_number(text: str) -> int:
    """A TCP port that was typed. Raises `ArgumentTypeError`."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no TCP port; use 1 to 65535")
    return int(text)
