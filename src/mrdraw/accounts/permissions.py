"""The permissions (contract, section 3), as a table.

Invariants: every permission has a row; keys and needs are those that clients know; the names and descriptions are ours.
"""

from __future__ import annotations

from enum import StrEnum

ADMINS, USERS, GUESTS, READONLY = "admins", "users", "guests", "readonly"
"""The keys of the groups."""
_PLUGIN = "PLUGIN_"


class Permission(StrEnum):
    """What an identity may do."""

    ADMIN = "ADMIN"
    STATUS = "STATUS"
    CONNECTION = "CONNECTION"
    WEBCAM = "WEBCAM"
    SYSTEM = "SYSTEM"
    FILES_LIST = "FILES_LIST"
    FILES_UPLOAD = "FILES_UPLOAD"
    FILES_DOWNLOAD = "FILES_DOWNLOAD"
    FILES_DELETE = "FILES_DELETE"
    FILES_SELECT = "FILES_SELECT"
    PRINT = "PRINT"
    GCODE_VIEWER = "GCODE_VIEWER"
    MONITOR_TERMINAL = "MONITOR_TERMINAL"
    CONTROL = "CONTROL"
    SLICE = "SLICE"
    TIMELAPSE_LIST = "TIMELAPSE_LIST"
    TIMELAPSE_DOWNLOAD = "TIMELAPSE_DOWNLOAD"
    TIMELAPSE_DELETE = "TIMELAPSE_DELETE"
    TIMELAPSE_MANAGE_UNRENDERED = "TIMELAPSE_MANAGE_UNRENDERED"
    TIMELAPSE_ADMIN = "TIMELAPSE_ADMIN"
    SETTINGS_READ = "SETTINGS_READ"
    SETTINGS = "SETTINGS"
    PLUGIN_APPKEYS_ADMIN = "PLUGIN_APPKEYS_ADMIN"
    PLUGIN_APPKEYS_GRANT = "PLUGIN_APPKEYS_GRANT"
    PLUGIN_BACKUP_CREATE = "PLUGIN_BACKUP_CREATE"
    PLUGIN_LOGGING_MANAGE = "PLUGIN_LOGGING_MANAGE"
    PLUGIN_HEALTH_CHECK_CHECK = "PLUGIN_HEALTH_CHECK_CHECK"
    PLUGIN_ANNOUNCEMENTS_READ = "PLUGIN_ANNOUNCEMENTS_READ"
    PLUGIN_ANNOUNCEMENTS_MANAGE = "PLUGIN_ANNOUNCEMENTS_MANAGE"
    PLUGIN_SOFTWAREUPDATE_CHECK = "PLUGIN_SOFTWAREUPDATE_CHECK"
    PLUGIN_SOFTWAREUPDATE_UPDATE = "PLUGIN_SOFTWAREUPDATE_UPDATE"
    PLUGIN_SOFTWAREUPDATE_CONFIGURE = "PLUGIN_SOFTWAREUPDATE_CONFIGURE"
    PLUGIN_PLUGINMANAGER_LIST = "PLUGIN_PLUGINMANAGER_LIST"
    PLUGIN_PLUGINMANAGER_MANAGE = "PLUGIN_PLUGINMANAGER_MANAGE"
    PLUGIN_PLUGINMANAGER_INSTALL = "PLUGIN_PLUGINMANAGER_INSTALL"
    PLUGIN_ACTION_COMMAND_PROMPT_INTERACT = "PLUGIN_ACTION_COMMAND_PROMPT_INTERACT"
    PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW = "PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW"
    PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR = "PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR"
    PLUGIN_ACHIEVEMENTS_VIEW = "PLUGIN_ACHIEVEMENTS_VIEW"
    PLUGIN_ACHIEVEMENTS_RESET = "PLUGIN_ACHIEVEMENTS_RESET"


_P = Permission
_ALL = (ADMINS, USERS, READONLY)
_READERS = (USERS, READONLY)
_OPERATORS = (USERS,)
_ADMINS = (ADMINS,)
_NOBODY = ()

_TABLE: dict[Permission, tuple[tuple[str, ...], str, str]] = {
    _P.ADMIN: (_ADMINS, "Admin", "May do everything."),
    _P.STATUS: (_READERS, "Status", "May see what the machine does."),
    _P.CONNECTION: (_OPERATORS, "Connection", "May connect and disconnect the machine."),
    _P.WEBCAM: (_READERS, "Camera", "May look through the camera."),
    _P.SYSTEM: (_NOBODY, "System", "May run system commands."),
    _P.FILES_LIST: (_READERS, "List files", "May see which files there are."),
    _P.FILES_UPLOAD: (_OPERATORS, "Upload files", "May store files and make folders."),
    _P.FILES_DOWNLOAD: (_READERS, "Download files", "May fetch stored files."),
    _P.FILES_DELETE: (_OPERATORS, "Delete files", "May remove and overwrite files."),
    _P.FILES_SELECT: (_OPERATORS, "Select files", "May select the file to print."),
    _P.PRINT: (_OPERATORS, "Print", "May start, pause, resume and cancel jobs."),
    _P.GCODE_VIEWER: (_READERS, "Path view", "May look at the path of a file."),
    _P.MONITOR_TERMINAL: (_READERS, "Terminal", "May read what is said on the wire."),
    _P.CONTROL: (_OPERATORS, "Control", "May move and heat the machine by hand and send commands."),
    _P.SLICE: (_OPERATORS, "Slice", "May have models sliced."),
    _P.TIMELAPSE_LIST: (_READERS, "List timelapses", "May see which timelapses there are."),
    _P.TIMELAPSE_DOWNLOAD: (_READERS, "Download timelapses", "May fetch timelapses."),
    _P.TIMELAPSE_DELETE: (_OPERATORS, "Delete timelapses", "May remove timelapses."),
    _P.TIMELAPSE_MANAGE_UNRENDERED: (_OPERATORS, "Unrendered timelapses", "May render and remove recordings."),
    _P.TIMELAPSE_ADMIN: (_OPERATORS, "Timelapse settings", "May change how timelapses are made."),
    _P.SETTINGS_READ: (_READERS, "Read settings", "May read settings that are no secret."),
    _P.SETTINGS: (_NOBODY, "Change settings", "May read and change all settings."),
    _P.PLUGIN_APPKEYS_ADMIN: (_ADMINS, "All application keys", "May manage everybody's application keys."),
    _P.PLUGIN_APPKEYS_GRANT: (_OPERATORS, "Grant application keys", "May give applications a key of their own."),
    _P.PLUGIN_BACKUP_CREATE: (_ADMINS, "Back up", "May make backups."),
    _P.PLUGIN_LOGGING_MANAGE: (_ADMINS, "Logs", "May read and remove logs."),
    _P.PLUGIN_HEALTH_CHECK_CHECK: (_ADMINS, "Health check", "May read the health check."),
    _P.PLUGIN_ANNOUNCEMENTS_READ: (_ADMINS, "Read announcements", "May read announcements."),
    _P.PLUGIN_ANNOUNCEMENTS_MANAGE: (_ADMINS, "Manage announcements", "May choose announcements."),
    _P.PLUGIN_SOFTWAREUPDATE_CHECK: (_OPERATORS, "Look for updates", "May see whether there are updates."),
    _P.PLUGIN_SOFTWAREUPDATE_UPDATE: (_ADMINS, "Update", "May install updates."),
    _P.PLUGIN_SOFTWAREUPDATE_CONFIGURE: (_ADMINS, "Update settings", "May change how updates are found."),
    _P.PLUGIN_PLUGINMANAGER_LIST: (_ALL, "List plugins", "May see which plugins there are."),
    _P.PLUGIN_PLUGINMANAGER_MANAGE: (_ADMINS, "Manage plugins", "May switch plugins on and off."),
    _P.PLUGIN_PLUGINMANAGER_INSTALL: (_ADMINS, "Install plugins", "May install plugins."),
    _P.PLUGIN_ACTION_COMMAND_PROMPT_INTERACT: (_OPERATORS, "Answer prompts", "May answer the firmware's questions."),
    _P.PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW: (_OPERATORS, "Read notices", "May read the firmware's notices."),
    _P.PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR: (_OPERATORS, "Clear notices", "May clear the firmware's notices."),
    _P.PLUGIN_ACHIEVEMENTS_VIEW: (_ALL, "See achievements", "May look at achievements."),
    _P.PLUGIN_ACHIEVEMENTS_RESET: (_ADMINS, "Reset achievements", "May reset achievements."),
}
"""For each permission the groups that hold it, its name, and what it means."""

DANGEROUS = frozenset({
    _P.ADMIN, _P.SYSTEM, _P.SETTINGS, _P.PLUGIN_APPKEYS_ADMIN, _P.PLUGIN_SOFTWAREUPDATE_UPDATE,
    _P.PLUGIN_SOFTWAREUPDATE_CONFIGURE, _P.PLUGIN_PLUGINMANAGER_INSTALL,
})  # fmt: skip
"""What can do harm to the computer or to other users."""

OF_THE_COMPUTER = DANGEROUS | {
    _P.PLUGIN_BACKUP_CREATE, _P.PLUGIN_LOGGING_MANAGE, _P.PLUGIN_HEALTH_CHECK_CHECK, _P.PLUGIN_ANNOUNCEMENTS_READ,
    _P.PLUGIN_ANNOUNCEMENTS_MANAGE, _P.PLUGIN_PLUGINMANAGER_MANAGE, _P.PLUGIN_ACHIEVEMENTS_RESET,
}  # fmt: skip
"""What concerns the whole installation: nobody has it for some machines only."""
SHARED = frozenset({
    _P.FILES_LIST, _P.FILES_UPLOAD, _P.FILES_DOWNLOAD, _P.FILES_DELETE, _P.GCODE_VIEWER, _P.SLICE,
    _P.PLUGIN_APPKEYS_GRANT, _P.PLUGIN_SOFTWAREUPDATE_CHECK, _P.PLUGIN_PLUGINMANAGER_LIST, _P.PLUGIN_ACHIEVEMENTS_VIEW,
})  # fmt: skip
"""What all machines share (the library) or oneself: whoever has it for one machine has it. The rest is a machine's."""


def need_of(permission: Permission) -> str:
    """The role that stands for a permission in `needs`."""
    if permission is Permission.GCODE_VIEWER:
        return "gcodeviewer"
    return permission.value.lower()


def permission_records() -> list[dict[str, object]]:
    """All permissions as clients get them."""
    return [_record(permission) for permission in Permission]


def _record(permission: Permission) -> dict[str, object]:
    groups, name, description = _TABLE[permission]
    record: dict[str, object] = {
        "key": permission.value,
        "name": name,
        "description": description,
        "dangerous": permission in DANGEROUS,
        "default_groups": list(groups),
        "needs": {"role": [need_of(permission)]},
        "scope": _scope_of(permission),
    }
    if permission.value.startswith(_PLUGIN):
        record["plugin"] = _plugin_of(permission)
    return record


def _scope_of(permission: Permission) -> str:
    """What a grant for some machines makes of it: held there, held for what all machines share, or not held."""
    if permission in OF_THE_COMPUTER:
        return "installation"
    return "shared" if permission in SHARED else "machine"


def _plugin_of(permission: Permission) -> str:
    words = permission.value.removeprefix(_PLUGIN).lower()
    return words.rsplit("_", 1)[0]


def held_by(group: str) -> frozenset[Permission]:
    """The permissions that a group has by default."""
    return frozenset(permission for permission, (groups, _, _) in _TABLE.items() if group in groups)
