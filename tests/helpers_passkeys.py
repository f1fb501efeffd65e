"""An authenticator in software: makes passkeys and signs with them, as a browser hands its answers on."""

import os
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG
VERIFIED = FLAG.UP | FLAG.UV


class Authenticator:
    """Holds one passkey; each use counts, unless `counts` is off."""

    def __init__(self, origin, *, counts=True):
        self.origin = origin
        self.id = os.urandom(32)
        self.count = 0
        self._counts = counts
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._site = self._handle = None

    def make(self, options, *, flags=VERIFIED, **changed):
        """The answer to options of a registration."""
        self._site = options["rp"]["id"]
        self._handle = options["user"]["id"]
        cose = ES256.from_cryptography_key(self._key.public_key())
        data = AttestedCredentialData.create(b"\0" * 16, self.id, cose)
        made = AuthenticatorData.create(self._site_hash(), flags | FLAG.AT, self._next_count(), data)
        client = self._client_data("webauthn.create", options, changed)
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", made, {})),
        }
        return self._answer(response)

    def sign(self, options, *, flags=VERIFIED, site=None, handle=None, **changed):
        """The answer to options of a log-in."""
        said = AuthenticatorData.create(self._site_hash(site), flags, self._next_count())
        client = self._client_data("webauthn.get", options, changed)
        signature = self._key.sign(bytes(said) + sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(said),
            "signature": websafe_encode(signature),
            "userHandle": self._handle if handle is None else handle,
        }
        return self._answer(response)

    def copy(self):
        """Another authenticator with the same key, and the count of now."""
        made = Authenticator(self.origin)
        made.__dict__.update(self.__dict__)
        return made

    def _client_data(self, kind, options, changed):
        told = {"challenge": options["challenge"], "origin": self.origin, **changed}
        return bytes(
            CollectedClientData.create(kind, websafe_decode(told.pop("challenge")), told.pop("origin"), **told)
        )

    def _site_hash(self, site=None):
        return sha256((site or self._site).encode()).digest()

    def _next_count(self):
        self.count += self._counts
        return self.count

    def _answer(self, response):
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
