"""Serving: from the base folder's lock to the last request.

Invariants: one server for a base folder; the machine hosts were reached before the first request is taken; the server
makes way for them (it lowers its own priority); stopping it ends no machine host. Keys are never logged or printed.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mrdraw import __version__
from mrdraw.accounts import Accounts
from mrdraw.errors import BaseFolderInUse, MrDrawError
from mrdraw.fleet import Fleet
from mrdraw.hub import Hub
from mrdraw.library import Library
from mrdraw.server.app import create_app
from mrdraw.server.context import Services
from mrdraw.settings import Settings
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

LOCK = "server.lock"
DATABASE = "mrdraw.db"
_NICE = 5
_LOG_SIZE = 4 * 1024 * 1024
_LOG_FILES = 3
_GRACE = 3
"""s that requests get to end when the server stops."""

USUAL_HOLDERS = {
    5000: "OctoPrint itself, the AirPlay receiver of macOS, or a Flask development server",
    80: "a web server such as nginx or Apache",
    8080: "another web server or a proxy",
    7125: "Moonraker",
}


class PortTaken(MrDrawError):
    """Somebody else listens on the port."""


def serve(basedir: Path, *, host: str | None = None, port: int | None = None, simulate: str | None = None) -> int:
    """Serve until told to stop; the exit code. Raises `MrDrawError` when it cannot."""
    basedir.mkdir(parents=True, exist_ok=True)
    with _locked(basedir):
        _log_to(basedir / "logs")
        settings = Settings(basedir)
        tree = settings.current().server
        listening = _listen(host or tree.host, port or tree.port)
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_live(basedir, settings, listening, virtual=simulate is not None))
        finally:
            listening.close()
    return 0


async def _live(basedir: Path, settings: Settings, listening: socket.socket, *, virtual: bool) -> None:
    database = Database(basedir / DATABASE)
    accounts = Accounts(database, settings, basedir)
    accounts.ensure_global_key()
    folder = settings.current().folder.uploads
    library = Library(Path(folder) if folder else basedir / "uploads", database)
    library.sweep()
    fleet = Fleet(settings, basedir, virtual=virtual)  # before the next line: the hosts keep the priority of now
    with suppress(OSError):
        os.nice(_NICE)
    hub = Hub(settings, library, accounts, fleet, database)
    server = _Server(create_app(Services(settings, accounts, library, hub)))
    try:
        await hub.start()
        gc.collect()
        gc.freeze()
        await server.answer(listening, basedir)
    finally:
        await hub.stop()
        accounts.close()
        database.close()


class _Server(uvicorn.Server):
    """Ends by a signal at any time, but leaves the process alive: what was opened before it is closed after it."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            loop="none",
            http="httptools",
            ws="websockets-sansio",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE,
        )
        super().__init__(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)

    async def answer(self, listening: socket.socket, basedir: Path) -> None:
        """Answer requests until a signal comes; at once if one came already."""
        if self.should_exit:
            return
        listening.listen(self.config.backlog)
        _greet(listening, basedir)
        await self.serve(sockets=[listening])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals are taken already."""
        yield


def _greet(listening: socket.socket, basedir: Path) -> None:
    """Say how to talk to the server."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    base, command = f"--basedir {basedir}", _command()
    lines = (
        f"MrDraw {__version__} serves {address}",
        f"  a key:      {command} key {base}",
        f"  a user:     {command} user add NAME --group admins {base}",
        f"  try it:     curl -H 'X-Api-Key: KEY' {address}/api/printer",
        "  slicers:    printer type OctoPrint, this address, that key",
        "  stop:       Ctrl-C (a running job goes on without the server)",
    )
    print("\n".join(lines), flush=True)
    LOGGER.info("serving %s from %s", address, basedir)


def _command() -> str:
    """How this command was called."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "mrdraw" else "python -m mrdraw"


# --- what is taken before ---------------------------------------------------------------------------------------------


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


def _listen(host: str, port: int) -> socket.socket:
    """The bound socket. Raises `MrDrawError` when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise MrDrawError(f"There is no address {host}: {error.strerror}. Use an address of this computer.") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _not_bound(host, port, error) from error
    return bound


def _not_bound(host: str, port: int, error: OSError) -> MrDrawError:
    if error.errno == errno.EADDRINUSE:
        usual = USUAL_HOLDERS.get(port)
        holder = f" Port {port} is usually held by {usual}." if usual else ""
        return PortTaken(
            f"Another program listens on {host}:{port} already.{holder} Stop it, or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return MrDrawError(f"This user may not listen on port {port}; ports below 1024 are for root. Use --port.")
    return MrDrawError(f"{host}:{port} cannot be listened on: {error.strerror}.")


def _log_to(folder: Path) -> None:
    """Log to a file that does not grow without end, and what is wrong to standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    written = RotatingFileHandler(folder / "mrdraw.log", maxBytes=_LOG_SIZE, backupCount=_LOG_FILES, encoding="utf-8")
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)
    shown.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[written, shown], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
