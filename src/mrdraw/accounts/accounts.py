"""Users, keys and sessions: who somebody is, and changing that.

Invariants: what is looked up for each request is answered from memory, and the memory is dropped as soon as anybody
wrote to the database (a process of ours or another) or to the settings; an inactive user is nobody; a session lives
as long as what it stands on (the password, the key) does.
"""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from pathlib import Path
from time import time

from msgspec.structs import replace

from mrdraw.accounts import records
from mrdraw.accounts.application_keys import ApplicationKey, ApplicationKeys
from mrdraw.accounts.attempts import AttemptLimiter, account_of, factor_of
from mrdraw.accounts.audit import AuditLog
from mrdraw.accounts.claim import Claim
from mrdraw.accounts.grants import Grants, Scopes, rights_of
from mrdraw.accounts.group_table import GroupTable
from mrdraw.accounts.identity import API_USER, PAGE_USER, Identity
from mrdraw.accounts.keys import GLOBAL, Keys, remove_key
from mrdraw.accounts.open_page import OpenPage
from mrdraw.accounts.passkeys import Passkey, Passkeys, fingerprint_of
from mrdraw.accounts.passwords import Passwords
from mrdraw.accounts.permissions import ADMINS, USERS, Permission
from mrdraw.accounts.records import Record
from mrdraw.accounts.rows import User
from mrdraw.accounts.second_factor import SecondFactors, Tokens
from mrdraw.accounts.secrets import SecretKey, digest_of, new_key
from mrdraw.accounts.sessions import Origin, Session, Sessions
from mrdraw.accounts.sign_on import Newcomer, SignOn, Subject, remove_links
from mrdraw.accounts.users import Users, remove_user
from mrdraw.errors import InvalidValue, MrDrawError, NotPermitted
from mrdraw.settings import Settings
from mrdraw.settings.sections import LONGEST_KEY
from mrdraw.settings.sign_on import ProviderTree
from mrdraw.store import Database

_MOST_KNOWN = 1024
"""Keys and sessions, right and wrong ones, that are remembered."""
SHORTEST_PASSWORD = 8
"""Characters of the first admin's password at least."""
_PROVEN_BY = frozenset({"password", "openid"})
"""The mechanisms by which somebody shows at a known time who that is."""
NO_TOKENS = Tokens()
_API = User(API_USER, "", Grants((ADMINS, USERS)), active=True)


class Accounts:
    """The accounts of one base folder."""

    def __init__(
        self, database: Database, settings: Settings, basedir: Path, *, clock: Callable[[], float] = time
    ) -> None:
        """`clock` gives the Unix time."""
        self._database = database
        self._settings = settings
        self._secret = SecretKey(basedir)
        self._users = Users(database)
        self._keys = Keys(database, settings, self._secret)
        self._passwords = Passwords()
        self.groups = GroupTable(database)
        self._known_keys: dict[str, Identity | None] = {}
        self._known_sessions: dict[str, tuple[Identity, Session] | None] = {}
        self._known_passwords: dict[str, Identity] = {}
        self._known_at: tuple[object, ...] = ()
        self.attempts = AttemptLimiter(database, clock)
        self.claim = Claim(database, self._secret)
        self.audit = AuditLog(database, settings, clock)
        self.open_page = OpenPage(settings, self.groups.now, self.claim.is_open)
        self._clock = clock
        self.sessions = Sessions(database, self._secret, clock, self._idle)
        self.sign_on = SignOn(database, self._users, self.groups, clock)
        self.applications = ApplicationKeys(database, clock)
        self.second_factors = SecondFactors(database, self._secret, clock)
        self.passkeys = Passkeys(database, clock)

    def _idle(self) -> float:
        """s without use after which a session ends."""
        return self._settings.current().access_control.session_stale_after * 60.0

    def close(self) -> None:
        """End the threads that hash passwords, and write what waits."""
        self._passwords.close()
        self.audit.close()

    # --- who somebody is -------------------------------------------------------------------------------------------

    def identify_key(self, key: str) -> Identity | None:
        """The owner of an API key, or `None`."""
        if len(key) > LONGEST_KEY:
            return None
        self._forget_if_changed()
        if key not in self._known_keys:
            if len(self._known_keys) >= _MOST_KNOWN:
                self._known_keys.clear()
            self._known_keys[key] = self._look_up_key(key)
        known = self._known_keys[key]
        return known if known is not None and self.applications.admits(known) else None

    def identify_session(self, token: str) -> Identity | None:
        """The user of a living session, or `None`; this is a use of the session."""
        if len(token) > LONGEST_KEY:
            return None
        if self.open_page.is_token(token):
            return self.open_page.identity()
        self._forget_if_changed()
        if token not in self._known_sessions:
            if len(self._known_sessions) >= _MOST_KNOWN:
                self._known_sessions.clear()
            self._known_sessions[token] = self._look_up_session(token)
        known = self._known_sessions[token]
        if known is None or not self.applications.admits(known[0]):
            return None
        identity, session = known
        used = self.sessions.use(session)
        self._known_sessions[token] = None if used is None else (identity, used)
        return None if used is None else identity

    def has_just_typed_password(self, who: Identity) -> bool:
        """Whether this is a session whose user typed the password a few minutes ago (contract, 2.3)."""
        minutes = self._settings.current().access_control.default_reauthentication_timeout
        return who.proven_at is not None and (not minutes or self._clock() - who.proven_at <= minutes * 60)

    def is_fresh(self, who: Identity) -> bool:
        """Whether nobody can have sat down at somebody else's session: what comes with each request is good as ever.

        An application's key is not: one that could make or read other keys would outlive its own.
        """
        return (who.via != "session" and who.application is None) or self.has_just_typed_password(who)

    def lets_in(self, name: str) -> bool:
        """Whether there is a user of this name who may come in."""
        if name == PAGE_USER:
            return self.open_page.is_off()
        user = self._owner(GLOBAL if name == API_USER else name)
        return user is not None and user.active

    def knows(self, name: str) -> bool:
        """Whether there is a user of this name."""
        return self._owner(name) is not None

    def revision(self) -> tuple[object, ...]:
        """Another value once anything of the accounts may be another than before; cheap enough for several a second."""
        return self._database.data_version(), self._settings.current()

    async def login(self, name: str, password: str, tokens: Tokens = NO_TOKENS) -> Identity:
        """The user who logs in. Raises `NotPermitted`, `SecondFactorWanted`, `WrongSecondFactor`."""
        who = await self.reauthenticate(name, password)
        async with self.attempts.attempt(factor_of(name)):
            await self.second_factors.check(name, tokens)
        return who

    def login_by_passkey(self, passkey: Passkey) -> Identity:
        """The user whom a passkey, checked just now, lets in. Raises `NotPermitted`."""
        user = self._users.find(passkey.user)
        if user is None or not user.active:
            raise NotPermitted("The user of this passkey may not come in.")
        return self._identity(user, via="session", fingerprint=fingerprint_of(passkey.id))

    async def reauthenticate(self, name: str, password: str) -> Identity:
        """The user who is here already and types the password again. Raises `NotPermitted`."""
        kept = self._password_hash(name)
        right = await self._passwords.check(kept, password)
        user = self._users.find(name)  # who may have been kept out while the password was hashed
        if user is None or not right or not user.active or user.password_hash != kept:
            raise NotPermitted("The user name or the password is wrong.")
        return self._identity(user, via="session", fingerprint=digest_of(user.password_hash))

    async def identify_password(self, name: str, password: str, address: str) -> Identity | None:
        """The user whose name and password come with a request from this address; none if they are wrong.

        A right one is remembered until anything of the accounts changes, so that not every request is hashed for; an
        address or account that was wrong too often is not listened to (`AttemptLimiter`).
        """
        self._forget_if_changed()
        digest, before = self._secret.derive("basic", f"{name}\0{password}"), self._known_at
        if digest in self._known_passwords:
            return self._known_passwords[digest]
        try:
            async with self.attempts.attempt(address, account_of(name)):
                who = replace(await self.login(name, password), via="authheader")
        except MrDrawError:  # wrong, too often wrong, or not enough
            return None
        if before == self.revision():
            if len(self._known_passwords) >= _MOST_KNOWN:
                self._known_passwords.clear()
            self._known_passwords[digest] = who
        return who

    def admit(self, newcomer: Newcomer, provider: ProviderTree) -> Identity:
        """The user whom a provider vouches for; blocks. Raises `SignOnRefused`."""
        user = self.sign_on.admit(newcomer, provider)
        return self._identity(user, via="session", fingerprint=newcomer.subject.fingerprint)

    def link_to_provider(self, name: str, provider_id: str, subject: str) -> None:
        """Have a provider's subject log in as this user; blocks. Raises `NoSuchUser`, `InvalidValue`."""
        providers = self._settings.current().access_control.open_id.providers
        if provider_id not in providers:
            known = ", ".join(providers) or "none yet"
            raise InvalidValue(f"There is no provider {provider_id!r} in accessControl.openId; there are: {known}.")
        self.sign_on.link(Subject(providers[provider_id].issuer, subject), name)

    def vouched_for(self, name: str, via: str, *, add: bool = False) -> Identity | None:
        """The user whom a proxy names, made new if so wished (then it blocks); none where nobody may come in."""
        user = self._users.find(name)
        if user is None and add:
            user = self.sign_on.add_named_by_proxy(name)
        if user is None or not user.active:
            return None
        return self._identity(user, via=via, fingerprint=_named(user.name))

    async def check_password(self, name: str, password: str) -> None:
        """Whether this is the user's password of now. Raises `NotPermitted`."""
        if not await self._passwords.check(self._password_hash(name), password):
            raise NotPermitted("The current password is wrong. Nothing was changed.")

    async def open_session(self, identity: Identity, *, remember: bool = False, origin: Origin | None = None) -> str:
        """A session for an identity; an API key has one and the same as long as that lives."""
        return await self.sessions.open(identity, remember=remember, origin=origin or Origin())

    async def prove_session(self, token: str) -> bool:
        """The password of a session's user was typed once more; whether the session is a remembered one."""
        await self.sessions.prove(token)
        found = self.sessions.find(token)
        return found is not None and found.remember

    async def close_session(self, token: str) -> None:
        """End a session."""
        await self.sessions.close(token)

    def seal(self, purpose: str, text: str) -> str:
        """Text for somebody who brings it back and neither reads nor changes it; for this purpose only."""
        return urlsafe_b64encode(self._secret.encrypt(f"{purpose}\0{text}")).decode()

    def unseal(self, purpose: str, sealed: str) -> str | None:
        """What was sealed for this purpose, if it is that."""
        try:
            text = self._secret.decrypt(urlsafe_b64decode(sealed))
        except ValueError:
            return None
        before, mark, inside = (text or "").partition("\0")
        return inside if mark and before == purpose else None

    def new_csrf_token(self) -> str:
        """A token that a page shows it got from here."""
        token = new_key()
        return f"{token}.{self._secret.derive('csrf', token)}"

    def is_csrf_token(self, token: str) -> bool:
        """Whether the token was made here."""
        value, _, signature = token.partition(".")
        return compare_digest(signature.encode("utf-8", "replace"), self._secret.derive("csrf", value).encode())

    def _forget_if_changed(self) -> None:
        state = self.revision()
        if state != self._known_at:
            self._known_at = state
            self._known_keys.clear()
            self._known_sessions.clear()
            self._known_passwords.clear()

    def _look_up_key(self, key: str) -> Identity | None:
        digest, owner = digest_of(key), self._keys.owner_of(key)
        application = self.applications.find(digest) if owner is None else None
        if application is not None:
            owner = application.user
        user = None if owner is None else self._owner(owner)
        if user is None or not user.active:
            return None
        return self._identity(user, via="apikey", fingerprint=digest, application=application)

    def _look_up_session(self, token: str) -> tuple[Identity, Session] | None:
        session = self.sessions.find(token)
        if session is None:
            return None
        owner = GLOBAL if session.user == API_USER else session.user
        user = self._owner(owner)
        if user is None or not user.active:
            return None
        application = self._application_below(session)
        if application is None and session.fingerprint not in self._fingerprints(user, owner):
            return None
        identity = self._identity(
            user,
            via="session",
            fingerprint=session.fingerprint,
            application=application,
            proven_at=session.proven_at,
        )
        return identity, session

    def _application_below(self, session: Session) -> ApplicationKey | None:
        """The living application key that a session stands on."""
        found = self.applications.find(session.fingerprint)
        return found if found is not None and found.user == session.user else None

    def _identity(
        self,
        user: User,
        *,
        via: str,
        fingerprint: str,
        application: ApplicationKey | None = None,
        proven_at: float | None = None,
    ) -> Identity:
        rights, groups = rights_of(user.grants, self.groups.now()), user.grants.groups
        return Identity(
            user.name,
            groups,
            rights.everywhere,
            via,
            fingerprint,
            proven_at,
            rights.on_machines,
            application=application.app if application else None,
            ends_at=application.expires_at if application else None,
        )

    def _password_hash(self, name: str) -> str | None:
        user = self._users.find(name)
        return None if user is None else user.password_hash

    def _user_of(self, who: Identity) -> User:
        """The user that an identity belongs to. Raises `NoSuchUser`."""
        if who.name == PAGE_USER:
            return self.open_page.user()
        return _API if who.is_global else self._users.get(who.name)

    def _owner(self, owner: str) -> User | None:
        return _API if owner == GLOBAL else self._users.find(owner)

    def _fingerprints(self, user: User, owner: str) -> set[str]:
        """What a session of this user may stand on: password, key, passkeys, the word of a provider or a proxy."""
        key = self._keys.digest(owner)
        password = digest_of(user.password_hash) if user.password_hash else None
        proxy = _named(user.name) if self._believes_proxies() else None
        own = {fingerprint for fingerprint in (password, key, proxy) if fingerprint}
        return own | self.passkeys.fingerprints(owner) | self._fingerprints_of_links(user.name)

    def _fingerprints_of_links(self, name: str) -> set[str]:
        """Those of the providers that the settings still name."""
        providers = self._settings.current().access_control.open_id.providers
        issuers = {provider.issuer for provider in providers.values()}
        subjects = self.sign_on.subjects_of(name) if issuers else []
        return {subject.fingerprint for subject in subjects if subject.issuer in issuers}

    def _believes_proxies(self) -> bool:
        tree = self._settings.current().access_control
        basic = tree.trust_basic_authentication and not tree.check_basic_authentication_password
        return tree.trust_remote_user or basic

    # --- users -----------------------------------------------------------------------------------------------------

    def users(self, *, keys: bool = True) -> list[Record]:
        """The records of all users, with their keys if those may be seen."""
        shown, groups = self._keys.all_shown() if keys else {}, self.groups.now()
        return [records.user_record(user, groups, shown.get(user.name), shown=keys) for user in self._users.all()]

    def grants(self, name: str) -> Grants:
        """What was granted to a user. Raises `NoSuchUser`."""
        return self._users.get(name).grants

    def user_record(self, name: str, *, key: bool = True) -> Record:
        """The record of a user (contract, 4.9), with the key if that may be seen. Raises `NoSuchUser`."""
        if name == API_USER:
            return records.user_record(_API, self.groups.now(), None, shown=True)
        user = self._users.get(name)
        return records.user_record(user, self.groups.now(), self._keys.shown(name) if key else None, shown=key)

    def mechanism_of(self, who: Identity) -> str:
        """How somebody logged in, as clients are told (contract, 2.4)."""
        if who.via == "session":
            return "openid" if who.fingerprint in self._fingerprints_of_links(who.name) else "password"
        return who.via

    def login_record(self, who: Identity, session: str, mechanism: str, machine_id: str | None = None) -> Record:
        """What a log-in is answered with (contract, 2.4), on this machine or all. Raises `NoSuchUser`."""
        user = self._user_of(who)
        found = self.sessions.find(session) if mechanism in _PROVEN_BY else None
        record = records.user_record(user, self.groups.now(), None, shown=False)
        permissions = who.permissions if machine_id is None else who.permissions_on(machine_id)
        return records.login_record(record, permissions, session, mechanism, found.proven_at if found else None)

    def check_new_name(self, name: str) -> None:
        """Whether a user of this name could be added. Raises `InvalidValue`, `UserExists`."""
        self._users.check_new(name)

    def add_user(
        self, name: str, password: str, granted: Grants | Sequence[str] | None = None, *, active: bool = True
    ) -> None:
        """Add a user to whom that is granted: some groups, all sorts of grants, or the groups of new users.

        It blocks while the password is hashed. Raises `InvalidValue`, `UserExists`.
        """
        grants = granted if granted is None or isinstance(granted, Grants) else Grants(tuple(granted))
        self._users.check_new(name)
        if grants is not None:
            grants.check(self.groups.now())
        self._users.add(name, self._passwords.hash(password), grants, active=active)

    def add_first_admin(self, name: str, password: str) -> None:
        """Add the admin of the first run; blocks. Raises `InvalidValue`, `UserExists`, `NoClaim` when there is one."""
        self._users.check_new(name)
        if len(password) < SHORTEST_PASSWORD:
            raise InvalidValue(f"A password needs at least {SHORTEST_PASSWORD} characters here; {len(password)} came.")
        self._users.add_first_admin(name, self._passwords.hash(password))

    def change_user(
        self,
        name: str,
        *,
        groups: Sequence[str] | None = None,
        permissions: Sequence[Permission] | None = None,
        scopes: Scopes | None = None,
        active: bool | None = None,
    ) -> None:
        """Change what is granted to a user, or whether the user may come in; `None` leaves it as it is.

        Raises `NoSuchUser`, `InvalidValue`, `LastAdmin`.
        """
        self._users.change(name, lambda held: held.changed(groups, permissions, scopes), active=active, keep_admin=True)

    def user_settings(self, name: str) -> Mapping[str, object]:
        """What clients keep with a user. Raises `NoSuchUser`."""
        return self._users.get(name).settings

    def merge_user_settings(self, name: str, changes: Mapping[str, object]) -> None:
        """Put members into what clients keep with a user; blocks. Raises `NoSuchUser`, `TooLarge`."""
        self._users.merge_settings(name, changes)

    def remove_user(self, name: str, *, keep_admin: bool = False) -> None:
        """Remove a user, the user's key and sessions. Raises `NoSuchUser`; with `keep_admin` `LastAdmin`."""

        def write(connection: sqlite3.Connection) -> None:
            remove_user(connection, name, keep_admin=keep_admin)
            remove_key(connection, name)
            remove_links(connection, name)

        self._database.write_now(write)

    def set_password(self, name: str, password: str) -> None:
        """Change a password, which ends the user's sessions; blocks. Raises `NoSuchUser`, `InvalidValue`."""
        self._users.get(name)
        self._users.set_password_hash(name, self._passwords.hash(password))

    def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep the user out, which ends the user's sessions. Raises `NoSuchUser`."""
        self._users.set_active(name, active=active)

    # --- keys ------------------------------------------------------------------------------------------------------

    def user_key(self, name: str) -> str | None:
        """A user's own key. Raises `NoSuchUser`."""
        return self._keys.shown(self._users.get(name).name)

    def new_user_key(self, name: str) -> str:
        """Make a user's key; the one before is gone. Raises `NoSuchUser`."""
        return self._keys.renew_of_user(name)

    def revoke_user_key(self, name: str) -> None:
        """Take a user's key away. Raises `NoSuchUser`."""
        self._keys.revoke_of_user(name)

    def global_key(self) -> str | None:
        """The global key: the one in the settings, else the one in the database."""
        return self._keys.shown(GLOBAL)

    def ensure_global_key(self) -> None:
        """Make a global key at the first start; one that was revoked stays so."""
        self._keys.ensure_global()

    def new_global_key(self) -> str:
        """Make the global key anew; one in the settings is taken out. Raises `SettingsUnreadable`, `NotStored`."""
        return self._keys.renew_global()

    def revoke_global_key(self) -> None:
        """Switch the global key off. Raises `SettingsUnreadable`, `NotStored`."""
        self._keys.revoke_global()


def _named(name: str) -> str:
    """What a session stands on that somebody has by a proxy's word."""
    return digest_of(f"proxy\0{name}")
