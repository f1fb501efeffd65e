"""Text to a list of arguments, without a shell."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue
from mrdraw.settings.programs import arguments_of


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("sudo shutdown -h now", ["sudo", "shutdown", "-h", "now"]),
        ("sudo systemctl restart mrdraw@pi.service", ["sudo", "systemctl", "restart", "mrdraw@pi.service"]),
        ("echo 'a & b' \"c; d\" e\\|f 'it'\"'\"'s $5'", ["echo", "a & b", "c; d", "e|f", "it's $5"]),
        ("echo 'costs $5' a#b a=~", ["echo", "costs $5", "a#b", "a=~"]),
        ("~/bin/off --now", [str(Path.home() / "bin/off"), "--now"]),
        (("off", "a & b", "$HOME", "*"), ["off", "a & b", "$HOME", "*"]),
    ],
)
def test_what_is_run(program, arguments):
    assert list(arguments_of(program, "here")) == arguments


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("a && b", "'&'"), ("a | b", "'|'"), ("a; b", "';'"), ("a > b", "'>'"), ("a < b", "'<'"), ("a $HOME", "'$'"),
        ('a "$HOME"', "'$'"), ("a `b`", "'`'"), ('a "\\$5"', "'$'"), ('a "`b`"', "'`'"), ("a $(b)", "'$'"),
        ("rm *.gcode", "'*'"),
        ("a {b,c}", "'{'"), ("a # b", "'#'"), ("a\nb", "a line break"), ("a 'b", "quotation"), ('a "b', "quotation"),
        ("", "has to name"), ("  ", "has to name"), ((), "has to name"), (("",), "has to name"), ("a\\", "escaped"),
        (("a", "b\0"), "has to name"),
    ],
)  # fmt: skip
def test_what_is_refused(program, said):
    with pytest.raises(InvalidValue, match=r"^server\.commands\.x ") as refused:
        arguments_of(program, "server.commands.x")
    assert said in str(refused.value)


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_quoted_text_is_what_it_was(words):
    words = [word.removeprefix("~/") for word in words]
    if words[0]:
        assert list(arguments_of(shlex.join(words), "here")) == [
            str(Path.home() / word[2:]) if word.startswith("~/") else word for word in words
        ]
