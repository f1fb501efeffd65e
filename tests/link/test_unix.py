"""The carrier on one computer: rights, the lock, and long paths."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from mrdraw.errors import LinkError
from mrdraw.link import unix
from mrdraw.link.messages import LINK_VERSION, Attend, Hello, Reply

HELLO = Hello(link_version=LINK_VERSION, build="test")


class Answering:
    """A machine host that greets and answers each command."""

    def link_opened(self, link):
        link.send(HELLO)

    def link_message(self, link, message):
        link.send(Reply(id=message.id))

    def link_closed(self, link):
        pass


async def _talk(folder):
    server = await unix.listen(folder, lambda: unix.HostLink(Answering()))
    client = await unix.connect(folder)
    try:
        greeting = await client.receive()
        await client.send(Attend(id="1"))
        return greeting, await client.receive()
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


def test_a_command_is_answered(tmp_path):
    assert asyncio.run(_talk(tmp_path / "m")) == (HELLO, Reply(id="1"))


def test_a_path_longer_than_a_socket_address(tmp_path):
    folder = tmp_path / ("long" * 30) / ("name" * 30)
    assert asyncio.run(_talk(folder)) == (HELLO, Reply(id="1"))


def test_only_the_owner_may_enter(tmp_path):
    async def modes():
        server = await unix.listen(tmp_path / "m", lambda: unix.HostLink(Answering()))
        folder, socket = (tmp_path / "m").stat().st_mode, (tmp_path / "m" / unix.SOCKET_NAME).stat().st_mode
        server.close()
        await server.wait_closed()
        return stat.S_IMODE(folder), stat.S_IMODE(socket)

    assert asyncio.run(modes()) == (0o700, 0o600)


def test_the_lock_says_who_lives_and_the_socket_does_not(tmp_path):
    unix.make_private(tmp_path)
    (tmp_path / unix.SOCKET_NAME).touch()
    assert not unix.lives(tmp_path)
    lock = unix.HostLock(tmp_path)
    assert unix.lives(tmp_path)
    with pytest.raises(LinkError, match="already"):
        unix.HostLock(tmp_path)
    lock.release()
    assert not unix.lives(tmp_path)


def test_those_who_look_are_taken_for_nobody_and_keep_nobody_out(tmp_path):
    unix.make_private(tmp_path)

    def look(_):
        return sum(unix.lives(tmp_path) for _ in range(5000))

    def take(_):
        for _ in range(500):
            unix.HostLock(tmp_path).release()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(3))) == [0, 0, 0]
        looking = threads.map(look, range(2))
        list(threads.map(take, range(1)))
        list(looking)


def test_nobody_listens(tmp_path):
    with pytest.raises(LinkError, match="no machine host listens"):
        asyncio.run(unix.connect(tmp_path))
