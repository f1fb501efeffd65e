"""The journal: the newest whole record counts, whatever is torn."""

import math
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.machine import journal
from mrdraw.machine.journal import Journal, Record


def _record(number, height=0.2, **fields):
    return Record(
        sent=number + 1, acknowledged=number, file_position=number * 30, file_line=number + 5, print_time=number / 10,
        height=height, written_at=1000.0 + number, **fields,
    )  # fmt: skip


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
    record = _record(9, supplied=90, first=3, homed=5, final=True)
    writing = Journal(tmp_path)
    writing.note(record)
    writing.close()
    writing.join(10)
    assert journal.read(tmp_path) == record


def test_a_job_that_is_taken_up_again_goes_on_in_its_journal(tmp_path):
    _write(tmp_path, [700, 800])
    _write(tmp_path, [3])
    assert journal.read(tmp_path) == _record(3), "the newest, although it stands further in front in the job"


def test_the_file_does_not_grow(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_RECORDS", 8)
    _write(tmp_path, [1])
    size = (tmp_path / "journal.bin").stat().st_size
    _write(tmp_path, range(30))
    assert (tmp_path / "journal.bin").stat().st_size == size
    assert journal.read(tmp_path) == _record(29)


def test_what_changes_is_synced_within_two_seconds(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.append(time.monotonic()))
    writing = Journal(tmp_path)
    begin, number = time.monotonic(), 0
    while len(synced) < 3:
        assert time.monotonic() < begin + 30
        writing.note(_record(number := number + 1))
        time.sleep(0.01)
    writing.close()
    writing.join(10)
    assert journal.SYNC_EVERY <= 2


def test_a_layer_is_synced_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "SYNC_EVERY", 3600.0)
    writing = Journal(tmp_path)
    time.sleep(0.05)
    writing.note(_record(4), now=True)
    deadline = time.monotonic() + 30
    while journal.read(tmp_path) != _record(4):
        assert time.monotonic() < deadline
    writing.close()
    writing.join(10)


def test_a_disk_that_refuses_ends_the_journal_and_nothing_else(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    writing = Journal(tmp_path)
    writing.note(_record(1), now=True)
    writing.join(10)
    writing.close()
    assert "No space left" in caplog.text


def test_the_pace(tmp_path):
    _write(tmp_path, [0, 10, 20])
    assert journal.pace(tmp_path) == pytest.approx(1.0)


def test_no_journal(tmp_path):
    assert journal.read(tmp_path) is None
    assert journal.pace(tmp_path) == 0.0


def test_an_unknown_height_stays_unknown(tmp_path):
    writing = Journal(tmp_path)
    writing.note(_record(1, math.nan))
    writing.close()
    writing.join(10)
    found = journal.read(tmp_path)
    assert found is not None
    assert math.isnan(found.height)


WHOLE = [journal._pack(sequence, _record(sequence)) for sequence in (1, 2, 3)]
_USED = journal._CHECKSUM.size + journal._FIELDS.size


@given(torn_at=st.integers(0, 127), rest=st.binary(min_size=1, max_size=128))
def test_a_torn_record_is_skipped(tmp_path_factory, torn_at, rest):
    folder = tmp_path_factory.mktemp("journal")
    torn = (WHOLE[2][:torn_at] + rest + bytes(128))[:128]
    (folder / "journal.bin").write_bytes(b"".join(WHOLE[:2]) + torn)
    same = torn[:_USED] == WHOLE[2][:_USED]
    assert journal.read(folder) == _record(3 if same else 2)


@given(flips=st.dictionaries(st.integers(0, 3 * 128 - 1), st.integers(1, 255), max_size=6), cut=st.integers(0, 3 * 128))
def test_flipped_and_missing_bytes(tmp_path_factory, flips, cut):
    folder = tmp_path_factory.mktemp("journal")
    raw = bytearray(b"".join(WHOLE))
    for place, mask in flips.items():
        raw[place] ^= mask
    (folder / "journal.bin").write_bytes(raw[:cut])
    whole = [
        number
        for number in (1, 2, 3)
        if (number - 1) * 128 + _USED <= cut
        and not any((number - 1) * 128 <= place < (number - 1) * 128 + _USED for place in flips)
    ]
    assert journal.read(folder) == (_record(whole[-1]) if whole else None)
