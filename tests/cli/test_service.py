"""`mrdraw service`, with a systemctl that writes down what it is asked for."""

import argparse
import os
import pwd
import shutil
import sys
from types import SimpleNamespace

import pytest

from helpers_serve import free_port, mrdraw, serving
from mrdraw.cli import service_install
from mrdraw.cli.service_install import may
from mrdraw.cli.unit import command_of, value_of
from mrdraw.link import unix

SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  *"$REFUSED"*) echo "Failed to do that: no such thing." >&2; echo "more" >&2; exit 1 ;;
  *ActiveState*) printf 'ActiveState=active\\nSubState=running\\nUnitFileState=enabled\\nMainPID=77\\n' ;;
  *) ;;
esac
"""


class Place:
    """A home with a systemctl of its own."""

    def __init__(self, folder, *, systemctl=True):
        self.folder = folder
        self.base = folder / "data of mine"
        self.unit = folder / "config" / "systemd" / "user" / "mrdraw.service"
        self.calls = folder / "calls"
        programs = folder / "bin"
        programs.mkdir()
        if systemctl:
            (programs / "systemctl").write_text(SYSTEMCTL, encoding="utf-8")
            (programs / "systemctl").chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:/bin" if systemctl else str(programs), "XDG_CONFIG_HOME": str(folder / "config"),
            "CALLS": str(self.calls), "REFUSED": "nothing at all",
        }  # fmt: skip

    def run(self, *words, **environment):
        user = [] if "--system" in words else ["--user"]
        return mrdraw(self.base, "service", *words, *user, **{**self.environment, **environment})

    def asked(self):
        calls = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        prefix = "--user --no-ask-password --no-pager "
        assert all(call.startswith(prefix) for call in calls)
        return [call.removeprefix(prefix) for call in calls if "show" not in call]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_install_status_remove(place):
    done = place.run("install", "--port", "5005")
    assert done.returncode == 0, done.stderr
    assert place.asked() == ["daemon-reload", "enable mrdraw.service", "restart mrdraw.service"]
    assert "loginctl enable-linger" in done.stdout
    assert "user add NAME --group admins" in done.stdout
    text = place.unit.read_text(encoding="utf-8")
    words = command_of(text)
    assert os.access(words[0], os.X_OK)
    assert words[-7:] == ["--basedir", str(place.base), "serve", "--host", "0.0.0.0", "--port", "5005"]
    assert not list(place.unit.parent.glob("*.partial"))

    shown = place.run("status").stdout
    assert "state:     active (running), enabled, process 77\n" in shown
    assert f"folder:    {place.base}\n" in shown
    assert ":5005\n" in shown
    assert "journalctl --user-unit mrdraw" in shown

    place.asked()
    removed = place.run("remove")
    assert removed.returncode == 0, removed.stderr
    assert place.asked() == ["disable --now mrdraw.service", "daemon-reload"]
    assert not place.unit.exists()
    assert place.base.is_dir()
    for words in (("status",), ("remove",)):
        again = place.run(*words)
        assert (again.returncode, "There is no service" in again.stderr) == (1, True)


def test_only_written_or_only_printed(place):
    printed = place.run("install", "--print")
    assert value_of(printed.stdout, "KillMode") == "process"
    assert not place.unit.exists()
    assert not place.base.exists()
    done = place.run("install", "--no-start")
    assert place.unit.read_text(encoding="utf-8") == printed.stdout
    assert "systemctl --user enable --now mrdraw" in done.stdout
    assert place.asked() == ["daemon-reload"]


def test_without_systemctl_it_says_what_to_do(tmp_path):
    place = Place(tmp_path, systemctl=False)
    done = place.run("install")
    assert done.returncode == 0, done.stderr
    assert "There is no systemctl here. Where systemd runs: systemctl --user daemon-reload" in done.stdout
    assert place.unit.exists()
    assert "state:     unknown" in place.run("status").stdout
    wants = place.unit.parent / "default.target.wants"
    wants.mkdir()
    (wants / "mrdraw.service").symlink_to(place.unit)
    removed = place.run("remove")
    assert "So nothing was stopped." in removed.stdout
    assert not place.unit.exists()
    assert not (wants / "mrdraw.service").is_symlink()


def test_a_manager_that_does_not_answer_or_refuses(place):
    done = place.run("install", REFUSED="--property=Version")
    assert (done.returncode, place.unit.exists()) == (0, True)
    assert "systemd does not answer: Failed to do that: no such thing. Where systemd runs:" in done.stdout
    refused = place.run("install", REFUSED="enable")
    assert refused.returncode == 1
    assert refused.stderr == ("mrdraw: systemctl --user enable mrdraw.service: Failed to do that: no such thing.\n")
    assert "Wrote" in refused.stdout


def test_somebody_elses_unit_is_left_alone(place):
    place.unit.parent.mkdir(parents=True)
    place.unit.write_text("[Service]\nExecStart=/usr/bin/true --basedir /x\n", encoding="utf-8")
    for words in (("install",), ("remove",)):
        done = place.run(*words)
        assert done.returncode == 1
        assert "was not written by `mrdraw service install`" in done.stderr
        assert "--force" in done.stderr
        assert place.asked() == []
    assert "(not written by mrdraw service install)" in place.run("status").stdout
    assert place.run("install", "--force").returncode == 0
    assert place.run("install").returncode == 0  # ours by now
    assert place.unit.read_text(encoding="utf-8").startswith("# Written by `mrdraw service install`")


def test_a_server_that_was_started_by_hand(place):
    with serving(place.base, free_port()) as process:
        done = place.run("install", REFUSED="ActiveState")
        assert done.returncode == 1
        assert "A server runs for" in done.stderr
        assert f"(process {process.pid})" in done.stderr
        assert place.asked() == ["daemon-reload"]


def test_a_job_that_is_not_finished_is_not_left_alone_by_mistake(place):
    assert place.run("install").returncode == 0
    machine = place.base / "machines" / "default"
    lock = unix.HostLock(machine)
    try:
        (machine / "jobs" / "one").mkdir(parents=True)
        assert "machine:   default: alive, process" in place.run("status").stdout
        assert "has a job" not in place.run("status").stdout
        (machine / "jobs" / "one" / "job.msgpack").touch()
        assert f"alive, process {os.getpid()}, has a job" in place.run("status").stdout
        place.asked()
        done = place.run("remove")
        assert done.returncode == 1
        assert "A job of default is not finished" in done.stderr
        assert place.asked() == []
        assert place.unit.exists()
        sure = place.run("remove", "--yes")
        assert "The job of default goes on" in sure.stdout
        assert not place.unit.exists()
    finally:
        lock.release()


# --- a service of the system ------------------------------------------------------------------------------------------


def test_who_runs_a_system_service(tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    printed = mrdraw(base, "service", "install", "--system", "--print", "--run-as", "nobody")
    assert value_of(printed.stdout, "User") == "nobody"
    assert command_of(printed.stdout)[1:3] == ["--basedir", str(base)]
    unknown = mrdraw(base, "service", "install", "--system", "--print", "--run-as", "no-such-user")
    assert "There is no user no-such-user" in unknown.stderr
    user = mrdraw(base, "service", "install", "--user", "--print", "--run-as", "nobody")
    assert "--run-as is for a service of the system" in user.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_the_owner_of_the_base_folder_or_who_called_sudo(tmp_path):
    nobody = pwd.getpwnam("nobody")
    command = ("service", "install", "--system", "--print")
    assert "Say who is to run the service" in mrdraw(tmp_path / "new", *command, SUDO_USER="").stderr
    by_sudo = mrdraw(tmp_path / "new", *command, SUDO_USER="nobody")
    assert value_of(by_sudo.stdout, "User") == "nobody"
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    assert value_of(mrdraw(tmp_path, *command, SUDO_USER="").stdout, "User") == "nobody"


def test_without_a_named_folder_it_is_that_of_the_user(monkeypatch):
    monkeypatch.delenv("MRDRAW_BASEDIR", raising=False)
    arguments = argparse.Namespace(run_as="nobody", host="0.0.0.0", port=None)
    service = service_install._service("/root/.local/share/mrdraw", arguments, service_install.Scope.SYSTEM)
    assert str(service.basedir) == f"{pwd.getpwnam('nobody').pw_dir}/.local/share/mrdraw"


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_a_service_of_the_system_is_for_root(tmp_path):
    import subprocess

    tmp_path.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m", "mrdraw",
               "--basedir", str(tmp_path), "service", "install", "--system", "--run-as", "nobody"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "A service of the system is for root: sudo /" in done.stderr


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "bit", "expected"),
    [
        (0o700, 1, 9, 0o1, True), (0o600, 1, 9, 0o1, False), (0o750, 2, 9, 0o1, True), (0o750, 2, 8, 0o1, False),
        (0o705, 2, 8, 0o1, True), (0o005, 1, 9, 0o1, False), (0o660, 2, 9, 0o2, True), (0o640, 2, 9, 0o2, False),
    ],
)  # fmt: skip
def test_who_may_do_what(mode, uid, gid, bit, expected):
    status = SimpleNamespace(st_mode=0o40000 | mode, st_uid=1, st_gid=9)
    assert may(status, uid, {gid}, bit) is expected


def test_a_program_or_a_folder_that_is_closed_to_the_user(tmp_path, monkeypatch):
    nobody = pwd.getpwnam("nobody")
    program = tmp_path / "mrdraw"
    program.write_text("", encoding="utf-8")
    program.chmod(0o700)
    service = service_install.Service((str(program),), tmp_path / "base", "0.0.0.0", None, "nobody")
    with pytest.raises(service_install.NotPermitted, match="nobody may not start"):
        service_install._check_rights(service, nobody)
    monkeypatch.setattr(service_install, "may", lambda *_: True)
    service_install._check_rights(service, nobody)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "mrdraw.db").touch()
    with pytest.raises(service_install.NotPermitted, match="chown -R nobody:"):
        service_install._check_rights(service, nobody)
