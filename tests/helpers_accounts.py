"""What the tests of the accounts share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mrdraw.accounts import Accounts
from mrdraw.settings import Settings
from mrdraw.store import Database


class Clock:
    """A wall clock that stands until it is moved; s."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(folder: Path, clock: Clock | None = None) -> Iterator[Accounts]:
    """The accounts of a folder, as one more process would open them."""
    with (
        closing(Database(folder / "mrdraw.db")) as database,
        closing(Accounts(database, Settings(folder), folder, clock=clock or Clock())) as accounts,
    ):
        yield accounts
