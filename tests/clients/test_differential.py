"""OctoPrint 1.11.8 from PyPI with its virtual printer, and this checkout: the same requests, the same answers."""

from collections import Counter

import pytest

from clients.differences import MOST, ROWS
from clients.rivals import compare, rivals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LEAST = 300
"""Requests that have to be asked."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """All requests with both answers."""
    theirs, ours = rivals(tmp_path_factory.mktemp("rivals"))
    try:
        theirs.start()
        ours.start()
        return list(compare(theirs, ours))
    finally:
        theirs.stop()
        ours.stop()


def test_hundreds_of_requests_are_asked_in_every_state(told):
    assert len({(one.state, one.request.label) for one in told}) >= LEAST
    assert {"offline", "operational", "printing", "paused"} <= {one.state for one in told}


def test_the_answers_differ_where_the_table_says_so(told):
    unnamed = [str(one) for each in told for one in each.different if not any(row.names(one) for row in ROWS)]
    assert not unnamed, "\n" + "\n".join(unnamed)


def test_every_row_of_the_table_is_needed(told):
    hit = Counter(row for each in told for one in each.different for row in ROWS if row.names(one))
    assert [row for row in ROWS if not hit[row]] == []
    assert len(ROWS) <= MOST
    assert {row.paragraph.partition(",")[0].partition(".")[0] for row in ROWS} == {"0", "14", "15"}


def test_nothing_is_an_error_of_the_server(told):
    assert [one.request.label for one in told if one.ours.status >= 500] == []
