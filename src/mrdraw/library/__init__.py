"""The stored files."""
