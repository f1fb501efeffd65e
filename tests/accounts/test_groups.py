"""Groups in groups, and groups in the database."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_accounts import opened
from mrdraw.accounts import Grants, GroupChange, Permission
from mrdraw.accounts.groups import Group, Groups
from mrdraw.errors import GroupExists, InvalidValue, LastAdmin, NoSuchGroup, NotPermitted

PERMISSIONS = [one for one in Permission if one is not Permission.ADMIN]


@pytest.fixture
def accounts(tmp_path):
    with opened(tmp_path) as accounts:
        yield accounts


def group(key, permissions=(), subgroups=(), default=False):
    return Group(key, key, "", frozenset(permissions), tuple(subgroups), default)


def change(permissions=(), subgroups=(), **members):
    return GroupChange(permissions=permissions, subgroups=subgroups, **members)


# --- groups in groups -------------------------------------------------------------------------------------------------


@st.composite
def families(draw):
    """Groups, each of which may hold any of those before it."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        below = draw(st.lists(st.sampled_from([one.key for one in made]), unique=True)) if made else []
        made.append(group(f"g{number}", draw(st.sets(st.sampled_from(PERMISSIONS), max_size=3)), below))
    return made


@given(families())
def test_a_group_holds_what_it_and_all_below_it_hold(family):
    groups, by_key = Groups(family), {one.key: one for one in family}

    def held(key):
        return by_key[key].permissions.union(*map(held, by_key[key].subgroups))

    def below(key):
        return {key}.union(*map(below, by_key[key].subgroups))

    for one in family:
        assert groups.permissions_of((one.key,)) == held(one.key)
        assert set(groups.record(one)["needs"]["group"]) == below(one.key)
        groups.check_no_cycle(one)


@given(families(), st.data())
def test_a_group_is_never_in_itself(family, data):
    groups = Groups(family)
    top = data.draw(st.sampled_from(family))
    reached = groups.reached_from((top.key,))
    bottom = data.draw(st.sampled_from(reached))
    closing = group(bottom, subgroups=(top.key,))
    with pytest.raises(InvalidValue, match="cannot be in itself") as refused:
        groups.check_no_cycle(closing)
    way = str(refused.value).partition(": ")[2].rstrip(".").split(" in ")
    assert way[0] == way[-1] == bottom
    everybody = Groups([*family, closing])
    for inner, outer in itertools.pairwise(way):
        assert inner in everybody.get(outer).subgroups


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_even_a_circle_in_the_database_ends(pairs):
    groups = Groups(
        group(f"g{one}", [PERMISSIONS[one]], [f"g{b}" for a, b in pairs if a == one] + ["gone"]) for one in range(5)
    )
    reached = groups.reached_from(("g0",))
    assert len(reached) == len(set(reached)) <= 5
    assert groups.permissions_of(("g0",)) == {PERMISSIONS[int(key[1:])] for key in reached}


def test_admin_in_a_group_below_is_everything():
    groups = Groups([group("chiefs", subgroups=["inner"]), group("inner", [Permission.ADMIN])])
    assert groups.permissions_of(("chiefs",)) == set(Permission)
    assert groups.record(groups.get("chiefs"))["dangerous"] is True
    assert groups.record(groups.get("chiefs"))["permissions"] == []


def test_what_cannot_be_changed_stays_whatever_is_stored():
    groups = Groups([group("guests", [Permission.PRINT]), group("readonly", [Permission.ADMIN]), group("admins")])
    assert groups.permissions_of(("guests",)) == frozenset()
    assert Permission.ADMIN not in groups.permissions_of(("readonly",))
    assert groups.permissions_of(("admins",)) == set(Permission)


# --- groups in the database -------------------------------------------------------------------------------------------


def test_adding_changing_and_removing(accounts, tmp_path):
    table = accounts.groups
    table.add(
        "makers", change(["PRINT", "PRINT"], ["readonly"], name="Makers ✎", description="They make.", default=True)
    )
    record = table.record("makers")
    assert record.pop("needs")["group"] == ["makers", "readonly"]
    assert record == {
        "key": "makers", "name": "Makers ✎", "description": "They make.", "permissions": ["PRINT"],
        "subgroups": ["readonly"], "default": True, "removable": True, "changeable": True, "toggleable": True,
        "dangerous": False,
    }  # fmt: skip
    table.change("makers", GroupChange(subgroups=[], default=False))
    assert (table.record("makers")["subgroups"], table.record("makers")["permissions"]) == ([], ["PRINT"])
    with opened(tmp_path) as other:
        assert [one["key"] for one in other.groups.records()] == ["admins", "users", "readonly", "guests", "makers"]
        other.groups.remove("makers")
    with pytest.raises(NoSuchGroup, match="Groups are: admins, users, readonly, guests"):
        table.record("makers")


def test_the_operators_can_be_changed_but_not_removed(accounts):
    accounts.add_user("ann", "x")
    key = accounts.new_user_key("ann")
    assert accounts.identify_key(key).may(Permission.PRINT)
    accounts.groups.change("users", GroupChange(permissions=["STATUS"], name="Other"))
    assert not accounts.identify_key(key).may(Permission.PRINT)
    assert accounts.groups.record("users")["name"] == "Operator"
    with pytest.raises(NotPermitted):
        accounts.groups.remove("users")


@pytest.mark.parametrize("key", ["admins", "readonly", "guests"])
def test_which_groups_cannot_be_changed(accounts, key):
    for act in (accounts.groups.remove, lambda key: accounts.groups.change(key, change(["STATUS"]))):
        with pytest.raises(NotPermitted, match=f"The group {key} cannot"):
            act(key)
    with pytest.raises(GroupExists):
        accounts.groups.add(key.upper(), change())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (change(["FLY"]), "no permission 'FLY'"),
        (change(subgroups=["guests"]), "no group 'guests' for users"),
        (change(subgroups=["nobody"]), "no group 'nobody' for users"),
        (change(subgroups=["makers"]), "makers in makers"),
        (change(subgroups=["outer"]), "makers in outer in makers"),
        (change(name=" "), "name has 1 to"),
        (change(name="a\nb"), "none that cannot be seen"),
        (change(description="x" * 257), "description has 0 to"),
    ],
)
def test_what_a_group_cannot_be(accounts, wanted, said):
    accounts.groups.add("makers", change())
    accounts.groups.add("outer", change(subgroups=["makers"]))
    with pytest.raises(InvalidValue, match=said):
        accounts.groups.change("makers", wanted)
    assert accounts.groups.record("makers")["subgroups"] == []


@pytest.mark.parametrize("key", ["", ".", "..", "../x", "a/b", "a b", "ä", "-a", "a\n", "x" * 65, "a%2fb", "\ud800"])
def test_what_cannot_be_a_key(accounts, key):
    with pytest.raises(InvalidValue, match="cannot be a group's key"):
        accounts.groups.add(key, change())


def test_a_group_that_goes_is_gone_from_users_and_groups(accounts):
    accounts.groups.add("makers", change(["PRINT"]))
    accounts.groups.add("outer", change(subgroups=["makers", "readonly"]))
    accounts.add_user("ann", "x", ("makers", "outer"))
    accounts.groups.remove("makers")
    assert accounts.user_record("ann")["groups"] == ["outer"]
    assert accounts.groups.record("outer")["subgroups"] == ["readonly"]
    accounts.groups.add("makers", change(["ADMIN"]))
    assert not accounts.identify_key(accounts.new_user_key("ann")).may(Permission.ADMIN)


def test_the_last_admin_stays_whatever_made_the_admin_one(accounts):
    accounts.groups.add("chiefs", change(["ADMIN"]))
    accounts.add_user("ann", "x", ("chiefs",))
    assert not accounts.claim.is_open()
    for act in (
        lambda: accounts.groups.remove("chiefs"),
        lambda: accounts.groups.change("chiefs", change(["PRINT"])),
        lambda: accounts.change_user("ann", groups=()),
        lambda: accounts.remove_user("ann", keep_admin=True),
    ):
        with pytest.raises(LastAdmin):
            act()
    accounts.add_user("bob", "x", Grants((), (Permission.ADMIN,)))
    accounts.groups.remove("chiefs")
    with pytest.raises(LastAdmin):
        accounts.change_user("bob", permissions=())


def test_new_users_are_in_the_default_groups(accounts):
    accounts.groups.add("makers", change(default=True))
    accounts.groups.change("users", GroupChange(default=False))
    accounts.add_user("ann", "x")
    assert accounts.user_record("ann")["groups"] == ["makers"]
