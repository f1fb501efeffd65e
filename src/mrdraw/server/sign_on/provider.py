"""One provider: what it publishes, asked for when it is needed and kept for a while; its token endpoint.

Invariants: it is asked through the server's one door to others (`fetching.py`): each address is checked and what was
checked is connected to, no redirect is followed, answers and time are bounded. A provider in the own network is what
people mean and may be asked; without TLS only there. Nothing that it says gets to a person or a log but its name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Generic, TypeVar

import msgspec

from mrdraw.errors import InvalidValue, SignOnFailed, SignOnRefused
from mrdraw.server.fetching import Answer, Question, ask
from mrdraw.server.sign_on.metadata import DISCOVERY, Metadata, metadata_of
from mrdraw.settings import Settings
from mrdraw.settings.sign_on import ProviderTree

LOGGER = logging.getLogger(__name__)

KEPT = 3600.0
"""s for which what a provider publishes is believed."""
RENEWED_EVERY = 10.0
"""s between two times that it is asked, however often somebody wants to know."""
TIMEOUT = 10.0
"""s for one answer."""
_MOST_BODY = 512 * 1024

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """What is asked for once and kept for a while; whoever asks at the same time waits for the one answer."""

    def __init__(self, fetch: Callable[[], Awaitable[_Value]]) -> None:
        self._fetch = fetch
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._value: _Value | None = None
        self._error: SignOnFailed | None = None

    async def get(self, *, not_older_than: float = KEPT) -> _Value:
        """The value; asked for again when it is older, in s, though not too often. Raises `SignOnFailed`."""
        async with self._asking:
            age = monotonic() - self._asked_at
            if age > (RENEWED_EVERY if self._value is None else max(not_older_than, RENEWED_EVERY)):
                await self._renew()
            if self._value is None:
                raise self._error or SignOnFailed("The provider was not asked.", "provider")
            return self._value

    async def _renew(self) -> None:
        self._asked_at = monotonic()
        try:
            self._value, self._error = await self._fetch(), None
        except SignOnFailed as error:
            LOGGER.warning("%s", error)
            self._error = error  # what was known before is used for as long as it helps


class Provider:
    """A provider as the settings have it."""

    def __init__(self, tree: ProviderTree) -> None:
        self.tree = tree
        self.metadata: Kept[Metadata] = Kept(self._discover)
        self.keys: Kept[Mapping[str, Any]] = Kept(self._fetch_keys)

    async def tokens(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        """What a code is turned into. Raises `SignOnFailed`; `SignOnRefused` when the provider does not take it."""
        metadata = await self.metadata.get()
        answer = await self._ask(metadata.token_endpoint, headers, body)
        if 400 <= answer.status < 500:
            raise SignOnRefused(f"{self.tree.issuer} did not take the code ({answer.status}).", "unverified")
        return self._members(answer)

    async def user_info(self, access_token: object) -> Mapping[str, Any]:
        """What the provider says beside the id token; nothing where it has no place for that."""
        metadata = await self.metadata.get()
        if metadata.userinfo_endpoint is None or not isinstance(access_token, str) or not access_token.isascii():
            return {}
        if not access_token.isprintable():
            return {}
        return self._members(await self._ask(metadata.userinfo_endpoint, {"Authorization": f"Bearer {access_token}"}))

    async def _discover(self) -> Metadata:
        answer = await self._ask(self.tree.issuer.rstrip("/") + DISCOVERY)
        if answer.status != 200:
            raise self._unusable(f"its discovery document is answered with {answer.status}")
        return metadata_of(answer.body, self.tree.issuer)

    async def _fetch_keys(self) -> Mapping[str, Any]:
        metadata = await self.metadata.get()
        return self._members(await self._ask(metadata.jwks_uri))

    async def _ask(self, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        said = {**(headers or {})}
        question = Question(
            url,
            method="POST" if body else "GET",
            timeout=TIMEOUT,
            headers=said,
            content=body,
            most_body=_MOST_BODY,
            near_without_tls=True,
        )
        try:
            answer = await ask(question)
        except InvalidValue as error:
            raise self._unusable(str(error)) from error
        if answer is None:
            raise SignOnFailed(f"{self.tree.issuer} does not answer.", "unreachable")
        return answer

    def _members(self, answer: Answer) -> Mapping[str, Any]:
        """The members of the JSON that was answered. Raises `SignOnFailed`."""
        try:
            members = msgspec.json.decode(answer.body) if answer.status == 200 else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise self._unusable(f"it answers with {answer.status} and no JSON object")
        return members

    def _unusable(self, why: str) -> SignOnFailed:
        return SignOnFailed(f"{self.tree.issuer} cannot be used: {why}.", "provider")


class Providers:
    """The providers of the settings; one that was changed there is another one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Provider] = {}

    def get(self, provider_id: str) -> Provider:
        """A provider. Raises `SignOnFailed` when there is none of this id."""
        tree = self._settings.current().access_control.open_id.providers.get(provider_id)
        if tree is None:
            raise SignOnFailed(f"There is no provider {provider_id[:40]!r}.", "gone")
        made = self._made.get(provider_id)
        if made is None or made.tree != tree:
            made = self._made[provider_id] = Provider(tree)
        return made
