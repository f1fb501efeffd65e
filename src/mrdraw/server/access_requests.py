"""Applications that wait for a key: asked without one, decided by a user (contract, 9.1).

Invariants: nothing is kept over a restart; a request is dropped when its application does not look for the decision
within `POLLED_WITHIN`, and in any case after `LONGEST`; whoever hears that one began hears that it ended. The
application knows one token and the page another one, and neither leads to the other's part: with the first a key is
fetched, with the second it is granted. No key exists before the application takes it, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_urlsafe
from time import monotonic

from mrdraw.errors import NoSuchRequest, NotPermitted, TooManyAttempts
from mrdraw.events import AccessRequested, AccessRequestEnded
from mrdraw.hub.bus import EventBus
from mrdraw.server.rates import Rates

POLLED_WITHIN = 5.0
"""s within which an application has to look again."""
LONGEST = 600.0
"""s that a request may wait."""
MOST_WAITING = 32
"""Requests at a time, from wherever."""
_LOOK_EVERY = 0.5
_OVER = "Nobody waits here: the request was denied, given up, answered already or never made. Ask anew."


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What an application asks; `user` is who should decide, if it names somebody."""

    app: str
    user: str | None
    address: str
    app_token: str = field(default_factory=lambda: token_urlsafe(24))
    user_token: str = field(default_factory=lambda: token_urlsafe(24))

    def is_for(self, name: str) -> bool:
        """Whether this user may decide."""
        return self.user is None or self.user == name


@dataclass(slots=True)
class _Waiting:
    request: AccessRequest
    asked_at: float
    polled_at: float
    granted_by: str | None = None

    def is_over(self, now: float) -> bool:
        return now - self.polled_at > POLLED_WITHIN or now - self.asked_at > LONGEST


class AccessRequests:
    """The requests that wait; `clock` gives the monotonic time."""

    def __init__(self, bus: EventBus, clock: Callable[[], float] = monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._rates = Rates(clock)
        self._waiting: dict[str, _Waiting] = {}
        """By the application's token."""
        self._timer: asyncio.TimerHandle | None = None

    # --- the application -------------------------------------------------------------------------------------------

    def ask(self, app: str, user: str | None, address: str) -> AccessRequest:
        """A new request; those who may decide hear of it. Raises `TooManyAttempts`."""
        self._rates.take(address)
        if len(self._waiting) >= MOST_WAITING:
            raise TooManyAttempts("Too many applications wait for a decision. Try again in some minutes.")
        request, now = AccessRequest(app, user, address), self._clock()
        self._waiting[request.app_token] = _Waiting(request, now, now)
        self._look_again()
        self._bus.publish(None, AccessRequested(app=app, user=user, address=address, token=request.user_token))
        return request

    def find(self, app_token: str) -> AccessRequest:
        """The request of an application. Raises `NoSuchRequest`."""
        return self._living(app_token).request

    def poll(self, app_token: str) -> tuple[AccessRequest, str] | None:
        """The request and who granted it, once; nothing while it is undecided. Raises `NoSuchRequest`."""
        waiting = self._living(app_token)
        waiting.polled_at = self._clock()
        if waiting.granted_by is None:
            return None
        del self._waiting[app_token]
        return waiting.request, waiting.granted_by

    # --- those who decide ------------------------------------------------------------------------------------------

    def undecided(self) -> list[AccessRequest]:
        """All requests that wait for a decision."""
        self._drop_those_over()
        return [waiting.request for waiting in self._waiting.values() if waiting.granted_by is None]

    def decide(self, user_token: str, name: str, *, granted: bool) -> AccessRequest:
        """A user's decision; the request. Raises `NoSuchRequest`, `NotPermitted` when somebody else was asked."""
        request = next((one for one in self.undecided() if one.user_token == user_token), None)
        if request is None:
            raise NoSuchRequest(_OVER)
        if not request.is_for(name):
            raise NotPermitted(f"This request is {request.user}'s to decide, not {name}'s.")
        if granted:
            self._waiting[request.app_token].granted_by = name
        else:
            del self._waiting[request.app_token]
        self._tell_end(request)
        return request

    # --- the time --------------------------------------------------------------------------------------------------

    def _living(self, app_token: str) -> _Waiting:
        self._drop_those_over()
        if app_token not in self._waiting:
            raise NoSuchRequest(_OVER)
        return self._waiting[app_token]

    def _drop_those_over(self) -> None:
        now = self._clock()
        for waiting in [one for one in self._waiting.values() if one.is_over(now)]:
            del self._waiting[waiting.request.app_token]
            if waiting.granted_by is None:
                self._tell_end(waiting.request)

    def _tell_end(self, request: AccessRequest) -> None:
        self._bus.publish(None, AccessRequestEnded(user=request.user, token=request.user_token))

    def _look_again(self) -> None:
        """As long as somebody waits, look whether that is over."""
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    def _look(self) -> None:
        self._timer = None
        self._drop_those_over()
        self._look_again()
