"""A log-in that was begun: what the browser that began it brings back, sealed, in a cookie.

Invariants: nobody but us reads or changes it; it is for one provider, lives ten minutes, and stands in one browser; the
server keeps nothing before it comes back, so that nobody can fill the server by beginning log-ins.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlsplit

import msgspec

from mrdraw.accounts import Accounts
from mrdraw.accounts.sign_on import LIFETIME

_PURPOSE: Final = "openid"
_LONGEST = 4096
_LONGEST_WAY = 512


class Begun(msgspec.Struct, frozen=True):
    """What a log-in began with."""

    provider: str
    at: float
    """Unix s."""
    to: str
    """The page's own path to go to afterwards."""
    again: bool
    """Whether somebody who is logged in has to prove that once more."""
    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636): 43 characters or more."""


def begin(provider: str, at: float, to: str, *, again: bool) -> Begun:
    """A log-in that begins now."""
    return Begun(provider, at, own_path(to), again, token_urlsafe(32), token_urlsafe(32), token_urlsafe(48))


def own_path(to: str) -> str:
    """A path of the page, never anything that leads elsewhere."""
    harmless = to.startswith("/") and not to.startswith("//") and to.isascii() and to.isprintable()
    return to if harmless and "\\" not in to and len(to) <= _LONGEST_WAY else "/"


def sealed(begun: Begun, accounts: Accounts) -> str:
    """What the browser keeps."""
    return accounts.seal(_PURPOSE, msgspec.json.encode(begun).decode())


def unsealed(cookie: str | None, accounts: Accounts, now: float) -> Begun | None:
    """What the browser brought back; none if it was not made here, or is too old."""
    if cookie is None or len(cookie) > _LONGEST:
        return None
    text = accounts.unseal(_PURPOSE, cookie)
    try:
        begun = msgspec.json.decode(text or "", type=Begun)
    except msgspec.DecodeError:  # nothing, or what another release sealed
        return None
    return begun if 0 <= now - begun.at <= LIFETIME else None


def cookie_of(external_url: str) -> tuple[str, str, bool]:
    """The cookie's name, its path, and whether it goes over TLS only: by the address that the settings name."""
    parts = urlsplit(external_url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    return f"sign_on_P{port}", f"{parts.path.rstrip('/')}/login", secure
