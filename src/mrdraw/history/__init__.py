"""What was printed and drawn, and how it ended."""

from mrdraw.history.history import History, JobRecord
from mrdraw.history.tallies import Tallies, Tally

__all__ = ["History", "JobRecord", "Tallies", "Tally"]
