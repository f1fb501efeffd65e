import logging
import os

import pytest

from mrdraw.server.logs import JournalFormatter, is_journal, priority


@pytest.mark.parametrize(
    ("level", "expected"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7), (25, 6)],
)
def test_priorities(level, expected):
    assert priority(level) == expected


def test_each_line_has_its_priority():
    record = logging.LogRecord("mrdraw.x", logging.ERROR, "file.py", 1, "one %s\ntwo", ("word",), None)
    assert JournalFormatter().format(record) == "<3>mrdraw.x: one word\n<3>two"


def test_the_journal_is_what_systemd_names(tmp_path):
    with (tmp_path / "stream").open("wb") as stream:
        status = os.fstat(stream.fileno())
        assert is_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream.fileno())
        assert not is_journal({"JOURNAL_STREAM": "1:2"}, stream.fileno())
        assert not is_journal({}, stream.fileno())
        descriptor = stream.fileno()
    assert not is_journal({"JOURNAL_STREAM": "1:2"}, descriptor)
