"""The journal: the newest whole record counts, whatever is torn."""

import math

from hypothesis import given
from hypothesis import strategies as st

from mrdraw.machine import journal
from mrdraw.machine.journal import Journal, Record


def _record(number, height=0.2):
    return Record(number + 1, number, number * 30, number + 5, number / 10, height, 1000.0 + number)


def _write(folder, numbers):
    writing = Journal(folder)
    for number in numbers:
        writing.note(_record(number), now=True)
        while writing._written != _record(number):
            pass
    writing.close()
    writing.join(10)


def test_the_newest_record_is_read(tmp_path):
    _write(tmp_path, range(5))
    assert journal.read(tmp_path) == _record(4)


def test_what_is_noted_last_is_written_when_it_is_closed(tmp_path):
    writing = Journal(tmp_path)
    writing.note(_record(9))
    writing.close()
    writing.join(10)
    assert journal.read(tmp_path) == _record(9)


def test_the_file_does_not_grow(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_RECORDS", 8)
    _write(tmp_path, [1])
    size = (tmp_path / "journal.bin").stat().st_size
    _write(tmp_path, range(30))
    assert (tmp_path / "journal.bin").stat().st_size == size
    assert journal.read(tmp_path) == _record(29)


def test_no_journal(tmp_path):
    assert journal.read(tmp_path) is None


def test_an_unknown_height_stays_unknown(tmp_path):
    writing = Journal(tmp_path)
    writing.note(_record(1, math.nan))
    writing.close()
    writing.join(10)
    found = journal.read(tmp_path)
    assert found is not None
    assert math.isnan(found.height)


@given(torn_at=st.integers(0, 127), byte=st.integers(0, 255))
def test_a_torn_record_is_skipped(tmp_path_factory, torn_at, byte):
    folder = tmp_path_factory.mktemp("journal")
    whole = b"".join(journal._pack(sequence, _record(sequence)) for sequence in (1, 2))
    torn = journal._pack(3, _record(3))
    torn = torn[:torn_at] + bytes([byte]) * (len(torn) - torn_at)
    (folder / "journal.bin").write_bytes(whole + torn)
    assert journal.read(folder) in (_record(2), _record(3))
    if torn != journal._pack(3, _record(3)) and torn_at < 64:
        assert journal.read(folder) == _record(2)
