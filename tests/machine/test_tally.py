"""The tally: what is read is of this job and fits together, or it is nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.machine import tally
from mrdraw.machine.tally import Counts, Tally


def _kept(folder, memory, supplied=30, sent=20, acknowledged=10):
    writing = Tally(folder, memory)
    writing.begin(folder, 5, 25)
    writing.supplied(supplied)
    writing.sent(sent)
    writing.acknowledged(acknowledged)
    writing.close()
    (file,) = memory.iterdir()
    return file


def test_what_was_written_is_read(tmp_path):
    _kept(Path("/jobs/a"), tmp_path)
    assert tally.read(Path("/jobs/a"), 100, tmp_path) == Counts(30, 20, 10, 5, 25)
    assert tally.read(Path("/jobs/b"), 100, tmp_path) is None


def test_a_line_that_was_acknowledged_was_sent(tmp_path):
    _kept(Path("/jobs/a"), tmp_path, sent=8, acknowledged=9)
    assert tally.read(Path("/jobs/a"), 100, tmp_path) == Counts(30, 9, 9, 5, 25)


def test_figures_that_cannot_be(tmp_path):
    _kept(Path("/jobs/a"), tmp_path)
    assert tally.read(Path("/jobs/a"), 29, tmp_path) is None, "more than the job has"


def test_it_is_gone_when_it_is_forgotten(tmp_path):
    file = _kept(Path("/jobs/a"), tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    tally.forget(Path("/jobs/a"), tmp_path)
    assert not file.exists()
    tally.forget(Path("/jobs/a"), tmp_path)


def test_a_link_in_its_place_is_not_followed(tmp_path):
    file = _kept(Path("/jobs/a"), tmp_path)
    file.unlink()
    target = tmp_path.parent / "precious"
    target.write_bytes(b"x" * 64)
    file.symlink_to(target)
    _kept_nothing = Tally(Path("/jobs/a"), tmp_path)
    _kept_nothing.begin(Path("/jobs/a"), 3)
    _kept_nothing.close()
    assert target.read_bytes() == b"x" * 64
    assert tally.read(Path("/jobs/a"), 100, tmp_path) is None


def test_without_such_a_file_system(tmp_path):
    writing = Tally(Path("/jobs/a"), tmp_path / "nothing")
    writing.begin(Path("/jobs/a"), 0)
    writing.sent(3)
    writing.close()
    assert tally.read(Path("/jobs/a"), 100, tmp_path / "nothing") is None


@given(content=st.binary(max_size=40))
@pytest.mark.usefixtures("tmp_path")
def test_whatever_stands_there_is_no_error(tmp_path_factory, content):
    memory = tmp_path_factory.mktemp("memory")
    file = _kept(Path("/jobs/a"), memory)
    file.write_bytes(content)
    found = tally.read(Path("/jobs/a"), 100, memory)
    assert found is None or found.acknowledged <= found.sent <= found.supplied <= 100
