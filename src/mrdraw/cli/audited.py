"""What was done at the command line, for the audit log.

Invariants: an entry is on the disk before the command says that it is done; its user is the computer's, not MrDraw's.
"""

from __future__ import annotations

import getpass
import os
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.accounts import Accounts

VIA = "command-line"
GLOBAL_KEY = "global key"


def note(accounts: Accounts, action: str, subject: str, detail: str = "") -> None:
    """Write that somebody at this computer did something; `action` is one of `Action`."""
    from mrdraw.accounts.audit_entry import Action, Entry, Outcome  # noqa: PLC0415 - `mrdraw --version` needs it not

    accounts.audit.add_now(
        Entry(
            at=time(),
            action=Action(action),
            outcome=Outcome.DONE,
            user=_who(),
            via=VIA,
            subject=subject,
            detail=detail,
        )
    )


def _who() -> str:
    """The computer's user, by number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
