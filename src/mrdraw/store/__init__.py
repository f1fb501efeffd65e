"""The database: connection and migrations."""

from mrdraw.store.database import Database, told_as_unusable

__all__ = ["Database", "told_as_unusable"]
