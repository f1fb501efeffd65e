"""A certificate that nobody but its maker signed, and its key.

Invariants: the key never leaves its file, which is its owner's only; both files are written whole or not at all; a
certificate holds for the names that it was made for, and for this computer by its own names.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.errors import InvalidValue, MrDrawError

if TYPE_CHECKING:
    from cryptography import x509

CERT, KEY = "tls/cert.pem", "tls/key.pem"
"""Where in the base folder they are."""

LONGEST = 825
"""Days that browsers of Apple accept at most, from a private authority as well."""

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*\.?")
_LONGEST_NAME, _LONGEST_COMMON = 253, 64
_EARLIER = timedelta(hours=1)
"""Some devices' clocks are behind."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person needs to know of a certificate."""

    names: tuple[str, ...]
    fingerprint: str
    """The SHA-256 of the certificate, as browsers show it."""
    not_after: datetime
    self_signed: bool


def own_names(hostname: str | None = None) -> list[str]:
    """By what this computer is called, on itself and in a local network."""
    host = (hostname or socket.gethostname()).rstrip(".")
    called = [host] if "." in host else [host, f"{host}.local"]
    return list(dict.fromkeys([*filter(_NAME.fullmatch, called), "localhost", "127.0.0.1", "::1"]))


def make(names: Sequence[str], days: int, now: datetime | None = None) -> tuple[bytes, bytes]:
    """A certificate for these names and its key (ECDSA P-256), both in PEM. Raises `InvalidValue`."""
    from cryptography import x509  # noqa: PLC0415 - slow to load
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    alternatives = [_general_name(name) for name in dict.fromkeys(names)]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_COMMON]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "MrDraw"),
        ]
    )
    start = (now or datetime.now(UTC)).replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, key_encipherment=False, content_commitment=False,
        data_encipherment=False, key_agreement=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _EARLIER)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)  # so that devices can trust it
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def read(path: Path) -> Certificate:
    """What a file's first certificate says. Raises `MrDrawError`, `OSError`."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())[0]
        names = _names_of(found)
    except ValueError as error:
        raise MrDrawError(f"{path} is no certificate in PEM.") from error
    return Certificate(
        names=names,
        fingerprint=found.fingerprint(hashes.SHA256()).hex(":").upper(),
        not_after=found.not_valid_after_utc,
        self_signed=found.issuer == found.subject,
    )


def write(path: Path, data: bytes, mode: int) -> None:
    """Replace the file, whole or not at all. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _general_name(name: str) -> x509.GeneralName:
    """A name or a number of an address as a certificate says it. Raises `InvalidValue`."""
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise InvalidValue(
                f"{name!r} is no name of a computer. Use one such as printer.local or 192.168.1.5."
            ) from None
        return x509.DNSName(name.rstrip("."))


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    try:
        found: Iterable[object] = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in found if isinstance(name, (x509.DNSName, x509.IPAddress)))
