"""The database: connection and migrations."""
