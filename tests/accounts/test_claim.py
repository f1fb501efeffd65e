"""The claim code: how long there is one, what counts as it, and what many wrong tries do."""

import asyncio
import logging
import re
from math import log2

import pytest

from helpers_accounts import opened
from mrdraw.accounts.claim import ALPHABET, FAILURES
from mrdraw.errors import InvalidValue, NoClaim, UserExists

SHAPE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")
WRONG = "2222-2222-2222"


def matches(accounts, code):
    return asyncio.run(accounts.claim.matches(code))


def test_a_code_has_60_bits_and_no_look_alikes(tmp_path):
    assert 12 * log2(len(set(ALPHABET))) == 60
    assert not set(ALPHABET) & set("01IO")
    with opened(tmp_path) as accounts:
        assert SHAPE.fullmatch(accounts.claim.code())


def test_two_folders_have_two_codes(tmp_path):
    with opened(tmp_path / "a") as one, opened(tmp_path / "b") as other:
        assert one.claim.code() != other.claim.code()


def test_the_code_is_the_same_for_every_process_and_after_a_restart(tmp_path):
    with opened(tmp_path) as one:
        code = one.claim.code()
        with opened(tmp_path) as other:
            assert other.claim.code() == code
    with opened(tmp_path) as again:
        assert again.claim.code() == code
        assert matches(again, code)


def test_the_code_does_not_stand_in_the_database(tmp_path):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
    stored = (tmp_path / "mrdraw.db").read_bytes()
    assert code.encode() not in stored
    assert code.replace("-", "").encode() not in stored


def test_with_another_key_file_there_is_another_code(tmp_path):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
    (tmp_path / "secret.key").unlink()
    with opened(tmp_path) as accounts:
        assert accounts.claim.code() != code
        assert not matches(accounts, code)


def test_case_blanks_and_dashes_do_not_matter(tmp_path):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
        plain = code.replace("-", "")
        for typed in (code, code.lower(), plain, f" {plain[:6]} {plain[6:]} ", "-".join(plain)):
            assert matches(accounts, typed), typed
        assert not matches(accounts, plain[:-1])
        assert not matches(accounts, plain + plain[0])


def test_five_wrong_tries_make_a_new_code_which_is_logged(tmp_path, caplog):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
        for _ in range(FAILURES - 1):
            assert not matches(accounts, WRONG)
        assert accounts.claim.code() == code
        assert matches(accounts, code)
        with caplog.at_level(logging.WARNING):
            assert not matches(accounts, WRONG)
        renewed = accounts.claim.code()
        assert renewed != code
        assert caplog.messages[-1].endswith(renewed)
        assert not matches(accounts, code)
        assert matches(accounts, renewed)


def test_wrong_tries_are_counted_across_restarts(tmp_path):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
    for _ in range(FAILURES):
        with opened(tmp_path) as accounts:
            assert accounts.claim.code() == code
            assert not matches(accounts, WRONG)
    with opened(tmp_path) as accounts:
        assert accounts.claim.code() != code


def test_wrong_tries_at_once_are_all_counted(tmp_path):
    async def tries(accounts):
        code = accounts.claim.code()
        guesses = [WRONG] * FAILURES + [code]
        return await asyncio.gather(*(accounts.claim.matches(guess) for guess in guesses))

    with opened(tmp_path) as accounts:
        assert asyncio.run(tries(accounts)) == [False] * (FAILURES + 1)


@pytest.mark.parametrize("nothing", ["", "  ", "--"])
def test_nothing_is_no_try(tmp_path, nothing):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
        assert not any(matches(accounts, nothing) for _ in range(FAILURES))
        assert accounts.claim.code() == code


def test_there_is_no_code_with_an_admin_and_another_one_when_the_admin_has_gone(tmp_path):
    with opened(tmp_path) as accounts:
        code = accounts.claim.code()
        accounts.add_user("rita", "x", ("readonly",))
        assert accounts.claim.code() == code
        accounts.add_user("ada", "x", ("admins",))
        assert (accounts.claim.is_open(), accounts.claim.code()) == (False, None)
        assert not matches(accounts, code)
        accounts.set_active("ada", active=False)
        assert accounts.claim.is_open()
        assert accounts.claim.code() not in {code, None}


def test_a_user_who_becomes_admin_ends_the_first_run(tmp_path):
    with opened(tmp_path) as accounts:
        accounts.add_user("ada", "x", ("users",))
        code = accounts.claim.code()
        accounts.change_user("ada", groups=("admins",))
        assert not accounts.claim.is_open()
        accounts.remove_user("ada")
        assert accounts.claim.code() not in {code, None}


def test_the_first_admin_is_made_once(tmp_path):
    with opened(tmp_path) as accounts:
        accounts.add_user("ann", "x", ("users",))
        with pytest.raises(InvalidValue, match="at least 8"):
            accounts.add_first_admin("ada", "1234567")
        with pytest.raises(InvalidValue, match="cannot be a user's name"):
            accounts.add_first_admin(" ada", "12345678")
        with pytest.raises(UserExists):
            accounts.add_first_admin("ann", "12345678")
        accounts.add_first_admin("ada", "12345678")
        assert accounts.user_record("ada")["groups"] == ["admins", "users"]
        with pytest.raises(NoClaim):
            accounts.add_first_admin("eve", "12345678")
        assert [record["name"] for record in accounts.users()] == ["ada", "ann"]
