"""Bodies of answers: no more is read than was said, whatever way the end is told."""

import asyncio

import pytest

from mrdraw.errors import InvalidValue
from mrdraw.server.fetching import Question, ask

HEAD = b"HTTP/1.1 200 OK\r\n"


def _ask(answer, **members):
    """What is made of this answer, and what was asked."""

    async def main():
        asked = bytearray()

        async def serve(reader, writer):
            asked.extend(await reader.readuntil(b"\r\n\r\n"))
            asked.extend(await reader.read(64) if b"Content-Length" in asked else b"")
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            found = await ask(Question(f"http://127.0.0.1:{port}/a", method="GET", **members))
        return found, bytes(asked)

    return asyncio.run(main())


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 5\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\n\r\nhello and more",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        HEAD + b"Connection: close\r\n\r\nhello",
    ],
)
def test_a_body_however_its_end_is_told(answer):
    assert _ask(answer, most_body=5)[0].body == b"hello"
    assert _ask(answer, most_body=4)[0] is None
    assert _ask(answer)[0].body == b""


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 9\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        HEAD + b"X: y",
        b"",
    ],
)
def test_an_answer_that_is_torn_is_none(answer):
    assert _ask(answer, most_body=100)[0] is None


def test_what_is_sent():
    _, asked = _ask(HEAD + b"Content-Length: 0\r\n\r\n", most_body=9, headers={"X-A": "b"}, content=b"c=d")
    assert b"X-A: b\r\n" in asked
    assert asked.endswith(b"Content-Length: 3\r\n\r\nc=d")


def test_without_tls_only_near_addresses_are_asked():
    with pytest.raises(InvalidValue, match="https only"):
        asyncio.run(ask(Question("http://8.8.8.8/", near_without_tls=True)))
