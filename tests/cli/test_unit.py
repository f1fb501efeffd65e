import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.cli.unit import Service, command_of, is_ours, option_of, quoted, unit_text, value_of, words_of
from mrdraw.errors import InvalidValue

ODD = Path('/srv/a b/%h/$HOME/"q"/back\\slash/ü;')


def test_a_unit_of_the_system():
    text = unit_text(Service(("/opt/x/bin/mrdraw",), Path("/srv/m"), "0.0.0.0", 5001, "pi", ("dialout",)))
    assert is_ours(text)
    assert value_of(text, "ExecStart") == (":/opt/x/bin/mrdraw --basedir /srv/m serve --host 0.0.0.0 --port 5001")
    assert value_of(text, "KillMode") == "process"
    assert value_of(text, "Type") == "notify"
    assert value_of(text, "User") == "pi"
    assert value_of(text, "SupplementaryGroups") == "dialout"
    assert value_of(text, "Restart") == "on-failure"
    assert value_of(text, "StandardOutput") == "journal"
    assert value_of(text, "WantedBy") == "multi-user.target"
    for hides_ports in ("PrivateDevices", "DevicePolicy", "DeviceAllow", "PrivateTmp", "ProtectHome"):
        assert value_of(text, hides_ports) is None


def test_a_unit_of_a_user_needs_no_namespace():
    text = unit_text(Service(("/x/mrdraw",), Path("/m"), "::"))
    assert value_of(text, "WantedBy") == "default.target"
    for name in ("User", "SupplementaryGroups", "ProtectSystem", "ProtectControlGroups"):
        assert value_of(text, name) is None


def test_odd_paths_are_read_back():
    service = Service(("/opt/my venv/mrdraw",), ODD, "0.0.0.0", None, "pi")
    words = command_of(unit_text(service))
    assert words == service.words
    assert option_of(words, "--basedir") == str(ODD)
    assert option_of(words, "--port") is None


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1)))
def test_words_are_read_back(words):
    assert words_of(":" + " ".join(map(quoted, words))) == words


def test_no_words_at_all_and_specifiers():
    assert quoted("") == '""'
    assert words_of('"" a') == ["", "a"]
    assert quoted("100%") == "100%%"
    assert quoted("a b%") == '"a b%%"'
    assert quoted("$HOME") == '"$HOME"'


@pytest.mark.parametrize("word", ["a\nb", "a\0b", "\x1b[1m", "\udcff"])
def test_what_no_unit_can_hold(word):
    with pytest.raises(InvalidValue, match="cannot be printed"):
        quoted(word)


@pytest.mark.parametrize("path", ['/a"b/mrdraw', "/a'b/mrdraw", "/a\\b/mrdraw"])
def test_programs_that_systemd_does_not_start(path):
    with pytest.raises(InvalidValue, match="quotes or backslashes"):
        unit_text(Service((path,), Path("/m"), "0.0.0.0"))


def test_whose_a_unit_is():
    assert not is_ours("[Unit]\nDescription=mrdraw\n")
    assert not is_ours("")
    assert value_of("KillMode=a\nKillMode=b\n#KillMode=c\n", "KillMode") == "b"
    assert command_of("[Service]\n") == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("user", [None, "daemon"])
def test_systemd_accepts_it(tmp_path, user):
    """systemd itself finds nothing to complain of, not even in odd paths; the program has to exist for that."""
    folder = tmp_path / "a b%h$X;ü"
    folder.mkdir()
    program = folder / "mrdraw"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = tmp_path / "mrdraw.service"
    unit.write_text(unit_text(Service((str(program),), folder / 'q"\\', "0.0.0.0", 5000, user)), encoding="utf-8")
    command = ["systemd-analyze", "--man=no", "verify", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text(encoding="utf-8").replace("KillMode=process", "KillMode=nonsense"), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "kill mode" in done.stderr
