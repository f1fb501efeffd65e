"""What the firmware asks and says to people, as the two plugins that clients know (contract, 9.2).

Invariants: answered from the hub's copy; an answer is one of the choices that the firmware offers now.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import MachineUnreachable, NotOperational, WrongState
from mrdraw.server.context import command_body, machine
from mrdraw.server.describing import COUNT, NOTHING, TEXT, About, commands, many, object_of, said
from mrdraw.server.machine_record import NOTIFICATIONS, notification_records, prompt_record
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import whole_number

PROMPT = "/api/plugin/action_command_prompt"
NOTIFICATION = "/api/plugin/action_command_notification"

_PROMPT_COMMANDS = {"select": ("choice",)}
_NOTIFICATION_COMMANDS: dict[str, tuple[str, ...]] = {"clear": ()}


async def read_prompt(request: Request) -> Response:
    """`GET /api/plugin/action_command_prompt`: nothing, or the question."""
    return json_response(prompt_record(machine(request).snapshot.prompt) or {})


async def answer(request: Request) -> Response:
    """`POST /api/plugin/action_command_prompt`: which choices there are, the machine host knows."""
    _, body = await command_body(request, _PROMPT_COMMANDS)
    await machine(request).answer_prompt(whole_number(body["choice"], "choice"))
    return no_content()


async def read_notifications(request: Request) -> Response:
    """`GET /api/plugin/action_command_notification`."""
    return json_response({"notifications": notification_records(machine(request).snapshot.notifications)})


async def clear(request: Request) -> Response:
    """`POST /api/plugin/action_command_notification`."""
    await command_body(request, _NOTIFICATION_COMMANDS)
    await machine(request).clear_notifications()
    return no_content()


_ABOUT_PROMPT = About(
    "What the firmware asks now; no members when it asks nothing",
    {200: object_of({"text?": TEXT, "choices?": many(TEXT)})},
)
_ABOUT_ANSWERING = About(
    "Answer what the firmware asks",
    NOTHING,
    body=commands(_PROMPT_COMMANDS, {"select": {"choice": said(COUNT, "counted from 0")}}),
    raises=(WrongState, NotOperational, MachineUnreachable),
)
_ABOUT_NOTIFICATIONS = About("What the firmware said to people", {200: object_of({"notifications": NOTIFICATIONS})})
_ABOUT_CLEARING = About(
    "Take note of what the firmware said",
    NOTHING,
    body=commands(_NOTIFICATION_COMMANDS),
    raises=(MachineUnreachable,),
)

_INTERACT = Permission.PLUGIN_ACTION_COMMAND_PROMPT_INTERACT
_SHOW = Permission.PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW
_CLEAR = Permission.PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR

ROUTES = (
    Route("GET", PROMPT, read_prompt, _INTERACT, about=_ABOUT_PROMPT),
    Route("POST", PROMPT, answer, _INTERACT, about=_ABOUT_ANSWERING),
    Route("GET", NOTIFICATION, read_notifications, _SHOW, about=_ABOUT_NOTIFICATIONS),
    Route("POST", NOTIFICATION, clear, _CLEAR, about=_ABOUT_CLEARING),
)
