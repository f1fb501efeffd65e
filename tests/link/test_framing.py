"""Frames: whatever way the bytes are cut, the same messages come out."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw import events
from mrdraw.errors import LinkError
from mrdraw.link import framing
from mrdraw.link import messages as link

MESSAGES = [
    link.Hello(link_version=1, build="0.1.0", machine_id="default", pid=7),
    link.Snapshot(sequence=3, state=link.MachineState.PRINTING, heaters={"bed": link.Heater(60.0, 60.0)}),
    link.LogLines(lines=("Send: G28", "Recv: ok")),
    link.Happened(sequence=1, at=2.0, event=events.PrintDone(name="a", path="a", origin="local", size=1, time=3.0)),
    link.Reply(id="x", code="WrongState", text="no"),
]


@given(st.lists(st.sampled_from(MESSAGES), max_size=8), st.data())
def test_any_cut_gives_the_same_messages(messages, data):
    stream = b"".join(framing.encode(message) for message in messages)
    reader = framing.server_side_reader()
    received = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert received == messages


def test_an_unknown_tag_is_skipped():
    class Newer(msgspec.Struct, tag="of-a-newer-release"):
        field: int

    reader = framing.server_side_reader()
    assert reader.feed(framing.encode(Newer(1)) + framing.encode(MESSAGES[0])) == [MESSAGES[0]]


def test_an_unknown_member_is_skipped():
    body = msgspec.msgpack.encode({"type": "reply", "id": "x", "added-later": [1, 2]})
    frame = len(body).to_bytes(4, "big") + body
    assert framing.server_side_reader().feed(frame) == [link.Reply(id="x")]


def test_a_frame_that_is_no_message_ends_the_stream():
    with pytest.raises(LinkError):
        framing.host_side_reader().feed(b"\x00\x00\x00\x02\xc1\xc1")


def test_a_frame_that_is_too_large_ends_the_stream():
    with pytest.raises(LinkError, match="exceeds"):
        framing.host_side_reader().feed(b"\xff\xff\xff\xff")
