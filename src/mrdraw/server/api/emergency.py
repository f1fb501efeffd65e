"""`/api/v1/machines/<id>/…`: the emergency stop, and the decisions of a person (safety rules).

Invariants: the emergency stop asks for nothing but STATUS and waits for nothing but the machine host's word.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import MachineUnreachable, NoSuchMachine, NotOperational, WrongState
from mrdraw.server.api.machines import ONE, named
from mrdraw.server.describing import NOTHING, About
from mrdraw.server.responses import no_content
from mrdraw.server.routing import Route


async def stop(request: Request) -> Response:
    """`POST …/emergency-stop`."""
    await named(request).emergency_stop()
    return no_content()


async def attend(request: Request) -> Response:
    """`POST …/attend`: a person is there, the heaters stay as they are for another while."""
    await named(request).attend()
    return no_content()


async def dismiss(request: Request) -> Response:
    """`POST …/interrupted/dismiss`: the interrupted job will not be resumed."""
    await named(request).dismiss_interrupted()
    return no_content()


_ERRORS = (NoSuchMachine, NotOperational, WrongState, MachineUnreachable)


def _about(summary: str) -> About:
    return About(summary, NOTHING, raises=_ERRORS)


ROUTES = (
    Route(
        "POST",
        f"{ONE}/emergency-stop",
        stop,
        Permission.STATUS,
        about=_about("Stop at once, whatever happens"),
        audit=Action.EMERGENCY_STOP,
    ),
    Route("POST", f"{ONE}/attend", attend, Permission.CONTROL, about=_about("Say that a person is there")),
    Route(
        "POST",
        f"{ONE}/interrupted/dismiss",
        dismiss,
        Permission.PRINT,
        about=_about("Give an interrupted job up"),
        audit=Action.INTERRUPTED_DISMISSED,
    ),
)
