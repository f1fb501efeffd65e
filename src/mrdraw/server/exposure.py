"""Clients that come from the internet without TLS: keys and passwords can be read on the way.

Invariants: people are told once beside the machines' notices, and the log at most once an hour; refused is nobody
unless the settings say so, and an emergency stop never. Addresses of networks that this computer is in itself are not
the internet (`networks.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ipaddress import ip_address
from time import monotonic

from mrdraw.server.networks import local_network_of
from mrdraw.server.peer import Peer

LOGGER = logging.getLogger(__name__)

NOTICE = (
    "MrDraw is reached from the internet without TLS: passwords and API keys can be read on the way. Put a proxy with "
    "a certificate before it (docs/proxies.md) or set server.tls. A proxy that has one already has to be named in "
    "server.reverseProxy.trustedProxies and to send X-Forwarded-Proto."
)
REFUSAL = (
    "MrDraw is not reached from the internet without TLS (server.refuseInsecurePublic). Use its https address. A proxy "
    "that speaks TLS has to be trusted and to send X-Forwarded-Proto."
)
FORGET_AFTER = 24 * 3600.0
"""s after the last such client for which people are still told."""
_LOG_EVERY = 3600.0
_KNOWN_FOR = 60.0
_MOST_KNOWN = 256


class Exposure:
    """Looks at whoever comes without TLS from an address of the internet."""

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        """`tell` is called with what people should look after, and with `None` when there is nothing any more."""
        self._tell = tell
        self._forgetting: asyncio.TimerHandle | None = None
        self._logged_at: float | None = None
        self._far: dict[str, tuple[bool, float]] = {}

    def is_insecure(self, peer: Peer) -> bool:
        """Whether this client is one of those; people are told then."""
        if peer.scheme == "https" or not peer.is_global or not self._is_far(peer.address):
            return False
        self._tell_people(peer.address)
        return True

    def _is_far(self, address: str) -> bool:
        """Whether an address of the internet is in none of our networks; looked up once a minute."""
        now = monotonic()
        far, until = self._far.get(address, (False, 0.0))
        if now >= until:
            if len(self._far) >= _MOST_KNOWN:
                self._far.clear()
            far = local_network_of(ip_address(address)) is None
            self._far[address] = far, now + _KNOWN_FOR
        return far

    def _tell_people(self, address: str) -> None:
        now = monotonic()
        if self._logged_at is None or now - self._logged_at >= _LOG_EVERY:
            self._logged_at = now
            LOGGER.warning("%s came without TLS. %s", address, NOTICE)
        if self._forgetting is None:
            self._tell(NOTICE)
        else:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(FORGET_AFTER, self._forget)

    def _forget(self) -> None:
        self._forgetting = None
        self._tell(None)
