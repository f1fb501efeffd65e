"""Who logs in with somebody else's word: links of users to a provider's subjects, and users whom a proxy names.

Invariants: a user is known by issuer and subject, never by a name that the provider could give to somebody else: a name
that is taken here stays its owner's. What a log-in began with is taken once, across restarts. Nobody gets an admin's
rights but by a mapping of groups that the settings name; who came in by mistake is put right at the next log-in.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mrdraw.accounts.grants import Grants
from mrdraw.accounts.group_table import GroupTable
from mrdraw.accounts.groups import Groups
from mrdraw.accounts.permissions import DANGEROUS
from mrdraw.accounts.rows import User
from mrdraw.accounts.secrets import digest_of
from mrdraw.accounts.users import Users
from mrdraw.errors import InvalidValue, LastAdmin, SignOnRefused, UserExists
from mrdraw.settings.sign_on import ProviderTree
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

LIFETIME = 600.0
"""s in which a log-in that was begun has to come back."""
_NO_PASSWORD = ""

_USER = "SELECT user FROM sign_on_links WHERE issuer = ? AND subject = ?"
_OF_USER = "SELECT issuer, subject FROM sign_on_links WHERE user = ? ORDER BY created_at"
_LINK = "INSERT OR REPLACE INTO sign_on_links (issuer, subject, user, created_at) VALUES (?, ?, ?, ?)"
_UNLINK = "DELETE FROM sign_on_links WHERE user = ?"
_FORGET = "DELETE FROM used_sign_ons WHERE used_at < ? OR used_at > ?"
_USE = "INSERT OR IGNORE INTO used_sign_ons (digest, used_at) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody at a provider."""

    issuer: str
    id: str

    @property
    def fingerprint(self) -> str:
        """What a session of this subject's user stands on."""
        return digest_of(f"openid\0{self.issuer}\0{self.id}")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a provider says of somebody beside the subject."""

    subject: Subject
    name: str
    groups: tuple[str, ...]


class SignOn:
    """The users who come with somebody else's word."""

    def __init__(self, database: Database, users: Users, groups: GroupTable, clock: Callable[[], float]) -> None:
        self._database = database
        self._users = users
        self._groups = groups
        self._clock = clock

    def subjects_of(self, user: str) -> list[Subject]:
        """Whom a user is linked to."""
        return [Subject(*row) for row in self._database.read(_OF_USER, (user,))]

    def link(self, subject: Subject, user: str) -> None:
        """Have this subject log in as this user; blocks. Raises `NoSuchUser`."""
        self._users.get(user)
        self._database.write_now(self._linking(subject, user))

    def _linking(self, subject: Subject, user: str) -> Callable[[sqlite3.Connection], object]:
        values = (subject.issuer, subject.id, user, self._clock())
        return lambda connection: connection.execute(_LINK, values)

    def use_once(self, state: str) -> bool:
        """Whether what a log-in began with was not taken before; it is now. It blocks."""
        now = self._clock()

        def write(connection: sqlite3.Connection) -> bool:
            connection.execute(_FORGET, (now - 2 * LIFETIME, now + LIFETIME))
            return connection.execute(_USE, (digest_of(state), now)).rowcount == 1

        return self._database.write_now(write)

    def admit(self, newcomer: Newcomer, provider: ProviderTree) -> User:
        """The user who this is, made or changed as the settings say; blocks. Raises `SignOnRefused`."""
        groups = _groups_of(newcomer, provider, self._groups.now())
        user = self._linked(newcomer.subject)
        if user is None:
            user = self._added(newcomer, provider, groups)
        elif groups is not None and set(groups) != set(user.grants.groups):
            user = self._regrouped(user, groups)
        if not user.active:
            raise SignOnRefused(f"{user.name} is not active.", "inactive")
        return user

    def add_named_by_proxy(self, name: str) -> User | None:
        """The user of this name, made new; none if it cannot be one's name. It blocks."""
        try:
            self._users.check_new(name)
            self._users.add(name, _NO_PASSWORD, self._of_new_users(None))
        except UserExists:
            pass  # made in the meantime
        except InvalidValue as error:
            LOGGER.warning("a proxy names somebody who cannot be a user: %s", error)
        return self._users.find(name)

    def _linked(self, subject: Subject) -> User | None:
        rows = self._database.read(_USER, (subject.issuer, subject.id))
        return self._users.find(rows[0][0]) if rows else None

    def _added(self, newcomer: Newcomer, provider: ProviderTree, groups: Sequence[str] | None) -> User:
        subject, name = newcomer.subject, newcomer.name
        if not provider.add_users:
            raise SignOnRefused(f"Nobody here is linked to {subject.id!r} of {subject.issuer}.", "unknown")
        try:
            self._users.check_new(name)
            given = self._of_new_users(provider.default_groups) if groups is None else Grants(tuple(groups))
            self._users.add(name, _NO_PASSWORD, given, also=self._linking(subject, name))
        except UserExists as error:
            raise SignOnRefused(
                f"The name {name!r} is somebody else's here, and not linked to {subject.id!r} of {subject.issuer}.",
                "taken",
            ) from error
        except InvalidValue as error:
            raise SignOnRefused(f"{subject.id!r} of {subject.issuer} has no name to go by: {error}", "name") from error
        LOGGER.info("%s logged in with %s for the first time and became a user", name, subject.issuer)
        return self._users.get(name)

    def _regrouped(self, user: User, groups: Sequence[str]) -> User:
        try:
            self._users.change(user.name, lambda held: held.changed(groups, None, None), active=None, keep_admin=True)
        except LastAdmin as error:
            LOGGER.warning("the groups of %s stay as they are: %s", user.name, error)
        return self._users.get(user.name)

    def _of_new_users(self, wanted: Sequence[str] | None) -> Grants:
        """The groups of those who come for the first time: these, or those of all new users; none that is dangerous."""
        groups = self._groups.now()
        found = []
        for group in _known(groups.defaults() if wanted is None else wanted, groups):
            if groups.permissions_of((group,)) & DANGEROUS:
                LOGGER.warning("accessControl.openId: nobody gets into %s but by a mapping of groups", group)
            else:
                found.append(group)
        return Grants(tuple(found))


def remove_links(connection: sqlite3.Connection, user: str) -> None:
    """Take a user's links away."""
    connection.execute(_UNLINK, (user,))


def _groups_of(newcomer: Newcomer, provider: ProviderTree, groups: Groups) -> list[str] | None:
    """The groups that the provider's groups stand for; none where the settings name none. Raises `SignOnRefused`."""
    if not provider.groups:
        return None
    found = _known((provider.groups[group] for group in newcomer.groups if group in provider.groups), groups)
    if not found:
        raise SignOnRefused(f"None of the groups of {newcomer.name!r} lets anybody in here.", "no-group")
    return found


def _known(wanted: Iterable[str], groups: Groups) -> list[str]:
    """Those of these groups that users can be in, each once."""
    found: list[str] = []
    for group in dict.fromkeys(wanted):
        try:
            found.extend(groups.check_assignable((group,)))
        except InvalidValue as error:
            LOGGER.warning("accessControl.openId: %s", error)
    return found
