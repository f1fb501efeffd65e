"""`mrdraw tls self-signed|status|off`: serve over HTTPS.

Invariants: what is there is not overwritten without being asked to; a private key is never shown; the fingerprint is
the last word that `self-signed` prints on its line.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.errors import MrDrawError, SettingsUnreadable

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs
    from mrdraw.settings import Settings

_RESTART = "It counts from the next start of the server on (mrdraw service: systemctl restart mrdraw)."


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `tls` and its words."""
    parser = verbs.add_parser("tls", help="serve over HTTPS", parents=parents)
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    making = words.add_parser("self-signed", help="make a key and a certificate and use them", parents=parents)
    making.add_argument("--name", action="append", default=[], metavar="HOST", help="a further name or address")
    making.add_argument("--days", type=_days, default=825, help="how long it holds (default: 825)")
    making.add_argument("--force", action="store_true", help="overwrite what is there")
    making.set_defaults(run=self_signed)

    words.add_parser("status", help="show the certificate that is used", parents=parents).set_defaults(run=status)
    words.add_parser("off", help="serve without TLS; the files stay", parents=parents).set_defaults(run=off)


def self_signed(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw tls self-signed`."""
    from mrdraw.cli import certificate  # noqa: PLC0415 - only this verb needs it
    from mrdraw.settings import Settings  # noqa: PLC0415

    settings = Settings(basedir)
    _check_overwriting(basedir, settings, force=arguments.force)
    names = [*arguments.name, *certificate.own_names()]
    cert, key = certificate.make(names, arguments.days)
    certificate.write(basedir / certificate.KEY, key, 0o600)
    certificate.write(basedir / certificate.CERT, cert, 0o644)
    settings.update({"server": {"tls": {"cert": certificate.CERT, "key": certificate.KEY}}})
    _show(basedir / certificate.CERT)
    print(_RESTART)
    return 0


def status(basedir: Path, _arguments: argparse.Namespace) -> int:
    """`mrdraw tls status`."""
    from mrdraw.server.tls import context_of, files_of  # noqa: PLC0415
    from mrdraw.settings import Settings  # noqa: PLC0415

    tree = Settings(basedir).current().server.tls
    files = files_of(tree, basedir)
    if files is None:
        print("TLS is off. `mrdraw tls self-signed` makes a certificate and switches it on.")
        return 0
    context_of(tree, basedir)
    print(f"TLS is on; key {files[1]}")
    _show(files[0])
    return 0


def off(basedir: Path, _arguments: argparse.Namespace) -> int:
    """`mrdraw tls off`."""
    from mrdraw.settings import Settings  # noqa: PLC0415

    settings = Settings(basedir)
    tls = settings.current().server.tls
    if tls.cert is None and tls.key is None:
        print("TLS is off already.")
        return 0
    settings.update({"server": {"tls": None}})
    print(f"TLS is off; the certificate and its key stay where they are. {_RESTART}")
    return 0


def _check_overwriting(basedir: Path, settings: Settings, *, force: bool) -> None:
    """Raises `MrDrawError` when something would be lost that nobody said to overwrite, or could not be used."""
    from mrdraw.cli import certificate  # noqa: PLC0415

    if settings.notice is not None:
        raise SettingsUnreadable(f"{settings.notice} Mend the file first; nothing was changed.")
    if force:
        return
    tls = settings.current().server.tls
    for named in (tls.cert, tls.key):
        if named is not None:
            raise MrDrawError(f"TLS is on already, with {basedir / named}. Make a new certificate with --force.")
    for path in (basedir / certificate.CERT, basedir / certificate.KEY):
        if path.exists():
            raise MrDrawError(f"There is {path} already. Overwrite it with --force.")


def _show(path: Path) -> None:
    from mrdraw.cli import certificate  # noqa: PLC0415

    found = certificate.read(path)
    print(f"Certificate: {path}{' (self-signed)' if found.self_signed else ''}")
    print(f"Names:       {', '.join(found.names)}")
    print(f"Holds until: {found.not_after:%Y-%m-%d}")
    print(f"Fingerprint: SHA-256 {found.fingerprint}")


def _days(text: str) -> int:
    from mrdraw.cli.certificate import LONGEST  # noqa: PLC0415

    if not text.isdigit() or not 0 < int(text) <= LONGEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of days; use 1 to {LONGEST}, as devices accept no more"
        )
    return int(text)
