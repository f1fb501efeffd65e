from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue, NoSuchFile, UnknownFileType
from mrdraw.library.names import (
    DEEPEST,
    LONGEST_NAME,
    LONGEST_PATH,
    LONGEST_SENT,
    clean_file_path,
    clean_name,
    clean_path,
    is_printable,
    parts_of,
)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("cube.gcode", "cube.gcode"),
        (".hidden.gcode", "hidden.gcode"),
        ("Würfel № 1.gcode", "Würfel № 1.gcode"),
        ('a<b>c:d"e|f?g*h.g', "abcdefgh.g"),
        ("  spaced.gco  ", "spaced.gco"),
        ("a..b.gcode", "a..b.gcode"),
    ],
)
def test_names_are_cleaned(name: str, stored: str) -> None:
    assert clean_name(name) == stored


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "nul\0.gcode", "line\n.gcode", "?*", "\ud800.g"])
def test_names_that_cannot_be_used_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        clean_name(name)


def test_a_name_is_measured_in_bytes() -> None:
    assert clean_name("ä" * 127)
    with pytest.raises(InvalidValue, match=str(LONGEST_NAME)):
        clean_name("ä" * 128)


def test_what_is_sent_is_bounded_as_well() -> None:
    assert clean_name("?" * 1000 + "a.g") == "a.g"
    with pytest.raises(InvalidValue, match=str(LONGEST_SENT)):
        clean_name("?" * 2000 + "a.g")


def test_a_path_is_bounded_in_depth_and_length() -> None:
    assert clean_path("a/" * DEEPEST)
    with pytest.raises(InvalidValue, match=str(DEEPEST)):
        clean_path("a/" * (DEEPEST + 1))
    with pytest.raises(InvalidValue, match=str(LONGEST_PATH)):
        clean_path(f"{'x' * LONGEST_NAME}/" * 10)


@given(st.text())
def test_a_cleaned_name_is_one_safe_segment(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except InvalidValue:
        return
    assert clean_name(cleaned) == cleaned
    assert parts_of(cleaned) == (cleaned,)
    assert "/" not in cleaned
    assert not cleaned.startswith(".")


@pytest.mark.parametrize("path", ["a/../b", "../b", "a/..", "a\\b"])
def test_paths_cannot_climb(path: str) -> None:
    with pytest.raises(InvalidValue):
        clean_path(path)


def test_paths_lose_their_extra_slashes() -> None:
    assert clean_path("/a//b/") == "a/b"
    assert clean_path("") == ""


@pytest.mark.parametrize("path", ["", "/", "a//b", "/a", "a/", ".", "..", "a/../b", "a/.b", "nul\0", "\udcff.gcode"])
def test_a_path_that_is_looked_up_is_never_repaired(path: str) -> None:
    with pytest.raises(NoSuchFile):
        parts_of(path)


@pytest.mark.parametrize("name", ["a.gcode", "a.GCODE", "a.gco", "a.g", "a.gc~", "a.stl.gcode"])
def test_extensions(name: str) -> None:
    assert is_printable(name)
    assert clean_file_path(f"folder/{name}") == f"folder/{name}"


@pytest.mark.parametrize("name", ["a.stl", "gcode", ".gcode", "a.gcode.txt", "a"])
def test_other_extensions(name: str) -> None:
    assert not is_printable(name)


def test_other_extensions_are_refused_with_those_that_are_accepted() -> None:
    with pytest.raises(UnknownFileType, match=r"gcode, gco, g, gc~"):
        clean_file_path("part.stl")
