"""The accounts of a base folder, opened for one command.

Invariants: works beside a running server, which sees the change at once; nothing is locked while a person types.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.accounts import Accounts


@contextmanager
def opened_accounts(basedir: Path) -> Iterator[Accounts]:
    """Open the accounts, making the base folder if need be. Raises `DatabaseTooNew`, `DatabaseUnusable`."""
    from mrdraw.accounts import Accounts  # noqa: PLC0415 - `mrdraw --version` needs none of this
    from mrdraw.settings import Settings  # noqa: PLC0415
    from mrdraw.store import FILE_NAME, Database, told_as_unusable  # noqa: PLC0415

    basedir.mkdir(parents=True, exist_ok=True)
    with (
        closing(Database(basedir / FILE_NAME)) as database,
        told_as_unusable(database.path),
        closing(Accounts(database, Settings(basedir), basedir)) as accounts,
    ):
        yield accounts
