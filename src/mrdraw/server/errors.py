"""From the domain's errors to status codes: the one table, and the body that says what went wrong.

Invariants: every error is JSON with the member `error`; what is not a domain error is a 500 that is logged and tells
the client nothing of the inside.
"""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mrdraw import errors
from mrdraw.server.responses import json_response

LOGGER = logging.getLogger(__name__)

STATUS_OF: dict[type[errors.MrDrawError], int] = {
    errors.InvalidValue: 400,
    errors.LimitExceeded: 400,
    errors.NotAuthenticated: 401,
    errors.NotPermitted: 403,
    errors.SecondFactorWanted: 403,
    errors.NoClaim: 403,
    errors.SignOnFailed: 403,
    errors.NoSuchFile: 404,
    errors.NoSuchMachine: 404,
    errors.NoSuchJob: 404,
    errors.NoSuchCamera: 404,
    errors.NoSuchScript: 404,
    errors.NoSuchSession: 404,
    errors.NoSuchProfile: 404,
    errors.NoSuchUser: 404,
    errors.NoSuchKey: 404,
    errors.NoSuchRequest: 404,
    errors.NoSuchGroup: 404,
    errors.NoSuchPasskey: 404,
    errors.NoSuchSlicer: 404,
    errors.NoSuchCommand: 404,
    errors.NotOperational: 409,
    errors.WrongState: 409,
    errors.NotSupported: 409,
    errors.ForceNeeded: 409,
    errors.JobFailed: 409,
    errors.FileInUse: 409,
    errors.FileExists: 409,
    errors.ProfileExists: 409,
    errors.UserExists: 409,
    errors.GroupExists: 409,
    errors.LastAdmin: 409,
    errors.SecondFactorOn: 409,
    errors.JobsWouldEnd: 409,
    errors.SettingsUnreadable: 409,
    errors.TooLarge: 413,
    errors.UnknownFileType: 415,
    errors.WrongContentType: 415,
    errors.NoSuchPart: 416,
    errors.TooManyAttempts: 429,
    errors.NotStored: 500,
    errors.ProgramFailed: 500,
    errors.CameraFailed: 503,
    errors.MachineUnreachable: 503,
    errors.TooManySessions: 503,
    errors.DiskFull: 507,
}
"""The status code of each error; of its nearest base class where it is not named."""

HEADERS_OF: dict[type[errors.MrDrawError], dict[str, str]] = {errors.TooManySessions: {"retry-after": "5"}}
"""What is said beside the text."""


def status_of(kind: type[errors.MrDrawError]) -> int:
    """The status code of a kind of error."""
    return next((STATUS_OF[each] for each in kind.__mro__ if each in STATUS_OF), 500)


def error_response(error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, errors.MrDrawError):
        return refusal(status_of(type(error)), str(error), HEADERS_OF.get(type(error)), _members(error))
    if isinstance(error, HTTPException):
        return refusal(error.status_code, str(error.detail), dict(error.headers or {}))
    if isinstance(error, ClientDisconnect):
        return refusal(400, "The body ended before all of it was sent.")  # nobody is there to read it
    LOGGER.error("a request failed: %s", error, exc_info=error)
    return refusal(500, "Something went wrong inside MrDraw; its log says what.")


def refusal(
    status: int, text: str, headers: dict[str, str] | None = None, members: dict[str, object] | None = None
) -> Response:
    """An error as clients read it; `members` stand beside the text."""
    return json_response({"error": text, **(members or {})}, status, headers)


def _members(error: errors.MrDrawError) -> dict[str, object]:
    """What clients look for at a log-in with a second factor (contract, 2.4)."""
    if isinstance(error, errors.SecondFactorWanted):
        return {"mfa": list(error.kinds)}
    return {"mfa_error": str(error)} if isinstance(error, errors.WrongSecondFactor) else {}
