"""The whole server side in the test's loop, above a machine host that is not there."""

import asyncio
import contextlib
from time import time

import httpx

from helpers_fleet import fake_host, until
from mrdraw.accounts import Accounts
from mrdraw.fleet import Fleet
from mrdraw.hub import Hub
from mrdraw.library import Library
from mrdraw.link import messages as link
from mrdraw.link.messages import Heater, MachineState, PortInfo
from mrdraw.server.app import create_app
from mrdraw.server.context import Services
from mrdraw.settings import Settings
from mrdraw.store import Database

GROUPS = {"ann": "users", "rita": "readonly", "boss": "admins"}

GCODE = b"G28\nG1 X10\nG1 X20\n"

READY = link.Snapshot(
    sequence=1,
    state=MachineState.OPERATIONAL,
    port="/dev/ttyUSB10",
    baudrate=115200,
    ports=(PortInfo(path="/dev/ttyUSB10"), PortInfo(path="/dev/ttyUSB9")),
    heaters={"tool0": Heater(actual=20.5, target=0.0, offset=2.0), "bed": Heater(actual=21.0, target=60.0)},
)


class World:
    """A server, its users' clients, and the host below."""

    def __init__(self, services, host, app):
        self.services = services
        self.host = host
        self.app = app
        self.hub = services.hub
        self.machine = services.hub.machine("default")
        self._keys = {}
        self.uploads = services.library.folder

    def client(self, key=None):
        headers = {"X-Api-Key": key} if key else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://mrdraw", headers=headers)

    def key(self, user):
        """The key of a user, who is made when first asked for: ann (operator), rita (may only look), boss (admin)."""
        if user not in self._keys:
            accounts = self.services.accounts
            accounts.add_user(user, "secret", (GROUPS[user],))
            self._keys[user] = accounts.new_user_key(user)
        return self._keys[user]

    def store(self, path, content=GCODE):
        target = self.uploads / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def set_scripts(self, scripts):
        self.services.settings.update({"machines": {"default": {"scripts": scripts}}})

    def set_profile(self, **members):
        self.services.settings.update({"machines": {"default": {"profile": members}}})

    async def remove_user(self, name):
        await asyncio.to_thread(self.services.accounts.remove_user, name)

    async def tell(self, **fields):
        """Have the host tell a snapshot, and wait until it is known."""
        sequence = self.machine.snapshot.sequence + 1
        base = {name: getattr(READY, name) for name in READY.__struct_fields__}
        self.host.tell(link.Snapshot(**{**base, **fields, "sequence": sequence}))
        await until(lambda: self.machine.snapshot.sequence == sequence)

    def asked(self, kind):
        return self.host.commands(kind)


@contextlib.asynccontextmanager
async def world(basedir, snapshot=READY, clock=time):
    """A served machine in this state; `clock` is the one of the accounts."""
    settings = Settings(basedir)
    database = Database(basedir / "mrdraw.db")
    accounts = Accounts(database, settings, basedir, clock=clock)
    accounts.ensure_global_key()
    (basedir / "uploads").mkdir()
    library = Library(basedir / "uploads", database)
    async with fake_host(basedir / "machines" / "default") as host:
        host.snapshot = snapshot
        hub = Hub(settings, library, accounts, Fleet(settings, basedir), database)
        await hub.start()
        services = Services(settings=settings, accounts=accounts, library=library, hub=hub)
        try:
            await until(lambda: hub.machine("default").snapshot.sequence == snapshot.sequence)
            yield World(services, host, create_app(services))
        finally:
            await hub.stop()
            accounts.close()
            database.close()


def run(basedir, scenario, snapshot=READY, user="ann", clock=time):
    """Run `scenario(client, world)` as a user."""

    async def main():
        async with world(basedir, snapshot, clock) as made, made.client(made.key(user)) as client:
            await scenario(client, made)

    asyncio.run(main())
