"""How full the disk is, and who hears of it."""

import asyncio

import pytest

from mrdraw.hub.disk import DiskWatch, disk_notice
from mrdraw.settings import Settings
from mrdraw.settings.computer import DiskspaceTree

LIMITS = DiskspaceTree(warning=500_000_000, critical=200_000_000)


@pytest.mark.parametrize(
    ("free", "words"),
    [(500_000_000, None), (499_999_999, "500 MB"), (200_000_000, "500 MB"), (199_999_999, "200 MB"), (0, "200 MB")],
)
def test_the_limits(free, words):
    notice = disk_notice(free, LIMITS)
    assert (notice is None) == (words is None)
    assert words is None or f"less than {words} are free" in notice


class Disk:
    """A library on a disk as full as a test wants."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def free_space(self):
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer, 10**12


def test_a_disk_that_cannot_be_asked_changes_nothing(tmp_path, caplog):
    told = []

    async def main():
        gone = OSError("gone")
        watch = DiskWatch(Settings(tmp_path), Disk(10**6, gone, gone, 10**11), told.append)
        for _ in range(4):
            await watch.look()

    asyncio.run(main())
    assert "almost full" in told[0]
    assert told[1:] == [None]
    assert [record.message for record in caplog.records if "cannot be found out" in record.message] == [
        "how full the disk of the files is cannot be found out: gone"
    ]


def test_many_changes_are_followed_by_one_look(tmp_path, monkeypatch):
    monkeypatch.setattr("mrdraw.hub.disk.SOON", 0)
    told = []

    async def main():
        watch = DiskWatch(Settings(tmp_path), Disk(10**6, 10**11), told.append)
        for _ in range(2):  # of whom no one is left to be told by the look before
            await asyncio.gather(*(watch.look_soon() for _ in range(50)))

    asyncio.run(main())
    assert len(told) == 2
