"""A log-in with a provider, from the button to the user.

Invariants: the address that the provider sends browsers back to follows from the settings alone; what a log-in began
with is looked at before the provider is asked anything, and taken once whatever comes of it; who has to prove something
anew is believed only if the provider says that this happened after the log-in began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from math import isfinite
from time import time
from types import ModuleType
from typing import Any

from mrdraw.accounts import Accounts, Identity
from mrdraw.accounts.sign_on import Newcomer, Subject
from mrdraw.errors import SignOnFailed, SignOnRefused
from mrdraw.server.sign_on.begun import Begun, begin, unsealed
from mrdraw.server.sign_on.provider import Provider, Providers
from mrdraw.settings import Settings

LONG_AGO = 24 * 3600.0
"""s that a proof is old of whose time the provider says nothing: too old for what needs a fresh one."""
_LEEWAY = 60.0
_MOST_GROUPS = 1000
_LONGEST_CODE = 4096


@dataclass(frozen=True)
class Arrival:
    """Somebody who came back from a provider."""

    who: Identity
    proven_at: float
    """When that was proven to the provider, Unix s."""
    to: str
    again: bool


class Flow:
    """Log-ins with the providers of the settings."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts
        self._providers = Providers(settings)

    async def begin(self, provider_id: str, to: str, *, again: bool) -> tuple[str, Begun]:
        """Where to send the browser, and what it has to bring back. Raises `SignOnFailed`."""
        provider = self._providers.get(provider_id)
        if self._accounts.claim.is_open():
            raise SignOnFailed("There is no admin yet: the first one is made with the claim code.", "first-run")
        metadata = await provider.metadata.get()
        begun = begin(provider_id, time(), to, again=again)
        protocol = await asyncio.to_thread(_load_protocol)
        return protocol.authorization_url(metadata, provider.tree, self._redirect_uri(provider_id), begun), begun

    async def finish(self, provider_id: str, answer: Mapping[str, str], cookie: str | None) -> Arrival:
        """Who came back. Raises `SignOnFailed`, `SignOnRefused`."""
        provider = self._providers.get(provider_id)
        begun = await self._taken(unsealed(cookie, self._accounts, time()), provider_id, answer.get("state", ""))
        await self._check_sender(provider, answer)
        claims = await self._claims(provider, answer.get("code", ""), begun)
        proven_at = _proven_at(claims, begun)
        newcomer = _newcomer(claims, provider)
        who = await asyncio.to_thread(self._accounts.admit, newcomer, provider.tree)
        return Arrival(who, proven_at, begun.to, begun.again)

    async def _taken(self, begun: Begun | None, provider_id: str, state: str) -> Begun:
        """What this browser began lately, if this belongs to it and came not before. Raises `SignOnRefused`."""
        sent = state.encode("utf-8", "replace")
        if begun is None or begun.provider != provider_id or not compare_digest(begun.state.encode(), sent):
            raise SignOnRefused("No log-in was begun in this browser that this could belong to.", "expired")
        if not await asyncio.to_thread(self._accounts.sign_on.use_once, begun.state):
            raise SignOnRefused("This log-in came back before.", "expired")
        return begun

    async def _check_sender(self, provider: Provider, answer: Mapping[str, str]) -> None:
        """Raises `SignOnFailed` when the provider says no, or somebody else answers (RFC 9207)."""
        metadata = await provider.metadata.get()
        says_who = metadata.authorization_response_iss_parameter_supported
        if answer.get("iss", "" if says_who else provider.tree.issuer) != provider.tree.issuer:
            raise SignOnRefused("Another provider answered than the one that was asked.", "unverified")
        if "error" in answer:
            cancelled = answer["error"] in {"access_denied", "login_required", "interaction_required"}
            word = answer["error"][:40]
            raise SignOnFailed(f"{provider.tree.issuer} says {word!r}.", "cancelled" if cancelled else "provider")
        if not 0 < len(answer.get("code", "")) <= _LONGEST_CODE:
            raise SignOnRefused("There is no code in what came back.", "unverified")

    async def _claims(self, provider: Provider, code: str, begun: Begun) -> Mapping[str, Any]:
        """What the provider says of who came back, all of it verified. Raises `SignOnFailed`."""
        protocol = await asyncio.to_thread(_load_protocol)
        metadata = await provider.metadata.get()
        redirect_uri = self._redirect_uri(begun.provider)
        tokens = await provider.tokens(
            *protocol.token_request(metadata, provider.tree, redirect_uri, code, begun.verifier)
        )
        if not isinstance(tokens.get("id_token"), str):
            raise SignOnFailed(f"{provider.tree.issuer} gave no id token.", "provider")
        claims: Mapping[str, Any] = await self._verified(protocol, provider, tokens, begun)
        return await _completed(claims, provider, tokens.get("access_token"))

    async def _verified(
        self, protocol: ModuleType, provider: Provider, tokens: Mapping[str, Any], begun: Begun
    ) -> Mapping[str, Any]:
        """The claims of the id token; keys that are not known yet are asked for once more. Raises `SignOnFailed`."""
        for oldest in (None, 0.0):
            keys = await (provider.keys.get() if oldest is None else provider.keys.get(not_older_than=oldest))
            try:
                found: Mapping[str, Any] = protocol.verified(tokens, keys, provider.tree, begun, time())
            except protocol.UnknownKey:
                continue
            return found
        raise SignOnRefused(f"The id token is signed with a key that {provider.tree.issuer} has not.", "unverified")

    def _redirect_uri(self, provider_id: str) -> str:
        """The address that is to be registered at the provider."""
        external_url = self._settings.current().access_control.open_id.external_url or ""
        return f"{external_url.rstrip('/')}/login/openid/{provider_id}/done"


def _load_protocol() -> ModuleType:
    from mrdraw.server.sign_on import protocol  # noqa: PLC0415 - 20 MB that only those pay who use it

    return protocol


async def _completed(claims: Mapping[str, Any], provider: Provider, access_token: object) -> Mapping[str, Any]:
    """The claims with those that stand elsewhere; only of the same subject (OpenID Connect Core 1.0, 5.3.4)."""
    tree = provider.tree
    wanted = [tree.user_claim, *([tree.groups_claim] if tree.groups else [])]
    if all(_claim(claims, name) is not None for name in wanted):
        return claims
    more = await provider.user_info(access_token)
    return {**more, **claims} if more.get("sub") == claims["sub"] else claims


def _proven_at(claims: Mapping[str, Any], begun: Begun) -> float:
    """When somebody proved who that is. Raises `SignOnRefused` when it was to be done anew and was not."""
    said = claims.get("auth_time")
    at = min(said, time()) if isinstance(said, int | float) and isfinite(said) else None
    if begun.again and (at is None or at < begun.at - _LEEWAY):
        raise SignOnRefused("The provider did not have the log-in proven anew.", "not-anew")
    return time() - LONG_AGO if at is None else at


def _newcomer(claims: Mapping[str, Any], provider: Provider) -> Newcomer:
    name, groups = _claim(claims, provider.tree.user_claim), _claim(claims, provider.tree.groups_claim)
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Newcomer(
        Subject(provider.tree.issuer, claims["sub"]),
        name if isinstance(name, str) else "",
        tuple(group for group in listed[:_MOST_GROUPS] if isinstance(group, str)),
    )


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by the path to it where no claim has that name: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
