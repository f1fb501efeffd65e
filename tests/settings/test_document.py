"""The text of config.yaml: changed without losing what a person wrote."""

import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue, NotStored, SettingsUnreadable
from mrdraw.settings.document import changed, parse, read_text, write_whole

COMMENTED = """\
# our printer, in the cellar
server:
  port: 5055  # behind the proxy
  host: "0.0.0.0"   # quoted by hand

# the machine
serial:
  port: /dev/ttyUSB7
  # both of them
  additionalPorts:
  - /tmp/a*
  - '/tmp/b*'
plugins:
  1: {one: yes}
"""


def comments_in(text):
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def test_comments_quotes_and_order_stay():
    after = changed(COMMENTED, {"server": {"port": 5000}, "serial": {"additionalPorts": ["/dev/c"], "log": True}})
    assert after == COMMENTED.replace("5055", "5000").replace(
        "  - /tmp/a*\n  - '/tmp/b*'\n", "  - /dev/c\n  log: true\n"
    )


def test_a_member_is_taken_out():
    after = changed(COMMENTED, {"server": {"host": None, "none": None}, "plugins": None})
    assert parse(after) == {
        "server": {"port": 5055}, "serial": {"port": "/dev/ttyUSB7", "additionalPorts": ["/tmp/a*", "/tmp/b*"]},
    }  # fmt: skip


def test_a_file_of_comments_only_keeps_them():
    after = changed("# nothing yet\n\n# really\n", {"api": {"key": "k"}})
    assert comments_in(after) == [" nothing yet", " really"]
    assert parse(after) == {"api": {"key": "k"}}


def test_no_file_at_all():
    assert changed("", {"server": {"port": 1}}) == "server:\n  port: 1\n"


def test_a_script_is_written_as_people_write_it():
    after = changed("", {"scripts": {"gcode": {"afterPrintDone": "M104 S0\nM140 S0 ; bed\n"}}})
    assert "    afterPrintDone: |\n      M104 S0\n      M140 S0 ; bed\n" in after


def test_taking_out_makes_no_section():
    assert changed(COMMENTED, {"folder": {"uploads": None}, "api": {"a": {"b": None}}}) == COMMENTED


def test_a_name_that_was_a_number_is_found_again():
    after = changed(COMMENTED, {"plugins": {"1": {"two": 2}}})
    assert parse(after)["plugins"] == {"1": {"one": "yes", "two": 2}}


def test_a_change_that_would_change_more_is_refused():
    with pytest.raises(InvalidValue, match="edit the file"):
        changed("machines:\n  a: &same {name: x}\n  b: *same\n", {"machines": {"a": {"name": "y"}}})


NAMES = st.sampled_from(["server", "port", "serial", "additionalPorts", "x", "ünï", "1", "a b", "#", "- y", "true"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20))
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner.filter(lambda item: item is not None), max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
CHANGES = st.dictionaries(NAMES, TREES, max_size=4)


def only_takes_out(changes):
    """Whether a section that is not there need not be made for these changes."""
    return bool(changes) and all(
        value is None or (isinstance(value, dict) and only_takes_out(value)) for value in changes.values()
    )


def merged(data, changes):
    """What was asked for, written down once more and differently."""
    after = {name: value for name, value in data.items() if name not in changes or changes[name] is not None}
    for name, value in changes.items():
        if isinstance(value, dict):
            before = data.get(name)
            if isinstance(before, dict) or not only_takes_out(value):
                after[name] = merged(before if isinstance(before, dict) else {}, value)
        elif value is not None:
            after[name] = value
    return after


@given(CHANGES)
def test_what_is_written_reads_as_what_was_asked_for(changes):
    try:
        after = changed(COMMENTED, changes)
    except InvalidValue:
        return
    assert parse(after) == merged(parse(COMMENTED), changes)
    if "server" not in changes and "serial" not in changes and "plugins" not in changes:
        assert after.startswith(COMMENTED)


@given(
    st.dictionaries(NAMES, st.integers() | st.booleans() | st.text("abc :#'\"\n-{[&*!|>%@`", max_size=20), max_size=4)
)
def test_settings_as_people_have_them_are_never_refused(members):
    assert parse(changed(COMMENTED, {"added": members}))["added"] == members


@given(st.text(max_size=60) | st.text("ab:- \n\t#{}[],&*!|>'\"%@`?~<0123.eE+_", max_size=60))
def test_any_text_is_read_or_told_to_be_unreadable(text):
    with suppress(SettingsUnreadable):
        assert isinstance(parse(text), dict)


@pytest.mark.parametrize(
    "text", ["a: &a\n  b: *a\n", "a: !!python/object:os.system {}\n", "a: 2020-13-45\n", "a: 1\na: 2"]
)
def test_odd_documents_are_told(text):
    with pytest.raises(SettingsUnreadable):
        parse(text)


def test_the_line_is_named():
    with pytest.raises(SettingsUnreadable, match="line 3"):
        parse("server:\n  port: 1\n  host: ]\n")


# --- the disk --------------------------------------------------------------------------------------------------------


def test_a_new_file_is_its_owners_and_an_old_one_keeps_its_mode(tmp_path):
    path = tmp_path / "config.yaml"
    write_whole(path, "a: 1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o664)
    write_whole(path, "a: 2\n")
    assert path.stat().st_mode & 0o777 == 0o664
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "config.yaml").symlink_to(tmp_path / "elsewhere" / "real.yaml")
    write_whole(tmp_path / "config.yaml", "a: 2\n")
    assert (tmp_path / "config.yaml").is_symlink()
    assert (tmp_path / "elsewhere" / "real.yaml").read_text(encoding="utf-8") == "a: 2\n"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "config.yaml"
    write_whole(path, "a: 1\n")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotStored, match="No space left"):
        write_whole(path, "a: 2\n")
    assert path.read_text(encoding="utf-8") == "a: 1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


def test_text_that_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(InvalidValue):
        write_whole(tmp_path / "config.yaml", "a: \udc80")
    assert list(tmp_path.iterdir()) == []


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbfserver: {port: 1}\r\n")
    assert parse(read_text(tmp_path / "config.yaml")) == {"server": {"port": 1}}


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(SettingsUnreadable, match="cannot be read"):
        read_text(tmp_path / "config.yaml")
