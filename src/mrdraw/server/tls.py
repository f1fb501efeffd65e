"""The certificate that the server shows, from its settings to what the listening sockets need.

Invariants: TLS 1.2 at least; a certificate without its key, or with another one's, is refused in one line; the key is
never logged.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from mrdraw.errors import MrDrawError
from mrdraw.settings.computer import TlsTree

_OFF = "`mrdraw tls off` serves without TLS; `mrdraw tls self-signed --force` makes a new certificate."


class TlsUnusable(MrDrawError):
    """The certificate or its key cannot be used; the text says why."""


def files_of(tls: TlsTree, basedir: Path) -> tuple[Path, Path] | None:
    """The files of the certificate and its key, or `None` without TLS. Raises `TlsUnusable`."""
    if tls.cert is None and tls.key is None:
        return None
    if tls.cert is None or tls.key is None:
        named, missing = ("server.tls.cert", "server.tls.key")[:: 1 if tls.key is None else -1]
        raise TlsUnusable(f"{named} is set and {missing} is not: TLS needs both. {_OFF}")
    return basedir / Path(tls.cert).expanduser(), basedir / Path(tls.key).expanduser()


def context_of(tls: TlsTree, basedir: Path) -> ssl.SSLContext | None:
    """What the listening sockets need, or `None` without TLS. Raises `TlsUnusable`."""
    files = files_of(tls, basedir)
    if files is None:
        return None
    cert, key = files
    for name, path in (("cert", cert), ("key", key)):
        _check_readable(f"server.tls.{name}", path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        raise TlsUnusable(_reason(error, cert, key)) from error
    return context


def _check_readable(setting: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise TlsUnusable(f"{setting}: {path} cannot be read: {error.strerror}. {_OFF}") from error


def _no_password() -> str:
    """The server has nobody to ask."""
    raise TlsUnusable("server.tls.key is protected by a password. Write it without one: openssl pkey -in KEY -out KEY2")


def _reason(error: ssl.SSLError, cert: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The key {key} is not that of the certificate {cert}. {_OFF}"
    return f"{cert} and {key} are no certificate with its key in PEM ({error.reason or error}). {_OFF}"
