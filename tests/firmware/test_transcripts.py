"""Conversations with each firmware of the quirks table, in `transcripts/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers_transcript import FOLDER, play


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path):
    play(path.read_text(encoding="utf-8"))
