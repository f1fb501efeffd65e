"""The section `accessControl.openId`: who else says who somebody is (docs/sign-on.md).

Invariants: it is set in the file only and never read through the API, as it holds secrets and decides who comes in;
a provider without the address that browsers reach us under is refused, as that address is never taken from a request.
"""

from __future__ import annotations

import re

import msgspec

from mrdraw.errors import InvalidValue
from mrdraw.settings.kinds import Section, Visible, WebAddress

PLACE = "accessControl.openId"
_PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class ProviderTree(Section, frozen=True):
    """A provider of OpenID Connect."""

    issuer: WebAddress
    """As its discovery document names it, letter for letter."""
    client_id: Visible
    client_secret: Visible | None = None
    """None for a public client."""
    name: str = ""
    """What the button says; its id where nothing is said."""
    scopes: tuple[Visible, ...] = ("openid", "profile", "email")
    user_claim: Visible = "preferred_username"
    """The claim that names those who come for the first time."""
    add_users: bool = False
    """Whether those who come for the first time become users."""
    default_groups: tuple[str, ...] | None = None
    """The groups of those who come for the first time, where `groups` says nothing; none: those of all new users."""
    groups_claim: Visible = "groups"
    """The claim that lists the provider's groups; `realm_access.roles` is one inside another."""
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    """For groups of the provider the group here; if there are any, they decide at each log-in."""


class OpenIdTree(Section, frozen=True):
    """All providers."""

    external_url: WebAddress | None = None
    """The address under which browsers reach the page: where the provider sends them back to."""
    providers: dict[str, ProviderTree] = msgspec.field(default_factory=dict)
    """By an id that stands in addresses."""


def check_open_id(tree: OpenIdTree) -> None:
    """Refuse providers that cannot work. Raises `InvalidValue`."""
    for provider_id, provider in tree.providers.items():
        place = f"{PLACE}.providers.{provider_id[:40]}"
        if not _PROVIDER_ID.fullmatch(provider_id):
            raise InvalidValue(f"{place}: a provider's id has small letters, digits and '-' only, at most 32.")
        if "openid" not in provider.scopes:
            raise InvalidValue(f"{place}.scopes lacks openid, without which a provider does not say who somebody is.")
    if tree.providers and tree.external_url is None:
        raise InvalidValue(
            f"{PLACE}.externalUrl is missing; right is the address under which browsers reach MrDraw, "
            "as https://printer.example."
        )
