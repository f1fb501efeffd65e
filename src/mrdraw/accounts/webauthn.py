"""The ceremonies of WebAuthn: what a browser is asked, and whether its answer is good (W3C, Web Authentication 2).

Invariants: pure; an answer is good only for this site's origin and host name, for the challenge that was asked, with
the user verified by the authenticator (PIN, finger, face), and not from inside another site's frame. Attestation is
neither asked for nor looked at: which make of authenticator people use is theirs.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mrdraw.errors import InvalidValue, NotPermitted, NotSupported

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import CollectedClientData

Json = Mapping[str, Any]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, struct.error, RecursionError)
"""What the library raises for what is no answer at all."""
_TIMEOUT = 120_000
"""ms that a browser waits for the authenticator."""


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are bound to."""

    origin: str
    """As browsers write it: scheme, host, and the port where it is not the scheme's own."""
    host: str
    """The host name: the RP id."""
    name: str
    """As authenticators show it."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A passkey as its authenticator made it."""

    id: str
    data: bytes
    """Attested credential data: the id and the public key."""
    sign_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authenticator says at a log-in, before anything of it is believed."""

    id: str
    handle: str
    sign_count: int
    response: Json


def site_of(url: str, name: str) -> Site:
    """The site of this address. Raises `NotSupported` where browsers have no passkeys."""
    try:
        parts = urlsplit(url)
        host, number = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise NotSupported(f"Passkeys need a host name, and {url!r} has none.") from error
    local = host == "localhost" or host.endswith(".localhost")
    if _is_address(host):
        raise NotSupported(f"Passkeys need a host name, and this host was reached by its address {host}.")
    if parts.scheme != "https" and not local:
        raise NotSupported(f"Passkeys need https (or localhost), and this host was reached as {parts.scheme}://{host}.")
    port = "" if number in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{number}"
    return Site(f"{parts.scheme}://{host}{port}", host, name)


def creation_options(site: Site, handle: str, user: str, challenge: bytes, known: Sequence[bytes]) -> Json:
    """What `navigator.credentials.create` is given; `known` is the credential data of the user's passkeys."""
    from fido2.utils import websafe_decode  # noqa: PLC0415
    from fido2.webauthn import (  # noqa: PLC0415
        AttestedCredentialData,
        PublicKeyCredentialUserEntity,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options, _ = _server(site).register_begin(
        PublicKeyCredentialUserEntity(id=websafe_decode(handle), name=user, display_name=user),
        [AttestedCredentialData(data) for data in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return _plain(options.public_key)


def request_options(site: Site, challenge: bytes) -> Json:
    """What `navigator.credentials.get` is given; no user is named."""
    from fido2.webauthn import UserVerificationRequirement  # noqa: PLC0415

    options, _ = _server(site).authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return _plain(options.public_key)


def new_credential(site: Site, challenge: bytes, response: Json) -> Credential:
    """The passkey that was made. Raises `InvalidValue`."""
    from fido2.cose import CoseKey  # noqa: PLC0415
    from fido2.utils import websafe_encode  # noqa: PLC0415
    from fido2.webauthn import RegistrationResponse  # noqa: PLC0415

    try:
        parsed = RegistrationResponse.from_dict(response)
        made = _server(site).register_complete(_state(challenge), parsed)
        _require_own_frame(parsed.response.client_data)
        data = made.credential_data
        if data is None or data.public_key.get(3) not in CoseKey.supported_algorithms():
            raise ValueError("its kind of key is not known here")
    except _MALFORMED as error:
        raise InvalidValue(f"The passkey cannot be taken: {_said(error)}. Nothing was changed.") from error
    return Credential(websafe_encode(data.credential_id), bytes(data), made.counter)


def answer_of(response: Json) -> Answer:
    """Read what a browser sent to log in. Raises `InvalidValue`."""
    from fido2.utils import websafe_encode  # noqa: PLC0415
    from fido2.webauthn import AuthenticationResponse  # noqa: PLC0415

    try:
        parsed = AuthenticationResponse.from_dict(response)
        handle = websafe_encode(parsed.response.user_handle or b"")
        return Answer(parsed.id, handle, parsed.response.authenticator_data.counter, response)
    except _MALFORMED as error:
        raise InvalidValue(f"This is no answer of an authenticator: {_said(error)}.") from error


def check_answer(site: Site, challenge: bytes, answer: Answer, data: bytes) -> None:
    """Whether an answer is good for the passkey of this credential data. Raises `NotPermitted`."""
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse  # noqa: PLC0415

    try:
        parsed = AuthenticationResponse.from_dict(answer.response)
        _server(site).authenticate_complete(_state(challenge), [AttestedCredentialData(data)], parsed)
        _require_own_frame(parsed.response.client_data)
    except _MALFORMED as error:
        raise NotPermitted(f"The passkey was refused: {_said(error)}.") from error


def _server(site: Site) -> Fido2Server:
    from fido2.server import Fido2Server  # noqa: PLC0415 - slow to load, and most servers never need it
    from fido2.webauthn import PublicKeyCredentialRpEntity  # noqa: PLC0415

    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=site.host, name=site.name), verify_origin=lambda origin: origin == site.origin
    )
    server.timeout = _TIMEOUT  # type: ignore[assignment]
    return server


def _state(challenge: bytes) -> dict[str, str]:
    from fido2.utils import websafe_encode  # noqa: PLC0415

    return {"challenge": websafe_encode(challenge), "user_verification": "required"}


def _require_own_frame(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise ValueError("it was asked for inside another site's frame")


def _plain(options: object) -> Json:
    """Options as JSON knows them."""
    plain: Json = json.loads(json.dumps(options, default=dict))
    return plain


def _said(error: Exception) -> str:
    """What the library says, without its full stop; a bare word of an inner error says nothing to people."""
    return str(error).rstrip(".") if isinstance(error, ValueError) and str(error) else "it is malformed"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
