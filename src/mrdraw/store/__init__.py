"""The database: connection and migrations."""

from mrdraw.store.database import Database, Write, told_as_unusable

FILE_NAME = "mrdraw.db"
"""The database's place in the base folder."""

__all__ = ["FILE_NAME", "Database", "Write", "told_as_unusable"]
