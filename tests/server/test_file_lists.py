"""The lists of files that are kept encoded."""

import threading
import time

import pytest

from mrdraw.server import file_lists
from mrdraw.server.file_lists import EncodedList, FileLists


def made(size=10):
    return EncodedList(b"x" * size, {}, 0)


def test_a_list_is_kept_for_its_revision():
    lists, first, second = FileLists(), made(), made()
    assert lists.find(1, "a") is None
    assert lists.find_or_make(1, "a", lambda: first) is first
    assert lists.find_or_make(1, "a", lambda: pytest.fail("it is known")) is first
    assert lists.find(2, "a") is None
    assert lists.find_or_make(2, "a", lambda: second) is second
    assert lists.find(1, "a") is None


@pytest.mark.parametrize(("limit", "most"), [("_MOST", 3), ("_MOST_BYTES", 35)])
def test_what_is_kept_is_bounded(monkeypatch, limit, most):
    monkeypatch.setattr(file_lists, limit, most)
    lists = FileLists()
    for number in range(10):
        lists.find_or_make(1, number, made)
    assert [number for number in range(10) if lists.find(1, number)] == [7, 8, 9]


def test_a_list_that_is_larger_than_all_that_is_kept_is_kept_alone(monkeypatch):
    monkeypatch.setattr(file_lists, "_MOST_BYTES", 35)
    lists = FileLists()
    lists.find_or_make(1, "small", made)
    lists.find_or_make(1, "large", lambda: made(1000))
    assert (lists.find(1, "small"), lists.find(1, "large") is not None) == (None, True)


def test_of_many_who_ask_one_encodes():
    lists, count, begin = FileLists(), [], threading.Barrier(8)

    def make():
        count.append(1)
        time.sleep(0.05)
        return made()

    def ask():
        begin.wait()
        lists.find_or_make(1, "a", make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(count) == 1
