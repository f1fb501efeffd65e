"""What OpenID Connect has us say, and what of the answers holds: Authlib, without sockets and clocks.

Invariants: code flow with PKCE (S256), state and nonce; an id token counts only when a key of the provider signed it
with an asymmetric algorithm, and when issuer, audience, times and nonce are those that were asked for (OpenID Connect
Core 1.0, 3.1.3.7). Slow to load, so that nobody loads it before a provider is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from mrdraw.errors import SignOnRefused
from mrdraw.server.sign_on.begun import Begun
from mrdraw.server.sign_on.metadata import Metadata
from mrdraw.settings.sign_on import ProviderTree

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Asymmetric ones only: not `none`, and nothing that a holder of our secret could sign."""
_HASHES = frozenset(name for name in ALGORITHMS if not name.startswith("Ed"))
"""Those whose name says how `at_hash` is made (OpenID Connect Core 1.0, 3.1.3.6)."""
_LONGEST_SUBJECT = 255
LEEWAY = 60
"""s that clocks may differ."""

Claims = Mapping[str, Any]
_NOT_VERIFIED = (JoseError, ValueError, TypeError, KeyError, AttributeError)
"""What the libraries raise for tokens and keys that make no sense."""


class UnknownKey(Exception):
    """The token names a key that the provider had not published when it was last asked."""


def authorization_url(metadata: Metadata, provider: ProviderTree, redirect_uri: str, begun: Begun) -> str:
    """Where the browser is sent to."""
    again = {"prompt": "login", "max_age": "0"} if begun.again else {}
    challenge: str = create_s256_code_challenge(begun.verifier)  # type: ignore[no-untyped-call] # of Authlib
    address: str = prepare_grant_uri(
        metadata.authorization_endpoint,
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=" ".join(provider.scopes),
        state=begun.state,
        nonce=begun.nonce,
        code_challenge=challenge,
        code_challenge_method="S256",
        **again,
    )
    return address


def token_request(
    metadata: Metadata, provider: ProviderTree, redirect_uri: str, code: str, verifier: str
) -> tuple[dict[str, str], bytes]:
    """The headers and the body by which a code is turned into tokens."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = prepare_token_request("authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)
    client = ClientAuth(provider.client_id, provider.client_secret, _way_to_prove(metadata, provider))
    _, headers, body = client.prepare("POST", metadata.token_endpoint, headers, body)  # type: ignore[no-untyped-call] # of Authlib
    return headers, body.encode()


def verified(tokens: Claims, keys: Claims, provider: ProviderTree, begun: Begun, now: float) -> Claims:
    """The claims of an id token that holds, and belongs to its access token. Raises `SignOnRefused`, `UnknownKey`."""
    try:
        token = jwt.decode(tokens["id_token"], KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type] # JSON
        asked = {"nonce": begun.nonce, "client_id": provider.client_id, "max_age": begun.again}
        if token.header["alg"] in _HASHES:
            asked["access_token"] = tokens.get("access_token")
        claims = CodeIDToken(token.claims, token.header, _expected(provider), asked)
        claims.validate(int(now), LEEWAY)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except _NOT_VERIFIED as error:
        raise SignOnRefused(f"The id token of {provider.issuer} does not hold: {error!r}", "unverified") from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
        raise SignOnRefused(f"The id token of {provider.issuer} names nobody.", "unverified")
    return claims


def _expected(provider: ProviderTree) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }


def _way_to_prove(metadata: Metadata, provider: ProviderTree) -> str:
    """How we show the provider who we are; Basic authentication where it says nothing (RFC 8414, 2)."""
    if provider.client_secret is None:
        return "none"
    ways = metadata.token_endpoint_auth_methods_supported
    return "client_secret_post" if ways and "client_secret_basic" not in ways else "client_secret_basic"
