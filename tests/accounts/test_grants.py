"""What follows from what was granted, on which machines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_accounts import opened
from mrdraw.accounts import Grants, Permission, Scopes
from mrdraw.accounts.grants import rights_of
from mrdraw.accounts.groups import Group, Groups

MACHINES = ("default", "plotter", "mill")
MAKERS = Group("makers", "Makers", "", frozenset({Permission.SETTINGS, Permission.CONTROL}), ("readonly",))
GROUPS = Groups([MAKERS])
KEYS = ("admins", "users", "readonly", "makers")

COMPUTER = {
    "ADMIN", "SYSTEM", "SETTINGS", "PLUGIN_APPKEYS_ADMIN", "PLUGIN_SOFTWAREUPDATE_UPDATE",
    "PLUGIN_SOFTWAREUPDATE_CONFIGURE", "PLUGIN_PLUGINMANAGER_INSTALL", "PLUGIN_PLUGINMANAGER_MANAGE",
    "PLUGIN_BACKUP_CREATE", "PLUGIN_LOGGING_MANAGE", "PLUGIN_HEALTH_CHECK_CHECK", "PLUGIN_ANNOUNCEMENTS_READ",
    "PLUGIN_ANNOUNCEMENTS_MANAGE", "PLUGIN_ACHIEVEMENTS_RESET",
}  # fmt: skip
SHARED = {
    "FILES_LIST", "FILES_UPLOAD", "FILES_DOWNLOAD", "FILES_DELETE", "GCODE_VIEWER", "SLICE", "PLUGIN_APPKEYS_GRANT",
    "PLUGIN_SOFTWAREUPDATE_CHECK", "PLUGIN_PLUGINMANAGER_LIST", "PLUGIN_ACHIEVEMENTS_VIEW",
}  # fmt: skip


@st.composite
def granted(draw):
    groups = draw(st.lists(st.sampled_from(KEYS), unique=True))
    permissions = draw(st.lists(st.sampled_from(list(Permission)), unique=True, max_size=4))
    some = st.lists(st.sampled_from(MACHINES), min_size=1, unique=True).map(tuple)
    limits = [draw(st.dictionaries(st.sampled_from(keys), some)) if keys else {} for keys in (groups, permissions)]
    return Grants(tuple(groups), tuple(permissions), Scopes(*limits))


def expected(grants, permission, machine):
    """Whether one grant alone lets somebody do this there: the rule of docs/architecture.md, said once more."""

    def counts(machines):
        if machines is None:
            return True
        return permission not in COMPUTER and (permission in SHARED or machine in machines)

    def holds(held):
        return permission in held or "ADMIN" in held

    by_group = ((GROUPS.permissions_of((key,)), grants.scopes.groups.get(key)) for key in grants.groups)
    direct = (({key}, grants.scopes.permissions.get(key)) for key in grants.permissions)
    sources = [*by_group, *direct]
    if any(machines is None and "ADMIN" in held for held, machines in sources):
        return True
    return any(permission in held and counts(machines) for held, machines in sources)


@given(granted(), st.sampled_from(list(Permission)), st.sampled_from([*MACHINES, "another"]))
def test_what_somebody_may_on_a_machine(grants, permission, machine):
    rights = rights_of(grants, GROUPS)
    allowed = permission in rights.everywhere or permission in rights.on_machines.get(machine, ())
    assert allowed == expected(grants, permission, machine)
    if permission in COMPUTER:
        assert (permission in rights.anywhere()) == (permission in rights.everywhere)


@given(granted())
def test_a_limit_never_gives_more(grants):
    free, limited = (rights_of(one, GROUPS) for one in (Grants(grants.groups, grants.permissions), grants))
    assert limited.anywhere() <= free.everywhere


@given(granted(), st.lists(st.sampled_from(KEYS), unique=True))
def test_who_knows_of_no_limits_widens_none(grants, groups):
    after = grants.changed(groups, None, None)
    assert after.groups == tuple(groups)
    for key in groups:
        assert key not in grants.groups or after.scopes.groups.get(key) == grants.scopes.groups.get(key)
    assert after.scopes.permissions == grants.scopes.permissions


@pytest.fixture
def accounts(tmp_path):
    with opened(tmp_path) as accounts:
        yield accounts


def test_an_identity_with_limits(accounts):
    scopes = Scopes({"users": ("plotter",)}, {"WEBCAM": ("mill",)})
    accounts.add_user("ann", "x", Grants(("users",), (Permission.WEBCAM, Permission.MONITOR_TERMINAL), scopes))
    who = accounts.identify_key(accounts.new_user_key("ann"))
    print_on = [machine for machine in MACHINES if who.may(Permission.PRINT, machine)]
    assert (print_on, who.may(Permission.PRINT), who.may_somewhere(Permission.PRINT)) == (["plotter"], False, True)
    assert [machine for machine in MACHINES if who.may(Permission.WEBCAM, machine)] == ["plotter", "mill"]
    assert who.may(Permission.MONITOR_TERMINAL)
    assert who.may(Permission.FILES_UPLOAD)
    assert not who.may_somewhere(Permission.SETTINGS)
    assert who.permissions_on("mill") - who.permissions == {Permission.WEBCAM}
    accounts.change_user("ann", scopes=Scopes())
    assert accounts.identify_key(accounts.user_key("ann")).may(Permission.PRINT)


def test_an_admin_of_one_machine_is_no_admin(accounts):
    accounts.add_user("ann", "x", Grants(("admins",), (), Scopes({"admins": ("plotter",)})))
    who = accounts.identify_key(accounts.new_user_key("ann"))
    assert who.may(Permission.CONTROL, "plotter")
    assert not who.may(Permission.CONTROL, "default")
    assert not who.may(Permission.ADMIN, "plotter")
    assert accounts.claim.is_open()
    assert (accounts.user_record("ann")["admin"], accounts.user_record("ann")["roles"]) == (False, ["user"])


def test_a_record_tells_what_was_granted_and_what_follows(accounts):
    scopes = Scopes({"users": ("plotter",)}, {})
    accounts.add_user("ann", "x", Grants(("users",), (Permission.SYSTEM,), scopes))
    record = accounts.user_record("ann")
    assert (record["permissions"], record["groups"]) == (["SYSTEM"], ["users"])
    assert record["machines"] == {"groups": {"users": ["plotter"]}, "permissions": {}}
    assert {"system", "print", "files_list"} <= set(record["needs"]["role"])
    who = accounts.identify_key(accounts.new_user_key("ann"))
    there, elsewhere = (accounts.login_record(who, "s", "apikey", machine) for machine in ("plotter", "default"))
    assert "print" in there["needs"]["role"]
    assert "print" not in elsewhere["needs"]["role"]
    assert (there["apikey"], there["machines"]) == (None, record["machines"])
