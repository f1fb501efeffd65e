"""`mrdraw user …`: add, list and remove users, set passwords, show and change their keys, remove lost factors.

Invariants: a password is never echoed; a key is the last word printed.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrdraw.cli.audited import note
from mrdraw.cli.opened import opened_accounts
from mrdraw.errors import InvalidValue

if TYPE_CHECKING:
    from mrdraw.cli.words import Verbs


def add_verb(verbs: Verbs, parents: list[argparse.ArgumentParser]) -> None:
    """Add `user` and its words."""
    parser = verbs.add_parser("user", help="add, list and remove users", parents=parents)
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    adding = words.add_parser("add", help="add a user", parents=parents)
    adding.add_argument("name")
    adding.add_argument("--password", help="asked for, or read from standard input, when not given")
    adding.add_argument("--group", default="users", help="admins, users, readonly or one of your own; default: users")
    adding.set_defaults(run=add)

    words.add_parser("list", help="list the users", parents=parents).set_defaults(run=show)

    removing = words.add_parser("remove", help="remove a user", parents=parents)
    removing.add_argument("name")
    removing.set_defaults(run=remove)

    changing = words.add_parser("password", help="set a user's password", parents=parents)
    changing.add_argument("name")
    changing.add_argument("--password", help="asked for, or read from standard input, when not given")
    changing.set_defaults(run=password)

    keys = words.add_parser("key", help="show, make or revoke a user's API key", parents=parents)
    keys.add_argument("name")
    which = keys.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="make a new key; the one before is gone")
    which.add_argument("--revoke", action="store_true", help="take the key away")
    keys.set_defaults(run=key)

    linking = words.add_parser(
        "link", help="have somebody of a provider of OpenID Connect log in as a user", parents=parents
    )
    linking.add_argument("name")
    linking.add_argument("provider", help="its id in config.yaml")
    linking.add_argument("subject", help="who it is there: the claim sub; the server's log names it after a try")
    linking.set_defaults(run=link)

    proofs = words.add_parser("factors", help="show or remove a user's second factor and passkeys", parents=parents)
    proofs.add_argument("name")
    proofs.add_argument("--remove-second-factor", action="store_true", help="for who lost the authenticator app")
    proofs.add_argument("--remove-passkeys", action="store_true", help="take all passkeys away")
    proofs.set_defaults(run=factors)


def add(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user add`."""
    with opened_accounts(basedir) as accounts:
        accounts.check_new_name(arguments.name)
        accounts.groups.now().check_assignable((arguments.group,))
        accounts.add_user(arguments.name, _password_of(arguments), (arguments.group,))
        note(accounts, "user-added", arguments.name, f"groups: {arguments.group}")
    print(f"Added {arguments.name} to {arguments.group}.")
    return 0


def show(basedir: Path, _arguments: argparse.Namespace) -> int:
    """`mrdraw user list`."""
    with opened_accounts(basedir) as accounts:
        for record in accounts.users():
            groups = record["groups"]
            state = "" if record["active"] else "  (inactive)"
            print(f"{record['name']}\t{', '.join(groups) if isinstance(groups, list) else ''}{state}")
    return 0


def remove(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user remove`."""
    with opened_accounts(basedir) as accounts:
        accounts.remove_user(arguments.name)
        note(accounts, "user-removed", arguments.name)
    print(f"Removed {arguments.name}, the user's key and sessions.")
    return 0


def password(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user password`."""
    with opened_accounts(basedir) as accounts:
        accounts.user_record(arguments.name)
        accounts.set_password(arguments.name, _password_of(arguments))
        note(accounts, "password", arguments.name)
    print(f"Set the password of {arguments.name}; sessions that were open have ended.")
    return 0


def key(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user key`."""
    with opened_accounts(basedir) as accounts:
        if arguments.revoke:
            accounts.revoke_user_key(arguments.name)
            note(accounts, "key-revoked", arguments.name)
            print(f"Revoked the API key of {arguments.name}.")
            return 0
        if arguments.new:
            found: str | None = accounts.new_user_key(arguments.name)
            note(accounts, "key-made", arguments.name)
        else:
            found = accounts.user_key(arguments.name)
    if found is None:
        raise InvalidValue(f"{arguments.name} has no API key that can be shown. Make one with --new.")
    print(f"API key of {arguments.name}: {found}")
    return 0


def link(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user link`."""
    with opened_accounts(basedir) as accounts:
        accounts.link_to_provider(arguments.name, arguments.provider, arguments.subject)
        note(accounts, "user-changed", arguments.name, f"linked to {arguments.subject} of {arguments.provider}")
    print(f"Who is {arguments.subject} at {arguments.provider} logs in as {arguments.name}.")
    return 0


def factors(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw user factors`."""
    name = arguments.name
    with opened_accounts(basedir) as accounts:
        accounts.user_record(name)
        if arguments.remove_second_factor and accounts.second_factors.remove_now(name):
            note(accounts, "second-factor-removed", name)
            print(f"Removed the second factor of {name}, and the recovery codes.")
        if arguments.remove_passkeys and (count := accounts.passkeys.remove_all_now(name)):
            note(accounts, "passkey-removed", name, f"all {count}")
            print(f"Removed {count} passkeys of {name}; sessions that they opened have ended.")
        standing, passkeys = accounts.second_factors.standing(name), accounts.passkeys.of_user(name)
    print("Second factor:", f"on, {standing.recovery_codes} recovery codes left" if standing.since else "off")
    print("Passkeys:", ", ".join(one.name for one in passkeys) or "none")
    return 0


def _password_of(arguments: argparse.Namespace) -> str:
    """The password that was given, typed twice on a terminal, or the first line of standard input."""
    if arguments.password is not None:
        return str(arguments.password)
    try:
        return _typed_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        raise InvalidValue("No password was typed. Nothing was changed.") from None
    except UnicodeDecodeError as error:
        raise InvalidValue("A password is text; this one holds bytes that are none. Nothing was changed.") from error


def _typed_password() -> str:
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise InvalidValue("The two passwords differ. Nothing was changed.")
    return first
