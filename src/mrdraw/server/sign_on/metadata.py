"""What a provider says of itself: its discovery document (OpenID Connect Discovery 1.0).

Invariants: it counts only when it names the issuer that the settings name, letter for letter; a provider that is asked
with TLS has no address without.
"""

from __future__ import annotations

import msgspec

from mrdraw.errors import InvalidValue, SignOnFailed
from mrdraw.server.fetching import split

DISCOVERY = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True):
    """The members that are needed, under the names that they have there."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


def metadata_of(document: bytes, issuer: str) -> Metadata:
    """What a discovery document says. Raises `SignOnFailed` for one that cannot be this issuer's."""
    try:
        metadata = msgspec.json.decode(document, type=Metadata)
        for address in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            _check(address, issuer)
        if metadata.userinfo_endpoint is not None:
            _check(metadata.userinfo_endpoint, issuer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidValue) as error:
        raise SignOnFailed(f"The discovery document of {issuer} cannot be used: {error}", "provider") from error
    if metadata.issuer != issuer:
        raise SignOnFailed(
            f"The discovery document says that its issuer is {metadata.issuer[:200]!r}; the settings name {issuer!r}.",
            "provider",
        )
    return metadata


def _check(address: str, issuer: str) -> None:
    if issuer.startswith("https:") and split(address).scheme != "https":
        raise InvalidValue(f"{address[:200]!r} is an address without TLS.")
    split(address)
