"""What stands in the audit log: one entry for each thing that somebody did or tried.

Invariants: the actions are a closed table; an entry holds no key, no password and no value of a setting.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Action(StrEnum):
    """What can be done; the terminal's log has what was typed and moved by hand.

    `CONNECTION` and `JOB` are commands that were refused before anybody knew which.
    """

    LOG_IN = "log-in"
    LOG_OUT = "log-out"
    CLAIM = "claim"
    FIRST_ADMIN = "first-admin"
    PASSWORD = "password"  # noqa: S105 - the name of an action
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    USER_REMOVED = "user-removed"
    GROUP_ADDED = "group-added"
    GROUP_CHANGED = "group-changed"
    GROUP_REMOVED = "group-removed"
    KEY_MADE = "key-made"
    KEY_REVOKED = "key-revoked"
    APPLICATION_DECIDED = "application-decided"
    SESSIONS_ENDED = "sessions-ended"
    SECOND_FACTOR_SET = "second-factor-set"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    RECOVERY_CODES = "recovery-codes"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    SETTINGS = "settings"
    PROFILE_ADDED = "profile-added"
    PROFILE_CHANGED = "profile-changed"
    PROFILE_REMOVED = "profile-removed"
    LANGUAGE_ADDED = "language-added"
    LANGUAGE_REMOVED = "language-removed"
    CONNECTION = "connection"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    JOB = "job"
    JOB_STARTED = "job-started"
    JOB_RESTARTED = "job-restarted"
    JOB_PAUSED = "job-paused"
    JOB_RESUMED = "job-resumed"
    JOB_CANCELLED = "job-cancelled"
    INTERRUPTED_RESUMED = "interrupted-resumed"
    INTERRUPTED_DISMISSED = "interrupted-dismissed"
    EMERGENCY_STOP = "emergency-stop"
    FILE_UPLOADED = "file-uploaded"
    FILE_COPIED = "file-copied"
    FILE_MOVED = "file-moved"
    FILE_DELETED = "file-deleted"
    LOG_DELETED = "log-deleted"
    SYSTEM_COMMAND = "system-command"


OF_MACHINE = frozenset({
    Action.SETTINGS, Action.PROFILE_ADDED, Action.PROFILE_CHANGED, Action.PROFILE_REMOVED, Action.CONNECTION,
    Action.CONNECTED, Action.DISCONNECTED, Action.JOB, Action.JOB_STARTED, Action.JOB_RESTARTED,
    Action.JOB_PAUSED, Action.JOB_RESUMED, Action.JOB_CANCELLED, Action.INTERRUPTED_RESUMED,
    Action.INTERRUPTED_DISMISSED, Action.EMERGENCY_STOP,
})  # fmt: skip
"""What is done to a machine; the rest is done to all of them."""


class Outcome(StrEnum):
    """How it went: done, refused (the client's fault or the rules'), or failed (ours or the computer's)."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did or tried; `at` in unix s, `status` of the answer."""

    at: float
    action: Action
    outcome: Outcome
    status: int | None = None
    user: str | None = None
    via: str | None = None
    fingerprint: str | None = None
    address: str | None = None
    machine: str | None = None
    subject: str = ""
    detail: str = ""
