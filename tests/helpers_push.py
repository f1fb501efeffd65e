"""A push server on a real port, and a test's end of its sockets."""

import asyncio
import contextlib
import json

import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from helpers_fleet import until
from helpers_hub import READY, world
from mrdraw.server.compression import compressing

PATIENCE = 30.0


class Socket:
    """A test's end of a push socket."""

    def __init__(self, connection):
        self._connection = connection

    async def send(self, **message):
        await self._connection.send(json.dumps(message))

    async def send_raw(self, text):
        await self._connection.send(text)

    async def next(self):
        """The next message: its type and its payload."""
        async with asyncio.timeout(PATIENCE):
            message = json.loads(await self._connection.recv())
        ((kind, payload),) = message.items()
        return kind, payload

    async def until(self, wanted, condition=lambda payload: True):
        """The next payload of this type for which the condition holds."""
        while True:
            kind, payload = await self.next()
            if kind == wanted and condition(payload):
                return payload

    async def event(self, name):
        return (await self.until("event", lambda payload: payload["type"] == name))["payload"]

    async def silence(self):
        """All that comes within a moment."""
        messages = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.8):
                while True:
                    messages.append(await self._connection.recv())
        return [json.loads(message) for message in messages]

    async def closed(self):
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self._connection.recv()


class Served:
    """A server on a real port."""

    def __init__(self, world, port):
        self.world = world
        self.port = port

    @contextlib.asynccontextmanager
    async def socket(self, path="/sockjs/websocket", **options):
        async with connect(f"ws://127.0.0.1:{self.port}{path}", **options) as connection:
            yield Socket(connection)

    @contextlib.asynccontextmanager
    async def authed(self, user, **options):
        """A socket of a user, after `connected` and `history`."""
        async with self.socket(**options) as socket:
            await socket.until("connected")
            await socket.send(auth=f"{user}:{await self.session(user)}")
            await socket.until("history")
            yield socket

    async def session(self, user):
        accounts = self.world.services.accounts
        key = accounts.global_key() if user == "_api" else self.world.key(user)
        return await accounts.open_session(accounts.identify_key(key))


def run(basedir, scenario, snapshot=READY):
    async def main():
        async with world(basedir, snapshot) as made:
            config = uvicorn.Config(made.app, port=0, lifespan="off", log_config=None, ws=compressing())
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None
            task = asyncio.create_task(server.serve())
            await until(lambda: server.started)
            try:
                await scenario(Served(made, server.servers[0].sockets[0].getsockname()[1]))
            finally:
                server.should_exit = True
                await task

    asyncio.run(main())
