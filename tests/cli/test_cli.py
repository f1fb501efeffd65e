"""The command as its users call it: a process of its own."""

import subprocess
import sys

import pytest

from mrdraw import __version__


def mrdraw(*words, stdin=""):
    command = [sys.executable, "-m", "mrdraw", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def test_version():
    assert mrdraw("--version").stdout == f"MrDraw {__version__}\n"


def test_users_and_their_keys(tmp_path):
    base = tmp_path / "made" / "here"
    assert mrdraw("user", "add", "ada", "--password", "x", "--group", "admins", "--basedir", base).returncode == 0
    assert mrdraw("--basedir", base, "user", "add", "bob", stdin="from standard input\n").returncode == 0
    assert mrdraw("--basedir", base, "user", "list").stdout == "ada\tadmins\nbob\tusers\n"
    made = mrdraw("--basedir", base, "user", "key", "ada", "--new").stdout.split()[-1]
    assert mrdraw("user", "key", "ada", "--basedir", base).stdout.split()[-1] == made
    assert mrdraw("user", "key", "ada", "--revoke", "--basedir", base).returncode == 0
    assert mrdraw("user", "password", "bob", "--password", "y", "--basedir", base).returncode == 0
    assert mrdraw("user", "remove", "bob", "--basedir", base).returncode == 0
    assert mrdraw("--basedir", base, "user", "list").stdout == "ada\tadmins\n"


def test_the_global_key(tmp_path):
    shown = mrdraw("key", "--basedir", tmp_path).stdout.split()[-1]
    assert mrdraw("key", "--basedir", tmp_path).stdout.split()[-1] == shown
    assert mrdraw("key", "--new", "--basedir", tmp_path).stdout.split()[-1] != shown
    assert mrdraw("key", "--revoke", "--basedir", tmp_path).returncode == 0
    assert mrdraw("key", "--basedir", tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("user", "key", "nobody"), 1, "There is no user nobody"),
        (("user", "add", "a:b", "--password", "x"), 1, "no colon"),
        (("user", "add", "a", "--password", "x", "--group", "guests"), 2, "admins"),
        (("serve", "--port", "99999"), 2, "no TCP port"),
        (("serve", "--host", "no.such.host.invalid"), 1, "There is no address"),
        ((), 2, "COMMAND"),
        (("simulate", "marlin"), 2, "--port"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path, words, status, said):
    done = mrdraw("--basedir", tmp_path, *words)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_password_is_refused(tmp_path):
    assert mrdraw("user", "add", "a", "--basedir", tmp_path).returncode == 1


def test_a_base_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = mrdraw("user", "list", "--basedir", tmp_path / "file" / "below")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
