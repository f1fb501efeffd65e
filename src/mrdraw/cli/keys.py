"""`mrdraw key`: show, make or revoke the global API key.

Invariants: a key is the last word printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.cli.audited import GLOBAL_KEY, note
from mrdraw.cli.opened import opened_accounts
from mrdraw.errors import InvalidValue

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `key`."""
    parser = verbs.add_parser("key", help="show, make or revoke the global API key", parents=parents)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="make a new key; the one before is gone")
    which.add_argument("--revoke", action="store_true", help="switch the global key off")
    parser.set_defaults(run=key)


def key(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw key`."""
    with opened_accounts(basedir) as accounts:
        if arguments.revoke:
            accounts.revoke_global_key()
            note(accounts, "key-revoked", GLOBAL_KEY)
            print("The global API key is off.")
            return 0
        if arguments.new:
            found: str | None = accounts.new_global_key()
            note(accounts, "key-made", GLOBAL_KEY)
        else:
            accounts.ensure_global_key()
            found = accounts.global_key()
    if found is None:
        raise InvalidValue("There is no global API key that can be shown. Make one with --new.")
    print(f"Global API key: {found}")
    return 0
