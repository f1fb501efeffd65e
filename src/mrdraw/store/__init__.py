"""The database: connection and migrations."""

from mrdraw.store.database import Database, Write, told_as_unusable

__all__ = ["Database", "Write", "told_as_unusable"]
