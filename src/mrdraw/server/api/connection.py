"""`/api/connection`: which port the machine is on, opening and closing it (contract, 5.2).

Invariants: 204 means that the machine host took the command; a connection that stands is never reset by `connect`.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, MachineUnreachable, NotOperational, SettingsUnreadable, WrongState
from mrdraw.hub import Machine
from mrdraw.link.messages import MachineState
from mrdraw.server.context import command_body, machine, services
from mrdraw.server.describing import (
    COUNT,
    FLAG,
    LOOSE_FLAG,
    NOTHING,
    TEXT,
    About,
    commands,
    either,
    many,
    maybe,
    object_of,
    said,
)
from mrdraw.server.records import state_text
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, one_of, whole_number

AUTO = "AUTO"
"""Not a port: look for one."""

BAUDRATES = (250000, 230400, 115200, 57600, 38400, 19200, 9600)
"""The baud rates that machines use."""

_CLOSED = "Closed"
"""What this resource, and no other, calls a machine without connection."""
_CLOSED_STATES = {MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR}
_DEFAULT_PROFILE = "_default"
_COMMANDS: dict[str, tuple[str, ...]] = {"connect": (), "disconnect": (), "fake_ack": ()}


async def read(request: Request) -> Response:
    """`GET /api/connection`."""
    one = machine(request)
    snapshot, serial, profile = one.snapshot, one.settings.serial, one.settings.profile
    closed = one.state in _CLOSED_STATES
    current = {
        "state": _CLOSED if closed else state_text(one),
        "port": None if closed else snapshot.port,
        "baudrate": None if closed else snapshot.baudrate,
        "printerProfile": _DEFAULT_PROFILE if closed else profile.id,
    }
    options = {
        "ports": port_options(one),
        "baudrates": baudrate_options(one),
        "printerProfiles": [{"id": profile.id, "name": profile.name}],
        "portPreference": serial.port,
        "baudratePreference": serial.baudrate,
        "printerProfilePreference": profile.id,
        "autoconnect": serial.autoconnect,
    }
    return json_response({"current": current, "options": options})


async def act(request: Request) -> Response:
    """`POST /api/connection`."""
    one = machine(request)
    command, body = await command_body(request, _COMMANDS)
    if command == "connect":
        await _connect(request, one, body)
    elif command == "disconnect":
        await one.disconnect()
    elif one.is_operational:
        await one.fake_ack()
    return no_content()


async def _connect(request: Request, one: Machine, body: dict[str, object]) -> None:
    port, baudrate = _port(one, body.get("port")), _baudrate(one, body.get("baudrate"))
    if "printerProfile" in body:
        one_of(body["printerProfile"], [one.settings.profile.id], "printerProfile")
    chosen: dict[str, object] = {}
    if is_true(body.get("save")):
        chosen |= {name: value for name, value in (("port", port), ("baudrate", baudrate)) if value is not None}
    if "autoconnect" in body:
        chosen["autoconnect"] = is_true(body["autoconnect"])
    await one.connect(port, baudrate)
    if chosen:
        await asyncio.to_thread(services(request).settings.update, {"machines": {one.id: {"serial": chosen}}})


def port_options(one: Machine) -> list[str]:
    """The ports that can be chosen, in the order people count."""
    from natsort import natsorted  # noqa: PLC0415 - slow to load

    return natsorted(port.path for port in one.snapshot.ports)


def baudrate_options(one: Machine) -> list[int]:
    """The baud rates that can be chosen, the fastest first."""
    return sorted({*BAUDRATES, *one.settings.serial.additional_baudrates}, reverse=True)


def _port(one: Machine, value: object) -> str | None:
    """The port that was asked for, `None` for the preferred one. Raises `InvalidValue`."""
    if value is None:
        return None
    preferred = one.settings.serial.port
    known = dict.fromkeys([*port_options(one), *([preferred] if preferred else []), AUTO])
    return one_of(lasting_name(one, value), known, "port")


def lasting_name(one: Machine, value: object) -> object:
    """The name under which the device on a port is found again, where it has one; a tty is named by who came first."""
    found = (port.path for port in one.snapshot.ports if port.device and port.device == value)
    return next(found, value)


def _baudrate(one: Machine, value: object) -> int | None:
    """The baud rate that was asked for, `None` for the preferred one, 0 to find out. Raises `InvalidValue`."""
    if value is None:
        return None
    accepted = [*baudrate_options(one), 0]
    baudrate = whole_number(value, "baudrate")
    if baudrate not in accepted and baudrate != one.settings.serial.baudrate:
        raise InvalidValue(f"baudrate is {baudrate}; accepted are: {', '.join(map(str, accepted))}.")
    return baudrate


_ABOUT_READING = About(
    "The port that the machine is on, and those that can be chosen",
    {
        200: object_of(
            {
                "current": object_of(
                    {"state": TEXT, "port": maybe(TEXT), "baudrate": maybe(COUNT), "printerProfile": TEXT}
                ),
                "options": object_of(
                    {
                        "ports": many(TEXT),
                        "baudrates": many(COUNT),
                        "printerProfiles": many(object_of({"id": TEXT, "name": TEXT})),
                        "portPreference": maybe(TEXT),
                        "baudratePreference": maybe(COUNT),
                        "printerProfilePreference": TEXT,
                        "autoconnect": FLAG,
                    }
                ),
            }
        )
    },
)
_ABOUT_ACTING = About(
    "Open or close the connection",
    NOTHING,
    body=commands(
        _COMMANDS,
        {
            "connect": {
                "port": maybe(TEXT),
                "baudrate": maybe(said(either(COUNT, TEXT), "bit/s, 0 to find out")),
                "printerProfile": TEXT,
                "save": LOOSE_FLAG,
                "autoconnect": LOOSE_FLAG,
            }
        },
    ),
    raises=(WrongState, NotOperational, SettingsUnreadable, MachineUnreachable),
)

ROUTES = (
    Route("GET", "/api/connection", read, Permission.STATUS, about=_ABOUT_READING),
    Route("POST", "/api/connection", act, Permission.CONNECTION, about=_ABOUT_ACTING),
)
