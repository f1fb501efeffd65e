"""The driver: a dialect on a wire."""

import asyncio
from unittest import mock

from mrdraw.firmware.dialect import Failed, LinesWanted
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.firmware.options import MarlinOptions
from mrdraw.machine.driver import Driver


class Wire:
    """A transport that keeps what is written."""

    def __init__(self):
        self.lines = []

    def write(self, data):
        self.lines.append(data)

    def close(self):
        pass

    abort = close


def driven(scenario, **options):
    """Run `scenario(driver, wire)` with a driver that has shaken hands."""

    async def body():
        wire = Wire()
        events = []
        dialect = MarlinDialect(MarlinOptions(hello_interval=0.05, **options))
        driver = Driver(dialect, handle=events.append, lost=lambda error: None, log=lambda line: None)
        driver.open(wire)
        for _ in range(200):
            if not dialect.in_flight and len(wire.lines) > 2:
                break
            driver.protocol.data_received(b"ok\n")
            await asyncio.sleep(0.01)
        try:
            await scenario(driver, wire)
        finally:
            driver.close()

    asyncio.run(body())


def supplying(driver, lines):
    """Give the lines of a job as they are asked for."""

    def handle(event):
        if isinstance(event, LinesWanted):
            driver.dialect.supply(event.first, lines[event.first : event.first + event.count])

    driver.handle = handle
    driver.dialect.begin_job(len(lines))
    driver.tick()


def test_each_acknowledge_brings_the_next_line_at_once():
    async def scenario(driver, wire):
        lines = [b"G1 X%d" % number for number in range(300)]
        supplying(driver, lines)
        for number, line in enumerate(lines, start=1):
            assert b" %b*" % line in wire.lines[-1], number
            driver.protocol.data_received(b"ok\n")

    driven(scenario)


def test_lines_that_go_together_are_written_at_once():
    async def scenario(driver, wire):
        lines = [b"G1 X%d" % number for number in range(50)]
        supplying(driver, lines)
        assert wire.lines[-1].count(b"\n") == 3
        driver.protocol.data_received(b"ok\nok\n")
        assert wire.lines[-1].count(b"\n") == 2
        assert driver.transmitted == b"".join(wire.lines).count(b"\n")

    driven(scenario, lines_in_flight=3)


def test_the_quiet_moment_comes_with_the_next_line():
    async def scenario(driver, wire):
        supplying(driver, [b"G1 X1", b"G1 X2"])
        waiting = asyncio.create_task(driver.quiet_moment(30))
        await asyncio.sleep(0)
        assert not waiting.done()
        driver.protocol.data_received(b"ok\n")
        await asyncio.wait_for(waiting, 10)

    driven(scenario)


def test_the_quiet_moment_comes_without_a_line_too():
    driven(lambda driver, wire: driver.quiet_moment(0.01))


def test_a_missing_acknowledge_is_asked_for_although_the_deadline_is_not_computed_for_each_line():
    async def scenario(driver, wire):
        supplying(driver, [b"G1 X%d" % number for number in range(50)])
        for _ in range(20):
            driver.protocol.data_received(b"ok\n")
            await asyncio.sleep(0.002)
        await driver.quiet_moment(20)
        assert b"M105" in wire.lines[-1]

    driven(scenario, probe_after=0.3)


def test_a_line_that_is_certain_is_written_before_the_acknowledge_is_looked_at():
    async def scenario(driver, wire):
        lines = [b"G1 X%d" % number for number in range(50)]
        supplying(driver, lines)
        receive, written = driver.dialect.receive, []

        def looked_at(data, now):
            written.append(wire.lines[-1])
            return receive(data, now)

        with mock.patch.object(driver.dialect, "receive", looked_at):
            for _ in lines[1:]:
                driver.protocol.data_received(b"ok\n")
        assert [line.partition(b" ")[2].partition(b"*")[0] for line in written] == lines[1:]
        assert driver.transmitted == len(wire.lines)

    driven(scenario)


def test_a_line_written_too_early_fails_the_job():
    async def scenario(driver, wire):
        supplying(driver, [b"G1 X%d" % number for number in range(50)])
        events = []
        driver.handle = events.append
        with mock.patch.object(driver.dialect, "line_in_advance", return_value=b"G28\n"):
            driver.protocol.data_received(b"ok\n")
        assert [event.reason for event in events if isinstance(event, Failed)] == ["advance"]

    driven(scenario)
