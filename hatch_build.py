"""The build hook of wheel and source distribution: both carry the built page.

Skipped for editable installs (the Makefile builds the page for those) and with `MRDRAW_NO_UI=1`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "ui"))

import page_build

NO_UI = "MRDRAW_NO_UI"


class PageHook(BuildHookInterface):
    """Builds the page before anything is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """A Node, where one is needed and none is there."""
        needed = not os.environ.get(NO_UI) and not page_build.is_current() and not page_build.has_npm()
        return [page_build.NODE_PACKAGE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have the page built."""
        if version != "editable" and not os.environ.get(NO_UI):
            page_build.build()
