"""Reading ahead: the loop takes from memory only, and any line can be had again."""

import asyncio

from mrdraw.link.messages import Job, JobFile
from mrdraw.machine import pinned, readahead
from mrdraw.machine.readahead import AHEAD, ReadAhead


def _pin(tmp_path, lines):
    content = b"".join(b"G1 X%d\n" % number for number in range(lines))
    path = tmp_path / "a.gcode"
    path.write_bytes(content)
    file = JobFile(name="a", path="a", display="a", source=str(path), size=len(content))
    return pinned.pin(Job(id="job", file=file), tmp_path / "jobs", lambda _: None)


class Reading:
    """A reader, and a way to wait for what it reads."""

    def __init__(self, made):
        self.news = asyncio.Event()
        self.failures = []
        self.reader = ReadAhead(made, first=0, arrived=self.news.set, failed=self.failures.append)

    async def take(self, first, count):
        async with asyncio.timeout(30):
            while not (lines := self.reader.take(first, count)):
                self.news.clear()
                await self.news.wait()
        return lines


def test_all_lines_in_their_order(tmp_path):
    made = _pin(tmp_path, 30_000)

    async def main():
        reading = Reading(made)
        taken = []
        while len(taken) < made.total:
            taken += await reading.take(len(taken), 128)
            assert reading.reader.buffered(len(taken)) <= AHEAD + 4096
        reading.reader.close()
        return taken

    assert asyncio.run(main()) == [b"G1 X%d" % number for number in range(30_000)]


def test_an_old_line_can_be_had_again(tmp_path):
    made = _pin(tmp_path, 30_000)

    async def main():
        reading = Reading(made)
        await reading.take(29_999, 1)
        again = await reading.take(5, 3)
        place = reading.reader.place_of(5)
        reading.reader.close()
        return again, place

    again, place = asyncio.run(main())
    assert again == [b"G1 X5", b"G1 X6", b"G1 X7"]
    assert place == (6 * len(b"G1 X5\n"), 6)


def test_a_disk_that_fails_is_told(tmp_path, monkeypatch):
    made = _pin(tmp_path, 300)
    error = OSError(5, "Input/output error")

    def broken(*_):
        raise error

    monkeypatch.setattr(readahead, "read_blocks", broken)

    async def main():
        reading = Reading(made)
        async with asyncio.timeout(30):
            while not reading.failures:  # noqa: ASYNC110 - a thread
                await asyncio.sleep(0.01)
        assert reading.reader.take(0, 10) == []
        reading.reader.close()
        return reading.failures

    assert asyncio.run(main()) == [error]
