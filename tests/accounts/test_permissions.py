"""Permissions and groups are those of the contract, typed here from its section 3."""

import pytest

from mrdraw.accounts import Identity, Permission, permission_records
from mrdraw.accounts.groups import Groups
from mrdraw.errors import InvalidValue

A, U, R = "admins", "users", "readonly"

DEFAULT_GROUPS = {
    "ADMIN": {A},
    "STATUS": {U, R},
    "CONNECTION": {U},
    "WEBCAM": {U, R},
    "SYSTEM": set(),
    "FILES_LIST": {U, R},
    "FILES_DOWNLOAD": {U, R},
    "FILES_UPLOAD": {U},
    "FILES_DELETE": {U},
    "FILES_SELECT": {U},
    "PRINT": {U},
    "GCODE_VIEWER": {U, R},
    "MONITOR_TERMINAL": {U, R},
    "CONTROL": {U},
    "SLICE": {U},
    "TIMELAPSE_LIST": {U, R},
    "TIMELAPSE_DOWNLOAD": {U, R},
    "TIMELAPSE_DELETE": {U},
    "TIMELAPSE_MANAGE_UNRENDERED": {U},
    "TIMELAPSE_ADMIN": {U},
    "SETTINGS_READ": {U, R},
    "SETTINGS": set(),
    "PLUGIN_APPKEYS_ADMIN": {A},
    "PLUGIN_APPKEYS_GRANT": {U},
    "PLUGIN_BACKUP_CREATE": {A},
    "PLUGIN_LOGGING_MANAGE": {A},
    "PLUGIN_HEALTH_CHECK_CHECK": {A},
    "PLUGIN_ANNOUNCEMENTS_READ": {A},
    "PLUGIN_ANNOUNCEMENTS_MANAGE": {A},
    "PLUGIN_SOFTWAREUPDATE_CHECK": {U},
    "PLUGIN_SOFTWAREUPDATE_UPDATE": {A},
    "PLUGIN_SOFTWAREUPDATE_CONFIGURE": {A},
    "PLUGIN_PLUGINMANAGER_LIST": {A, U, R},
    "PLUGIN_PLUGINMANAGER_MANAGE": {A},
    "PLUGIN_PLUGINMANAGER_INSTALL": {A},
    "PLUGIN_ACTION_COMMAND_PROMPT_INTERACT": {U},
    "PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW": {U},
    "PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR": {U},
    "PLUGIN_ACHIEVEMENTS_VIEW": {A, U, R},
    "PLUGIN_ACHIEVEMENTS_RESET": {A},
}
DANGEROUS = {
    "ADMIN", "SYSTEM", "SETTINGS", "PLUGIN_APPKEYS_ADMIN", "PLUGIN_SOFTWAREUPDATE_UPDATE",
    "PLUGIN_SOFTWAREUPDATE_CONFIGURE", "PLUGIN_PLUGINMANAGER_INSTALL",
}  # fmt: skip
PLUGINS = {
    "PLUGIN_APPKEYS_ADMIN": "appkeys",
    "PLUGIN_HEALTH_CHECK_CHECK": "health_check",
    "PLUGIN_SOFTWAREUPDATE_CHECK": "softwareupdate",
    "PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR": "action_command_notification",
    "PLUGIN_ACTION_COMMAND_PROMPT_INTERACT": "action_command_prompt",
}


def records():
    return {record["key"]: record for record in permission_records()}


def test_all_keys_and_who_has_them_by_default():
    assert {key: set(record["default_groups"]) for key, record in records().items()} == DEFAULT_GROUPS


def test_which_are_dangerous():
    assert {key for key, record in records().items() if record["dangerous"]} == DANGEROUS


def test_needs():
    found = records()
    assert found["FILES_UPLOAD"]["needs"] == {"role": ["files_upload"]}
    assert found["GCODE_VIEWER"]["needs"] == {"role": ["gcodeviewer"]}
    assert found["PLUGIN_APPKEYS_GRANT"]["needs"] == {"role": ["plugin_appkeys_grant"]}


def test_plugins():
    found = records()
    assert {key: found[key]["plugin"] for key in PLUGINS} == PLUGINS
    assert all(("plugin" in record) == key.startswith("PLUGIN_") for key, record in found.items())


def test_every_permission_is_described():
    names = [record["name"] for record in records().values()]
    assert len(set(names)) == len(names)
    assert all(record["description"].endswith(".") for record in records().values())


@pytest.mark.parametrize("group", [U, R])
def test_what_the_members_of_a_group_may_do(group):
    assert Groups().permissions_of((group,)) == {key for key, groups in DEFAULT_GROUPS.items() if group in groups}


def test_admins_may_do_everything_and_guests_nothing():
    groups = Groups()
    assert groups.permissions_of((A,)) == set(DEFAULT_GROUPS)
    assert groups.permissions_of(("guests",)) == frozenset()
    assert groups.permissions_of(()) == groups.permissions_of(("unheard-of",)) == frozenset()
    assert groups.permissions_of((R, A)) == set(DEFAULT_GROUPS)


def test_which_groups_a_user_can_be_put_into():
    assert Groups().check_assignable((A, U, R, A)) == (A, U, R)
    for key in ("guests", "unheard-of", "", "ADMINS"):
        with pytest.raises(InvalidValue, match="groups are admins, users, readonly"):
            Groups().check_assignable((U, key))
    assert [group.name for group in Groups()] == ["Admins", "Operator", "Read-only Access", "Guests"]


def test_admin_implies_all_others():
    admin = Identity("x", (), frozenset({Permission.ADMIN}), "apikey", "")
    assert all(admin.may(permission) for permission in Permission)
    nobody = Identity("x", (), frozenset(), "apikey", "")
    assert not any(nobody.may(permission) for permission in Permission)


def test_how_far_a_permission_reaches_that_is_given_for_some_machines():
    found = records()
    assert {key: found[key]["scope"] for key in ("PRINT", "FILES_LIST", "ADMIN", "PLUGIN_BACKUP_CREATE")} == {
        "PRINT": "machine",
        "FILES_LIST": "shared",
        "ADMIN": "installation",
        "PLUGIN_BACKUP_CREATE": "installation",
    }
