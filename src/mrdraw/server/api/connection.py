"""`/api/connection`: which port the machine is on, opening and closing it (contract, 5.2).

Invariants: 204 means that the machine host took the command; a connection that stands is never reset by `connect`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, MachineUnreachable, NotOperational, SettingsUnreadable, WrongState
from mrdraw.hub import Machine
from mrdraw.link.messages import MachineState
from mrdraw.server.api_version import QUERY, wants_version_2
from mrdraw.server.auditing import note, nothing_done
from mrdraw.server.context import command_body, machine, services
from mrdraw.server.describing import (
    COUNT,
    FLAG,
    LOOSE_FLAG,
    NOTHING,
    TEXT,
    About,
    by_name,
    commands,
    either,
    many,
    maybe,
    object_of,
    said,
    words,
)
from mrdraw.server.profile_changes import Changes, made_default, put_in_force, settings_changes
from mrdraw.server.records import Record, state_text
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, mapping, one_of, whole_number

AUTO = "AUTO"
"""Not a port: look for one."""

BAUDRATES = (250000, 230400, 115200, 57600, 38400, 19200, 9600)
"""The baud rates that machines use."""

_CLOSED = "Closed"
"""What this resource, and no other, calls a machine without connection."""
_CLOSED_STATES = {MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR}
_SERIAL = "serial"
"""What 2.0 calls the only connector that there is."""
_CAPABILITIES = {"job_on_hold": False, "temperature_offsets": True}
_COMMANDS: dict[str, tuple[str, ...]] = {"connect": (), "disconnect": (), "fake_ack": ()}


async def read(request: Request) -> Response:
    """`GET /api/connection`."""
    one = machine(request)
    return json_response(_connection_of_version_2(one) if wants_version_2(request) else _connection(one))


def _connection(one: Machine) -> Record:
    snapshot, serial, closed = one.snapshot, one.settings.serial, one.state in _CLOSED_STATES
    current = {
        "state": _CLOSED if closed else state_text(one),
        "port": None if closed else snapshot.port,
        "baudrate": None if closed else snapshot.baudrate,
        "printerProfile": one.settings.profile.id,
    }
    options = {
        "ports": port_options(one),
        "baudrates": baudrate_options(one),
        "printerProfiles": _profiles(one),
        "portPreference": serial.port,
        "baudratePreference": serial.baudrate,
        "printerProfilePreference": one.settings.preferred_profile.id,
        "autoconnect": serial.autoconnect,
    }
    return {"current": current, "options": options}


def _connection_of_version_2(one: Machine) -> Record:
    """The same in the words of 2.0, where a port is a parameter of one of several connectors."""
    snapshot, serial, closed = one.snapshot, one.settings.serial, one.state in _CLOSED_STATES
    current = {
        "state": state_text(one),
        "connector": None if closed else _SERIAL,
        "parameters": {} if closed else {"port": snapshot.port, "baudrate": snapshot.baudrate},
        "profile": None if closed else one.settings.profile.id,
        "capabilities": None if closed else _CAPABILITIES,
    }
    accepted = {"port": port_options(one), "baudrate": baudrate_options(one)}
    options = {
        "connectors": [{"connector": _SERIAL, "name": "Serial Connection", "parameters": accepted}],
        "profiles": _profiles(one),
        "preferredConnector": {
            "connector": _SERIAL,
            "parameters": {"port": serial.port, "baudrate": serial.baudrate},
        },
        "preferredProfile": one.settings.preferred_profile.id,
    }
    return {"current": current, "options": options}


def _profiles(one: Machine) -> list[Record]:
    return [{"id": each.id, "name": each.name} for each in one.settings.profiles.values()]


async def act(request: Request) -> Response:
    """`POST /api/connection`."""
    one = machine(request)
    command, body = await command_body(request, _COMMANDS)
    if command == "connect":
        await _connect(request, one, body)
    elif command == "disconnect":
        note(request, Action.DISCONNECTED)
        await one.disconnect()
    else:
        nothing_done(request)
        await _fake_acknowledge(one)
    return no_content()


async def _fake_acknowledge(one: Machine) -> None:
    if one.is_operational:
        await one.fake_ack()


async def _connect(request: Request, one: Machine, body: dict[str, object]) -> None:
    place = _parameters(body)
    port, baudrate = _port(one, place.get("port")), _baudrate(one, place.get("baudrate"))
    note(request, Action.CONNECTED, subject=port or AUTO)
    save, named = is_true(body.get("save")), _profile(one, body.get("printerProfile"))
    serial: dict[str, object] = {}
    if save:
        serial |= {name: value for name, value in (("port", port), ("baudrate", baudrate)) if value is not None}
    if "autoconnect" in body:
        serial["autoconnect"] = is_true(body["autoconnect"])
    if not one.is_connected:
        await _put_in_force(request, one, named)
    await one.connect(port, baudrate)
    own: Changes = {"serial": serial} if serial else {}
    if save and named is not None:
        own |= made_default(one, named)
    await _write(request, one, own)


def _parameters(body: Mapping[str, object]) -> Mapping[str, object]:
    """Where port and baud rate stand: in the body, or in its parameters as in 2.0. Raises `InvalidValue`."""
    if "connector" not in body:
        return body
    one_of(body["connector"], [_SERIAL], "connector")
    return mapping(body.get("parameters", {}), "parameters")


async def _put_in_force(request: Request, one: Machine, named: str | None) -> None:
    """Have the machine host know what the machine is before it opens the port."""
    if changes := put_in_force(one, named or one.settings.preferred_profile.id):
        await _write(request, one, changes)
        await services(request).hub.configure(one.id)


async def _write(request: Request, one: Machine, own: Changes) -> None:
    known = services(request).settings
    default = one.id == known.current().default_machine
    if changes := settings_changes(one, own, default=default):
        await asyncio.to_thread(known.update, changes)
        one.view.changed()


def _profile(one: Machine, value: object) -> str | None:
    """The profile that was asked for, `None` for the default one. Raises `InvalidValue`, `WrongState`."""
    if value is None:
        return None
    named, in_force = one_of(value, one.settings.profiles, "printerProfile"), one.settings.profile.id
    if one.is_connected and named != in_force:
        raise WrongState(f"The machine is connected as {in_force!r}. Disconnect it before it is another one.")
    return named


def port_options(one: Machine) -> list[str]:
    """The ports that can be chosen, in the order people count."""
    from natsort import natsorted  # noqa: PLC0415 - slow to load

    return natsorted(port.path for port in one.snapshot.ports)


def baudrate_options(one: Machine) -> list[int]:
    """The baud rates that can be chosen, the fastest first."""
    serial = one.settings.serial
    return sorted({*BAUDRATES, *serial.additional_baudrates} - set(serial.blacklisted_baudrates), reverse=True)


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


_PROFILES = many(object_of({"id": TEXT, "name": TEXT}))
_SHAPE = object_of(
    {
        "current": object_of({"state": TEXT, "port": maybe(TEXT), "baudrate": maybe(COUNT), "printerProfile": TEXT}),
        "options": object_of(
            {
                "ports": many(TEXT),
                "baudrates": many(COUNT),
                "printerProfiles": _PROFILES,
                "portPreference": maybe(TEXT),
                "baudratePreference": maybe(COUNT),
                "printerProfilePreference": TEXT,
                "autoconnect": FLAG,
            }
        ),
    }
)
_PARAMETERS = object_of({"port?": maybe(TEXT), "baudrate?": maybe(COUNT)})
_SHAPE_OF_VERSION_2 = object_of(
    {
        "current": object_of(
            {
                "state": TEXT,
                "connector": maybe(TEXT),
                "parameters": _PARAMETERS,
                "profile": maybe(TEXT),
                "capabilities": maybe(by_name(FLAG)),
            }
        ),
        "options": object_of(
            {
                "connectors": many(
                    object_of(
                        {
                            "connector": TEXT,
                            "name": TEXT,
                            "parameters": object_of({"port": many(TEXT), "baudrate": many(COUNT)}),
                        }
                    )
                ),
                "profiles": _PROFILES,
                "preferredConnector": object_of({"connector": TEXT, "parameters": _PARAMETERS}),
                "preferredProfile": TEXT,
            }
        ),
    }
)
_ABOUT_READING = About(
    "The port that the machine is on, and those that can be chosen",
    {200: either(_SHAPE, _SHAPE_OF_VERSION_2)},
    query=QUERY,
    raises=(InvalidValue,),
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
                "connector": words(_SERIAL),
                "parameters": _PARAMETERS,
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
    Route("POST", "/api/connection", act, Permission.CONNECTION, about=_ABOUT_ACTING, audit=Action.CONNECTION),
)
