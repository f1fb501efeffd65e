"""The domain's exceptions: what can be refused, and why.

Invariants: the text of an error is written for the person who asked (it names what was wrong and what would be
right); nobody below ``server/`` knows a status code, the server maps these classes to codes in one table; an error
that crosses the link travels as its class name (``code``) and its text and is raised again as the same class.
"""

from __future__ import annotations


class MrDrawError(Exception):
    """Something was refused or failed in a way that a person can be told about."""

    @property
    def code(self) -> str:
        """The name under which this error crosses the link."""
        return type(self).__name__


class InvalidValue(MrDrawError):
    """A value is of the wrong type or form; the text names the value and what is accepted."""


class LimitExceeded(InvalidValue):
    """A target, jog or extrusion lies outside the machine's profile; the text names the limit."""


class NotAuthenticated(MrDrawError):
    """No identity: no key and no session, or a key that nobody owns."""


class NotPermitted(MrDrawError):
    """A known identity lacks the permission that the action needs."""


class SecondFactorWanted(MrDrawError):
    """The password is right, and this user needs a second factor beside it; no failed attempt.

    `kinds` are those that would do.
    """

    def __init__(self, text: str, kinds: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.kinds = kinds


class WrongSecondFactor(NotPermitted):
    """A code is wrong, or was used before."""


class SecondFactorOn(MrDrawError):
    """The user has a second factor already."""


class NoSuchPasskey(MrDrawError):
    """The user has no passkey of this id."""


class TooManyAttempts(MrDrawError):
    """The same address tried and failed too often."""


class SignOnFailed(MrDrawError):
    """A log-in with a provider came to nothing; `problem` is the word by which the page knows why."""

    def __init__(self, text: str, problem: str = "failed") -> None:
        super().__init__(text)
        self.problem = problem


class SignOnRefused(SignOnFailed, NotPermitted):
    """A log-in with a provider that was tried with what does not hold, or by somebody who may not come in."""


class NotOperational(MrDrawError):
    """The machine is not connected or not usable."""


class WrongState(MrDrawError):
    """The machine's state does not allow the action now."""


class ForceNeeded(WrongState):
    """A move typed during a job; it is done only with ``force``."""


class JobFailed(MrDrawError):
    """A job cannot be started or went wrong; the text names the line where there is one."""


class MachineUnreachable(MrDrawError):
    """The machine host did not accept the command within a second."""


class NoSuchMachine(MrDrawError):
    """No machine has this id."""


class NoSuchFile(MrDrawError):
    """No file or folder is stored under this path."""


class NoSuchPart(MrDrawError):
    """A file is shorter than the range of it that was asked for."""


class NoSuchScript(MrDrawError):
    """The machine has no script of this name."""


class FileInUse(MrDrawError):
    """The file is being printed."""


class FileExists(MrDrawError):
    """Something is stored under this path already."""


class UnknownFileType(MrDrawError):
    """The extension is none of those that are accepted."""


class NotStored(MrDrawError):
    """A file could not be stored: the disk is full or refused the write."""


class DiskFull(NotStored):
    """There is no space left."""


class TooLarge(MrDrawError):
    """A body exceeds the limit."""


class WrongContentType(MrDrawError):
    """A body is of another content type than the one that is accepted."""


class NotSupported(MrDrawError):
    """MrDraw cannot do this, whatever state it is in; the text says what there is instead."""


class NoSuchCamera(MrDrawError):
    """The machine has no camera that takes pictures."""


class CameraFailed(MrDrawError):
    """The camera gave no picture that can be shown."""


class NoSuchJob(MrDrawError):
    """No job of this id is known."""


class NoSuchSession(MrDrawError):
    """There is no session of this name."""


class TooManySessions(MrDrawError):
    """There is no room for another push session now."""


class NoSuchProfile(MrDrawError):
    """The machine has no profile of this id."""


class ProfileExists(MrDrawError):
    """The machine has a profile of this id already."""


class NoSuchUser(MrDrawError):
    """No user has this name."""


class UserExists(MrDrawError):
    """A user of this name exists already."""


class NoSuchKey(MrDrawError):
    """There is no such application key."""


class NoSuchRequest(MrDrawError):
    """No application waits for a decision under this token: it was denied, given up, answered or never asked."""


class NoSuchGroup(MrDrawError):
    """No group has this key."""


class GroupExists(MrDrawError):
    """A group of this key exists already."""


class NoSuchSlicer(MrDrawError):
    """No slicer has this name."""


class NoSuchCommand(MrDrawError):
    """No system command of this name is configured."""


class ProgramFailed(MrDrawError):
    """A program of the computer could not be run or ended with an error; the text holds what it said."""


class JobsWouldEnd(MrDrawError):
    """Jobs run that would end; it is done only with ``force``."""


class LastAdmin(MrDrawError):
    """Afterwards nobody would be an active admin."""


class NoClaim(MrDrawError):
    """There is no claim code: an admin exists."""


class SettingsUnreadable(MrDrawError):
    """``config.yaml`` cannot be read; the text names the line."""


class BaseFolderInUse(MrDrawError):
    """Another server already serves this base folder."""


class DatabaseTooNew(MrDrawError):
    """The database was written by a newer release."""


class DatabaseUnusable(MrDrawError):
    """The database cannot be read or written: damaged, locked for too long, or the disk refused."""


class WireError(MrDrawError):
    """The port could not be opened, or the wire was lost."""


class LinkError(MrDrawError):
    """The link between server and machine host broke or carried something that is not a message."""


def _classes(parent: type[MrDrawError]) -> dict[str, type[MrDrawError]]:
    found = {parent.__name__: parent}
    for child in parent.__subclasses__():
        found.update(_classes(child))
    return found


def error_from_code(code: str, text: str) -> MrDrawError:
    """The error that crossed the link as `code` and `text`; a code of another release gives the base class."""
    return _classes(MrDrawError).get(code, MrDrawError)(text)
