"""`mrdraw claim`: show the code that the first run asks for.

Invariants: the code is the last word printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.cli.opened import opened_accounts
from mrdraw.errors import NoClaim

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `claim`."""
    parser = verbs.add_parser("claim", help="show the code that the first run asks for", parents=parents)
    parser.set_defaults(run=claim)


def claim(basedir: Path, _arguments: argparse.Namespace) -> int:
    """`mrdraw claim`."""
    with opened_accounts(basedir) as accounts:
        code = accounts.claim.code()
    if code is None:
        raise NoClaim("There is an admin already, so there is no claim code. Log in as the admin.")
    print(f"Claim code: {code}")
    return 0
