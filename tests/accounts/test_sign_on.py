"""Users who come with somebody else's word: made and linked in one step, or not at all."""

import sqlite3

import pytest

from helpers_accounts import Clock, opened
from mrdraw.accounts.sign_on import Newcomer, Subject
from mrdraw.settings.sign_on import ProviderTree

PROVIDER = ProviderTree(issuer="https://id.example", client_id="mrdraw", add_users=True)
NEWCOMER = Newcomer(Subject(PROVIDER.issuer, "17"), "eve", ())


@pytest.fixture
def accounts(tmp_path):
    with opened(tmp_path, Clock()) as found:
        found.add_user("ada", "engine", ("admins",))
        yield found


def test_who_comes_for_the_first_time_is_known_the_next_time(accounts):
    assert [accounts.admit(NEWCOMER, PROVIDER).name for _ in range(2)] == ["eve", "eve"]
    assert accounts.sign_on.subjects_of("eve") == [NEWCOMER.subject]


def test_a_user_who_cannot_be_linked_is_not_made(accounts):
    accounts._database.write_now(lambda connection: connection.execute("ALTER TABLE sign_on_links RENAME TO away"))
    with pytest.raises(sqlite3.OperationalError):
        accounts.sign_on._added(NEWCOMER, PROVIDER, None)
    assert not accounts.knows("eve")
