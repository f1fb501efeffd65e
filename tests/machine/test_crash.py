"""A real machine host with a machine that crashes in a job, as Prusa's firmware tells it."""

from __future__ import annotations

import asyncio
import re

from helpers_machine import PATIENCE, Host, attached, gcode, job_of
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import MachineSettings, MachineState

_LINE = re.compile(r"N(\d+) (.*)\*\d+")
_PLANNED = 30
"""Lines that are acknowledged and not done when the head stops."""


class Prusa:
    """As much of the firmware as this takes, behind a TCP port."""

    def __init__(self, crash_at):
        self.done = []
        self._crash_at = crash_at
        self._last = 0
        self._moves = []
        self.gone = asyncio.Event()

    async def serve(self, reader, writer):
        while raw := await reader.readline():
            found = _LINE.match(raw.decode())
            if found is not None:
                writer.write("".join(f"{line}\n" for line in self._answer(int(found[1]), found[2])).encode())
        writer.close()
        await writer.wait_closed()
        self.gone.set()

    def _answer(self, number, text):
        if text.startswith("M110"):
            self._last = number
            return ["ok"]
        if number != self._last + 1:
            error = f"Error:Line Number is not Last Line Number+1, Last Line: {self._last}"
            return [error, f"Resend: {self._last + 1}", "ok"]
        self._last = number
        self._moves.append((number, text))
        if text == self._crash_at:
            return self._crash()
        if text == "M115":
            return ["FIRMWARE_NAME:Prusa-Firmware 3.13.2 based on Marlin EXTRUDER_COUNT:1", "ok"]
        return ["ok T:20.0 /0.0 B:20.0 /0.0" if text == "M105" else "ok"]

    def _crash(self):
        self._crash_at = ""
        self._last = self._moves[-_PLANNED][0] - 1
        del self._moves[-_PLANNED:]
        return ['echo:enqueing "CRASH_DETECTEDY"', "LCD status changed", "ok", f"Resend: {self._last + 1}", "ok"]

    @property
    def moved(self):
        """The moves that were done, in order."""
        return [text for _, text in self._moves if text.startswith("G1")]


def test_a_job_goes_on_after_a_crash_when_a_person_says_so(tmp_path):
    sent = gcode(tmp_path / "job.gcode", 900)
    prusa = Prusa(crash_at=sent[500])

    async def main():
        server = await asyncio.start_server(prusa.serve, "127.0.0.1", 0)
        folder = tmp_path / "machine"
        unix.make_private(folder)
        host = Host(folder)
        try:
            async with attached(folder) as watcher, asyncio.timeout(PATIENCE):
                await watcher.do(link.Configure, settings=MachineSettings())
                await watcher.do(
                    link.Connect, port=f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", baudrate=115200
                )
                await watcher.state(MachineState.OPERATIONAL)
                await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
                await watcher.state(MachineState.PAUSED)
                assert [notice.key for notice in watcher.snapshot.notices if notice.key == "interrupted"]
                assert prusa.moved == sent[: 501 - _PLANNED]
                await watcher.do(link.SendLines, lines=["M400"])
                await watcher.do(link.ResumeJob)
                await watcher.until(lambda w: "PrintDone" in w.names())
                assert not [notice.key for notice in watcher.snapshot.notices if notice.key == "interrupted"]
        finally:
            host.stop()
            await asyncio.wait_for(prusa.gone.wait(), 10)
            server.close()
            await server.wait_closed()

    asyncio.run(main())
    assert prusa.moved == sent
