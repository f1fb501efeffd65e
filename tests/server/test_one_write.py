"""Answers leave in one packet each, whole and in order."""

import asyncio

import pytest

from mrdraw.server.one_write import MOST, OneWrite


class Sink:
    """A transport that keeps what it was given, by call."""

    def __init__(self):
        self.calls = []

    def writelines(self, pieces):
        self.calls.append(b"".join(pieces))

    def close(self):
        self.calls.append("close")

    def write_eof(self):
        self.calls.append("eof")

    def set_protocol(self, protocol):
        self.calls.append(protocol)

    def is_closing(self):
        return "close" in self.calls


async def written(*steps):
    """What a transport is given when these steps are taken in one round; then the next round comes."""
    sink = Sink()
    one = OneWrite(sink, asyncio.get_running_loop())
    for step in steps:
        step(one)
    before = list(sink.calls)
    await asyncio.sleep(0)
    return before, sink.calls


async def in_rounds(*pieces):
    sink = Sink()
    one = OneWrite(sink, asyncio.get_running_loop())
    for piece in pieces:
        one.write(piece)
        await asyncio.sleep(0)
    return sink.calls


def test_head_and_body_leave_together():
    before, after = asyncio.run(written(lambda one: one.write(b"head "), lambda one: one.write(b"body")))
    assert before == []
    assert after == [b"head body"]


def test_nothing_waits_beyond_its_round():
    assert asyncio.run(in_rounds(b"a", b"b", b"c")) == [b"a", b"b", b"c"]


def test_pieces_are_written_in_order():
    _, after = asyncio.run(written(lambda one: one.write(b"1"), lambda one: one.writelines([b"2", b"3"])))
    assert after == [b"123"]


@pytest.mark.parametrize(
    ("name", "told"), [("close", "close"), ("write_eof", "eof"), ("set_protocol", "the next protocol")]
)
def test_what_is_held_goes_before_the_end(name, told):
    arguments = (told,) if name == "set_protocol" else ()
    before, after = asyncio.run(written(lambda one: one.write(b"last"), lambda one: getattr(one, name)(*arguments)))
    assert before == after == [b"last", told]


def test_what_is_large_is_not_held():
    large = bytes(MOST + 1)
    before, after = asyncio.run(written(lambda one: one.write(large), lambda one: one.write(b"rest")))
    assert before == [large]
    assert after == [large, b"rest"]


def test_the_rest_is_the_transports_own():
    sink = Sink()
    one = OneWrite(sink, None)
    assert not one.is_closing()
    one.close()
    assert one.is_closing()
