"""The command `mrdraw`: its words, and how errors are said.

Invariants: what is wrong is said in one line on standard error, never as a traceback; the exit code is 0, 1 for what
was refused, 2 for wrong usage, 130 after Ctrl-C; nothing heavy is loaded before a command needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mrdraw import __version__
from mrdraw.cli import keys, serve, simulate, users
from mrdraw.errors import MrDrawError

BASEDIR_VARIABLE = "MRDRAW_BASEDIR"


def default_basedir() -> Path:
    """The platform's data folder for MrDraw, or the one that the environment names."""
    if named := os.environ.get(BASEDIR_VARIABLE):
        return Path(named)
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed where a folder is named

    return user_data_path("mrdraw")


def build_parser() -> argparse.ArgumentParser:
    """All words of the command."""
    parser = argparse.ArgumentParser(
        prog="mrdraw",
        description="The host for every machine that moves by G-code.",
        parents=[_basedir()],
    )
    parser.add_argument("--version", action="version", version=f"MrDraw {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for module in (serve, users, keys, simulate):
        module.add_verb(verbs, [_basedir()])
    return parser


def _basedir() -> argparse.ArgumentParser:
    """The option that stands before or after the verb; what stands later counts."""
    option = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    option.add_argument("--basedir", type=Path, metavar="DIR", help="where everything is kept")
    return option


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parsed = build_parser().parse_args(arguments)
    basedir = parsed.basedir if "basedir" in parsed else default_basedir()
    try:
        return int(parsed.run(basedir.expanduser().absolute(), parsed))
    except MrDrawError as error:
        print(f"mrdraw: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"mrdraw: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
