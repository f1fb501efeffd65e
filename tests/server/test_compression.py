"""Messages are compressed once for all sockets, and every socket can read them."""

import asyncio
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from helpers_push import run
from mrdraw import events
from mrdraw.server.compression import KEPT, WORTH_IT, SharedDeflateFactory


def pair(factory, **wishes):
    """The two ends of an agreement."""
    client = ClientPerMessageDeflateFactory(**wishes)
    offer = [(name, value) for name, value in client.get_request_params()]
    answer, ours = factory.process_request_params(offer, [])
    assert ("server_no_context_takeover", None) in answer
    return ours, client.process_response_params(answer, [])


@given(st.lists(st.integers(0, 3 * WORTH_IT), min_size=1, max_size=12), st.sampled_from([None, 9, 12]))
def test_both_ends_agree(sizes, bits):
    factory = SharedDeflateFactory()
    one, its_reader = pair(factory, server_max_window_bits=bits, client_max_window_bits=True)
    other, other_reader = pair(factory, client_max_window_bits=True)
    for size in sizes:
        text = (b'{"number": %d}' % size * size)[:size]
        for ours, reader in ((one, its_reader), (other, other_reader)):
            assert bytes(reader.decode(ours.encode(Frame(Opcode.TEXT, text))).data) == text


def test_the_same_message_is_compressed_once(monkeypatch):
    made = []
    genuine = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda **options: made.append(1) or genuine(**options))
    factory = SharedDeflateFactory()
    sockets = [pair(factory, client_max_window_bits=True)[0] for _ in range(20)]
    made.clear()
    for number in range(3):
        text = f"{number}".encode() * WORTH_IT
        assert len({bytes(each.encode(Frame(Opcode.TEXT, bytes(text))).data) for each in sockets}) == 1
    assert len(made) == 3


def test_only_the_last_ones_are_remembered():
    factory = SharedDeflateFactory()
    socket, reader = pair(factory)
    for number in range(5 * KEPT):
        text = bytes([number]) * WORTH_IT
        assert bytes(reader.decode(socket.encode(Frame(Opcode.BINARY, text))).data) == text
    assert len(factory._memory) == KEPT


@pytest.mark.parametrize("frame", [Frame(Opcode.PING, b"x"), Frame(Opcode.TEXT, b"short"), Frame(Opcode.CLOSE, b"")])
def test_what_goes_as_it_is(frame):
    socket, _ = pair(SharedDeflateFactory())
    assert socket.encode(frame) is frame


@pytest.mark.parametrize("compression", ["deflate", None])
def test_over_real_sockets(tmp_path, compression):
    async def scenario(served):
        async with (
            served.authed("ann", compression=compression) as ann,
            served.authed("boss", compression="deflate") as boss,
        ):
            for size in (10, 5000, 100_000):
                long = events.CommandSuppressed(command="G0", message="x" * size, severity="info")
                served.world.hub.bus.publish("default", long)
                heard = await asyncio.gather(ann.event("CommandSuppressed"), boss.event("CommandSuppressed"))
                assert [len(event["message"]) for event in heard] == [size, size]

    run(tmp_path, scenario)
