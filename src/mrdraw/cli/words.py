"""The type that the modules of the command line share."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where a module adds its verb; argparse has no public name for it."""
