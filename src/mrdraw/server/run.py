"""Serving: from the base folder's lock to the last request.

Invariants: one server for a base folder; the machine hosts were reached before the first request is taken; the server
makes way for them (it lowers its own priority); stopping it ends no machine host. Keys are never logged or printed.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import logging
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mrdraw.accounts import Accounts
from mrdraw.errors import BaseFolderInUse
from mrdraw.fleet import Fleet
from mrdraw.hub import Hub
from mrdraw.library import Library
from mrdraw.link.loop import loop_factory
from mrdraw.server.app import create_app
from mrdraw.server.context import Services
from mrdraw.server.discovery.announcer import Announcer
from mrdraw.server.doors import Doors
from mrdraw.server.greeting import OPEN_PAGE, address_of, greeting, held_back, network_address
from mrdraw.server.listening import resolve
from mrdraw.server.log_files import LOGS
from mrdraw.server.log_levels import apply_levels
from mrdraw.server.logs import is_journal, log_to
from mrdraw.server.notify import Notifier
from mrdraw.server.priority import make_way
from mrdraw.server.tls import context_of
from mrdraw.server.web import WebServer
from mrdraw.settings import Settings
from mrdraw.store import FILE_NAME, Database

LOGGER = logging.getLogger(__name__)

LOCK = "server.lock"


@dataclass(frozen=True)
class _House:
    """What is opened before the loop runs, and closed after it."""

    basedir: Path
    settings: Settings
    database: Database
    accounts: Accounts
    doors: Doors
    tls: ssl.SSLContext | None
    notifier: Notifier

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"


def serve(
    basedir: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    simulate: str | None = None,
    expose_unclaimed: bool = False,
    open_page: bool = False,
) -> int:
    """Serve until told to stop; the exit code. Raises `MrDrawError` when it cannot.

    `expose_unclaimed` opens the network before there is an admin; the claim code guards then. `open_page`
    turns access control off.
    """
    notifier = Notifier()
    basedir.mkdir(parents=True, exist_ok=True)
    with _locked(basedir):
        log_to(basedir / LOGS)
        settings = Settings(basedir, open_page=open_page)
        apply_levels(settings)
        tree = settings.current().server
        wanted = resolve(host or tree.host, port or tree.port)
        tls = context_of(tree.tls, basedir)
        with (
            closing(Database(basedir / FILE_NAME)) as database,
            closing(Accounts(database, settings, basedir)) as accounts,
        ):
            doors = Doors(wanted, is_unclaimed=accounts.claim.is_open, expose_unclaimed=expose_unclaimed)
            house = _House(basedir, settings, database, accounts, doors, tls, notifier)
            with closing(doors.bind()) as listening, asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_live(house, listening, virtual=simulate is not None))
    return 0


async def _live(house: _House, listening: socket.socket, *, virtual: bool) -> None:
    settings, accounts, database = house.settings, house.accounts, house.database
    accounts.ensure_global_key()
    folder = settings.current().folder.uploads
    library = Library(Path(folder) if folder else house.basedir / "uploads", database)
    library.sweep()
    fleet = Fleet(settings, house.basedir, virtual=virtual)
    make_way(spared=fleet.unlowered)
    hub = Hub(settings, library, accounts, fleet, database)
    server = WebServer(create_app(Services(settings, accounts, library, hub)), house.tls, hub.say_goodbye)
    try:
        await hub.start()
        gc.collect()
        gc.freeze()
        if not server.should_exit:  # no signal has come meanwhile
            doors = house.doors
            announcer = Announcer(settings, hub, doors.reachable, port=doors.wanted.port, scheme=house.scheme)
            await _answer(house, server, listening, announcer)
    finally:
        house.notifier.stopping()
        await hub.stop()
        await asyncio.to_thread(library.settle)


async def _answer(house: _House, server: WebServer, listening: socket.socket, announcer: Announcer) -> None:
    """Answer requests until a signal comes; the network is opened, and told, when its time has come."""
    listening.listen(server.config.backlog)
    _greet(house, await asyncio.to_thread(house.accounts.claim.code))
    opening = asyncio.create_task(house.doors.open(server, listening, lambda: _tell_open(house)))
    opening.add_done_callback(_log_failure)
    announcing = asyncio.create_task(announcer.run())
    tending = asyncio.create_task(house.accounts.audit.tend())
    try:
        await server.answer(listening)
    finally:
        opening.cancel()
        announcing.cancel()
        tending.cancel()
        await asyncio.wait([opening, announcing, tending])


def _greet(house: _House, claim: str | None) -> None:
    """Say how to talk to the server: to the person who started it, to the log, to the service manager."""
    doors, scheme = house.doors, house.scheme
    if not is_journal(os.environ, 1):  # what is logged goes there as well
        print("\n".join(greeting(doors, scheme, house.basedir, claim)), flush=True)
        if house.accounts.open_page.is_off():
            print(OPEN_PAGE, flush=True)
    address = address_of(doors.first, scheme)
    LOGGER.info("serving %s from %s", address, house.basedir)
    if claim:
        LOGGER.info("there is no admin yet: the claim code for the first run is %s", claim)
    if house.accounts.open_page.is_off():
        LOGGER.warning("%s", OPEN_PAGE)
    if doors.held_back:
        LOGGER.info("%s", " ".join(" ".join(held_back(doors, scheme)).split()))
    house.notifier.ready(f"serving {address}{', for this computer only until there is an admin' * doors.held_back}")


def _tell_open(house: _House) -> None:
    """Say that others are let in now."""
    address = network_address(house.doors.wanted, house.scheme)
    if not is_journal(os.environ, 1):
        print(f"There is an admin now: serving {address} as well", flush=True)
    LOGGER.info("there is an admin now: serving %s as well", address)
    house.notifier.status(f"serving {address}")


def _log_failure(opening: asyncio.Task[None]) -> None:
    if not opening.cancelled() and (error := opening.exception()) is not None:
        LOGGER.error("the network is not opened before the next start: %s", error)


@contextmanager
def _locked(basedir: Path) -> Iterator[None]:
    """Hold the base folder. Raises `BaseFolderInUse`."""
    descriptor = os.open(basedir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BaseFolderInUse(
            f"Another server already serves {basedir}. Stop it, or choose another folder with --basedir."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
