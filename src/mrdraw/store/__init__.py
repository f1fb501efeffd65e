"""The database: connection and migrations."""

from mrdraw.store.database import Database

__all__ = ["Database"]
