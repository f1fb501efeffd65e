"""The command as its users call it: a process of its own."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from helpers_accounts import opened
from mrdraw import __version__
from mrdraw.accounts import Grants
from mrdraw.store import Database

COMMAND = [sys.executable, "-m", "mrdraw"]


def mrdraw(*words, stdin="", **environment):
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=stdin,
        capture_output=True,
        text=not isinstance(stdin, bytes),
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def base(tmp_path):
    """A base folder with the user ada."""
    folder = tmp_path / "made" / "here"
    with opened(folder) as accounts:
        accounts.add_user("ada", "engine", ("admins",))
    return folder


def refused(done, said):
    """Refused in one line."""
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    return True


def test_version():
    assert mrdraw("--version").stdout == f"MrDraw {__version__}\n"


def test_asking_for_the_version_loads_nothing_heavy():
    code = "import sys; from mrdraw.cli.main import build_parser; build_parser(); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {"mrdraw.server", "mrdraw.accounts", "mrdraw.store", "mrdraw.simulator.command", "sqlite3", "asyncio",
             "argon2", "ruamel.yaml", "cryptography", "starlette", "msgspec", "platformdirs"}  # fmt: skip
    assert loaded & heavy == set()


# --- users -----------------------------------------------------------------------------------------------------------


def test_adding_makes_the_base_folder(tmp_path):
    base = tmp_path / "made" / "here"
    done = mrdraw("user", "add", "bob", "--password", "x", "--group", "readonly", "--basedir", base)
    assert (done.returncode, done.stdout) == (0, "Added bob to readonly.\n")
    assert mrdraw("user", "list", "--basedir", base).stdout == "bob\treadonly\n"


@pytest.mark.parametrize("where", [0, 1, 2, 5])
def test_the_base_folder_stands_before_or_after_the_verb(base, where):
    words = ["user", "add", "bob", "--password", "x"]
    words[where:where] = ["--basedir", base]
    assert mrdraw(*words).returncode == 0
    assert mrdraw("user", "list", MRDRAW_BASEDIR=str(base)).stdout == "ada\tadmins\nbob\tusers\n"


def test_without_a_base_folder_it_is_the_platforms(tmp_path):
    folder = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "MRDRAW_BASEDIR": ""}
    assert mrdraw("user", "add", "bob", "--password", "x", **folder).returncode == 0
    assert (tmp_path / "data" / "mrdraw" / "mrdraw.db").exists()


def test_a_password_from_standard_input_is_its_first_line(base):
    assert mrdraw("--basedir", base, "user", "add", "bob", stdin="first line\r\nsecond\n").returncode == 0
    assert mrdraw("--basedir", base, "user", "password", "ada", stdin="without an end").returncode == 0
    assert can_log_in(base, "bob", "first line")
    assert can_log_in(base, "ada", "without an end")
    assert not can_log_in(base, "ada", "engine")


@pytest.mark.parametrize("stdin", ["", "\n", "\nsecond line\n"])
def test_an_empty_password_is_refused(base, stdin):
    assert refused(mrdraw("user", "add", "bob", "--basedir", base, stdin=stdin), "cannot be empty")
    assert refused(mrdraw("user", "password", "ada", "--password", "", "--basedir", base), "cannot be empty")
    assert can_log_in(base, "ada", "engine")


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
def test_a_password_that_is_no_text_is_refused(base, encoding):
    done = mrdraw("user", "add", "bob", "--basedir", base, stdin=b"\xff\xfe\n", PYTHONIOENCODING=encoding)
    assert (done.returncode, b"bytes that are none" in done.stderr) == (1, True)


def test_linking_a_user_to_somebody_of_a_provider(base):
    words = ("user", "link", "ada", "home", "f3a1", "--basedir", base)
    assert refused(mrdraw(*words), "none yet")
    provider = {"issuer": "https://id.example", "clientId": "mrdraw"}
    (base / "config.yaml").write_text(
        json.dumps({"accessControl": {"openId": {"externalUrl": "https://p.example", "providers": {"home": provider}}}})
    )
    assert mrdraw(*words).stdout == "Who is f3a1 at home logs in as ada.\n"
    assert refused(mrdraw("user", "link", "eve", "home", "f3a1", "--basedir", base), "no user eve")
    with opened(base) as accounts:
        assert [(one.issuer, one.id) for one in accounts.sign_on.subjects_of("ada")] == [("https://id.example", "f3a1")]


def test_setting_a_password_ends_sessions_and_removing_ends_everything(base):
    with opened(base) as serving:
        key = serving.new_user_key("ada")
        assert mrdraw("user", "password", "ada", "--password", "y", "--basedir", base).returncode == 0
        assert serving.identify_key(key).name == "ada"
        assert (
            mrdraw("user", "remove", "ada", "--basedir", base).stdout == "Removed ada, the user's key and sessions.\n"
        )
        assert serving.identify_key(key) is None
    assert mrdraw("user", "list", "--basedir", base).stdout == ""


def test_a_users_key_is_the_last_word_and_a_server_sees_it_at_once(base):
    with opened(base) as serving:
        assert refused(mrdraw("user", "key", "ada", "--basedir", base), "Make one with --new")
        made = mrdraw("user", "key", "ada", "--new", "--basedir", base).stdout.split()[-1]
        assert serving.identify_key(made).name == "ada"
        assert mrdraw("user", "key", "ada", "--basedir", base).stdout.split()[-1] == made
        newer = mrdraw("user", "key", "ada", "--new", "--basedir", base).stdout.split()[-1]
        assert serving.identify_key(made) is None
        assert serving.identify_key(newer).name == "ada"
        assert mrdraw("user", "key", "ada", "--revoke", "--basedir", base).returncode == 0
        assert serving.identify_key(newer) is None


def test_the_global_key(tmp_path):
    shown = mrdraw("key", "--basedir", tmp_path).stdout.split()[-1]
    with opened(tmp_path) as serving:
        assert serving.identify_key(shown).is_global
        assert mrdraw("key", "--basedir", tmp_path).stdout.split()[-1] == shown
        newer = mrdraw("key", "--new", "--basedir", tmp_path).stdout.split()[-1]
        assert serving.identify_key(shown) is None
        assert serving.identify_key(newer).is_global
        assert mrdraw("key", "--revoke", "--basedir", tmp_path).returncode == 0
        assert serving.identify_key(newer) is None
    assert refused(mrdraw("key", "--basedir", tmp_path), "Make one with --new")


def test_the_global_key_of_the_settings(tmp_path):
    (tmp_path / "config.yaml").write_text("api:\n  key: by-hand\nserver:\n  port: 5001 # mine\n", encoding="utf-8")
    assert mrdraw("key", "--basedir", tmp_path).stdout.split()[-1] == "by-hand"
    newer = mrdraw("key", "--new", "--basedir", tmp_path).stdout.split()[-1]
    assert mrdraw("key", "--basedir", tmp_path).stdout.split()[-1] == newer != "by-hand"
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8").endswith("server:\n  port: 5001 # mine\n")


def can_log_in(base, name, password):
    with opened(base) as accounts:
        user = accounts._users.find(name)
        return accounts._passwords._check(user.password_hash, password)


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("user", "key", "nobody"), 1, "There is no user nobody. Users: ada."),
        (("user", "remove", "nobody"), 1, "There is no user nobody"),
        (("user", "password", "nobody"), 1, "There is no user nobody"),
        (("user", "add", "ada"), 1, "There is a user ada already."),
        (("user", "add", "a:b", "--password", "x"), 1, "no colon"),
        (("user", "add", "\udcff", "--password", "x"), 1, "no colon"),
        (("user", "add", "bob", "--password", "\udcff"), 1, "bytes that are none"),
        (("user", "add", "bob", "--password", "x", "--group", "guests"), 1, "groups are admins"),
        (("user", "key", "ada", "--new", "--revoke"), 2, "not allowed with"),
        (("user",), 2, "WHAT"),
        (("serve", "--port", "99999"), 2, "no TCP port"),
        (("serve", "--simulate", "toaster"), 2, "marlin"),
        (("serve", "--host", "no.such.host.invalid"), 1, "There is no address"),
        ((), 2, "COMMAND"),
        (("simulate",), 2, "FIRMWARE"),
        (("simulate", "marlin"), 2, "--port"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(base, words, status, said):
    done = mrdraw("--basedir", base, *words)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert done.stderr.count("\n") == 1


def test_a_base_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert refused(mrdraw("user", "list", "--basedir", folder), str(tmp_path / "file"))


def test_a_damaged_database(tmp_path):
    (tmp_path / "mrdraw.db").write_bytes(b"this is no database at all, but a letter" * 50)
    assert refused(mrdraw("user", "list", "--basedir", tmp_path), "cannot be used: file is not a database")


def test_a_database_of_a_newer_release(base):
    with closing(Database(base / "mrdraw.db")) as database:
        database.write_now(lambda connection: connection.execute("PRAGMA user_version = 999"))
    assert refused(mrdraw("user", "list", "--basedir", base), "newer release")


def test_a_damaged_key_file(base):
    (base / "secret.key").write_bytes(b"")
    assert refused(mrdraw("user", "list", "--basedir", base), "secret.key is damaged")


def test_torn_settings_are_told_and_stop_no_command(base):
    (base / "config.yaml").write_text("api: {key: torn", encoding="utf-8")
    done = mrdraw("user", "list", "--basedir", base)
    assert (done.returncode, done.stdout) == (0, "ada\tadmins\n")
    assert "config.yaml is not in force" in done.stderr


def test_an_unforeseen_error_is_one_line_and_a_report(base):
    with closing(Database(base / "mrdraw.db")) as database:
        database.write_now(lambda connection: connection.execute("UPDATE users SET groups = 'no JSON'"))
    done = mrdraw("user", "list", "--basedir", base)
    assert refused(done, f"Please report it; the details are in {base / 'logs' / 'command.log'}.")
    assert "Traceback" in (base / "logs" / "command.log").read_text(encoding="utf-8")


def test_a_reader_that_goes_away_early(base):
    with opened(base) as accounts:
        for number in range(3):
            accounts._users.add(f"{'long' * 25}{number}", "-", Grants(("users",)))
    process = subprocess.Popen(
        [*COMMAND, "user", "list", "--basedir", base], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), said) == (1, "")


# --- on a terminal ---------------------------------------------------------------------------------------------------


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *words):
        self.screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def wait_for(self, text):
        deadline = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < deadline
            self.shown += self._read()

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self):
        try:
            while more := self._read():
                self.shown += more
            return self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.screen)

    def _read(self):
        try:
            return os.read(self.screen, 4096).decode()
        except OSError:  # the other end is closed
            return ""


def test_a_password_is_asked_for_twice_and_not_shown(base):
    terminal = Terminal("user", "add", "bob", "--basedir", base)
    terminal.wait_for("Password: ")
    terminal.type("typed\n")
    terminal.wait_for("Again: ")
    terminal.type("typed\n")
    assert terminal.end() == 0
    assert "Added bob to users." in terminal.shown
    assert "typed" not in terminal.shown
    assert can_log_in(base, "bob", "typed")


def test_two_passwords_that_differ(base):
    terminal = Terminal("user", "password", "ada", "--basedir", base)
    terminal.wait_for("Password: ")
    terminal.type("one\n")
    terminal.wait_for("Again: ")
    terminal.type("another\n")
    assert terminal.end() == 1
    assert "The two passwords differ. Nothing was changed." in terminal.shown
    assert can_log_in(base, "ada", "engine")


def test_no_password_at_all(base):
    terminal = Terminal("user", "password", "ada", "--basedir", base)
    terminal.wait_for("Password: ")
    terminal.type("\x04")
    assert terminal.end() == 1
    assert "No password was typed" in terminal.shown
    assert "Traceback" not in terminal.shown


def test_an_interrupted_command(base):
    terminal = Terminal("user", "password", "ada", "--basedir", base)
    terminal.wait_for("Password: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert "Traceback" not in terminal.shown
    assert can_log_in(base, "ada", "engine")


def test_who_cannot_be_added_is_told_before_a_password_is_asked_for(base):
    terminal = Terminal("user", "add", "ada", "--basedir", base)
    assert terminal.end() == 1
    assert "There is a user ada already." in terminal.shown
    assert "Password" not in terminal.shown


def test_simulating_until_it_is_interrupted(tmp_path):
    port = tmp_path / "tty"
    process = subprocess.Popen([*COMMAND, "simulate", "marlin", "--port", str(port)], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not port.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in {0, 130}
        assert b"Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


# --- the first run ----------------------------------------------------------------------------------------------------


def test_the_claim_code_is_the_last_word_and_gone_with_the_first_admin(tmp_path):
    shown = mrdraw("claim", "--basedir", tmp_path)
    assert shown.returncode == 0
    with opened(tmp_path) as accounts:
        assert shown.stdout.split()[-1] == accounts.claim.code()
    mrdraw("user", "add", "ada", "--password", "x", "--group", "admins", "--basedir", tmp_path)
    assert refused(mrdraw("claim", "--basedir", tmp_path), "There is an admin already")
