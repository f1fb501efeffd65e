"""What was printed and drawn, and how it ended."""

from mrdraw.history.history import History, JobRecord

__all__ = ["History", "JobRecord"]
