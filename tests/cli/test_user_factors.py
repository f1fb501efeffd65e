"""`mrdraw user factors`: what a user holds, and letting somebody back in who lost it."""

import asyncio
import time

import pyotp
import pytest

from helpers_accounts import opened
from mrdraw.cli.main import main
from mrdraw.errors import SecondFactorWanted


def user_factors(basedir, *words):
    return main(["user", "factors", "ada", *words, "--basedir", str(basedir)])


def test_somebody_who_lost_the_phone(tmp_path, capsys):
    async def switch_on(accounts):
        made = await accounts.second_factors.begin("ada", "Shed")
        await accounts.second_factors.confirm("ada", pyotp.TOTP(made.secret).at(time.time()), "")

    with opened(tmp_path, time.time) as accounts:
        accounts.add_user("ada", "engine", ("admins",))
        assert user_factors(tmp_path) == 0
        assert capsys.readouterr().out == "Second factor: off\nPasskeys: none\n"
        asyncio.run(switch_on(accounts))
        assert user_factors(tmp_path) == 0
        assert "on, 10 recovery codes left" in capsys.readouterr().out
        with pytest.raises(SecondFactorWanted):
            asyncio.run(accounts.login("ada", "engine"))
        assert user_factors(tmp_path, "--remove-second-factor") == 0
        assert "Removed the second factor of ada" in capsys.readouterr().out
        assert asyncio.run(accounts.login("ada", "engine")).name == "ada"


def test_nobody_of_that_name(tmp_path, capsys):
    assert user_factors(tmp_path, "--remove-passkeys") != 0
    assert "There is no user ada" in capsys.readouterr().err
