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
from mrdraw.cli import claim, doctor, keys, serve, service, simulate, tls, users
from mrdraw.errors import MrDrawError

BASEDIR_VARIABLE = "MRDRAW_BASEDIR"
REPORT = "logs/command.log"
"""Where in the base folder the details of an unforeseen error go."""

REFUSED = 1
INTERRUPTED = 130


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
    for module in (serve, users, keys, claim, service, doctor, tls, simulate):
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
    basedir = (parsed.basedir if "basedir" in parsed else default_basedir()).expanduser().absolute()
    try:
        code = int(parsed.run(basedir, parsed))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, a person reads one line
        print(f"mrdraw: {_told(error, basedir)}", file=sys.stderr)
        return REFUSED
    return code


def _told(error: Exception, basedir: Path) -> str:
    """An error in one line."""
    if isinstance(error, MrDrawError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    place = _report(error, basedir)
    return f"Something unforeseen went wrong ({type(error).__name__}). Please report it{place}."


def _report(error: Exception, basedir: Path) -> str:
    """Keep the details of an unforeseen error; where they are, if they could be kept."""
    from traceback import format_exception  # noqa: PLC0415 - hopefully never needed

    report = basedir / REPORT
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        with report.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(format_exception(error))
    except OSError:
        return ""
    return f"; the details are in {report}"
