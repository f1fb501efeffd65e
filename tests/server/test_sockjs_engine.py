"""SockJS without sockets and clocks: what is framed how, and when."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mrdraw.server.push.sockjs.framing import BrokenPayload, close_frame, is_close, messages_frame, texts_of
from mrdraw.server.push.sockjs.session import HEARTBEAT_EVERY, LINGER, ROOM, TAKEN, Session
from mrdraw.server.push.sockjs.transports import STREAMED, TRANSPORTS, Receiver

MESSAGES = st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(), st.text(max_size=9)), max_size=3)
BY_NAME = {transport.name: transport for transport in TRANSPORTS}


# --- frames ---------------------------------------------------------------------------------------------------------


@given(st.lists(MESSAGES, min_size=1, max_size=5))
def test_messages_are_objects_in_an_array(messages):
    frame = messages_frame(json.dumps(message) for message in messages)
    assert frame[0] == "a"
    assert json.loads(frame[1:]) == messages


@given(st.integers(0, 4999), st.text(max_size=30))
def test_close_frames(code, reason):
    frame = close_frame(code, reason)
    assert is_close(frame)
    assert json.loads(frame[1:]) == [code, reason]


def test_the_answer_to_a_second_receiver():
    assert TAKEN == 'c[2010,"Another connection still open"]'


@given(st.lists(st.text(max_size=20), max_size=5))
def test_what_clients_send(texts):
    assert texts_of(json.dumps(texts)) == texts
    assert texts_of(json.dumps(texts).encode()) == texts


def test_a_bare_string_is_one_message():
    assert texts_of('"{}"') == ["{}"]


@pytest.mark.parametrize(
    ("payload", "texts"), [('[{"auth": "x"}, "a", 5, null, ["b"]]', ["a"]), ('{"a": 1}', []), ("5", [])]
)
def test_what_is_no_text_is_left_out(payload, texts):
    assert texts_of(payload) == texts


@pytest.mark.parametrize("payload", ["", b"", "[", '["a"', "a", b"\xff", "[" * 100_000, '["\ud800"]'])
def test_broken_payloads(payload):
    with pytest.raises(BrokenPayload):
        texts_of(payload)


@given(st.one_of(st.text(), st.binary()))
def test_any_payload_is_messages_or_broken(payload):
    with contextlib.suppress(BrokenPayload):
        assert all(isinstance(text, str) for text in texts_of(payload))


# --- sessions -------------------------------------------------------------------------------------------------------


def test_a_session_from_beginning_to_end():
    session = Session(0.0)
    session.put('{"a":1}')
    assert session.next_frame(0.0) is None
    assert session.attach(0.0)
    assert session.next_frame(0.0) == "o"
    assert session.next_frame(0.0) == 'a[{"a":1}]'
    assert session.next_frame(24.9) is None
    assert session.next_frame(25.0) == "h"
    assert session.next_frame(25.1) is None
    session.detach(26.0)
    session.put('{"b":2}')
    session.put('{"c":3}')
    assert not session.is_over(30.9)
    assert session.attach(30.9)
    assert not session.attach(30.9)
    assert session.next_frame(30.9) == 'a[{"b":2},{"c":3}]'
    session.close(3000, "Go away!")
    for _ in range(2):
        assert session.next_frame(31.0) == 'c[3000,"Go away!"]'
    session.detach(32.0)
    assert session.attach(33.0)
    assert session.next_frame(33.0) == 'c[3000,"Go away!"]'
    session.detach(34.0)
    assert session.is_over(39.0)


class SessionWalk(RuleBasedStateMachine):
    """Any order of what servers, receivers and time do."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.session = Session(self.now)
        self.attached = self.closed = self.told = False
        self.since = 0.0
        self.put, self.got = [], []
        self.opened = 0
        self.heartbeat_at = None

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds):
        self.now += seconds

    @rule(message=MESSAGES, size=st.sampled_from([0, 100, ROOM]))
    def say(self, message, size):
        if not self.closed:
            self.put.append({"m": message, "pad": "x" * size})
        self.session.put(json.dumps({"m": message, "pad": "x" * size}))

    @rule()
    def close(self):
        self.session.close()
        self.closed = True

    @rule()
    def attach(self):
        assert self.session.attach(self.now) is not self.attached
        if not self.attached:
            self.attached, self.since, self.heartbeat_at = True, self.now, self.now + HEARTBEAT_EVERY

    @rule()
    def detach(self):
        self.session.detach(self.now)
        if self.attached:
            self.attached, self.since = False, self.now

    @precondition(lambda self: not self.attached)
    @rule()
    def nobody_gets_a_frame(self):
        assert self.session.next_frame(self.now) is None

    @precondition(lambda self: self.attached)
    @rule()
    def fetch(self):
        frame = self.session.next_frame(self.now)
        if frame == "o":
            self.opened += 1
            assert not self.got
        elif frame is not None and frame[0] == "a":
            assert not self.told
            self.got += json.loads(frame[1:])
        elif frame == "h":
            assert not self.closed
            assert self.got == self.put
            assert self.now >= self.heartbeat_at
            self.heartbeat_at = self.now + HEARTBEAT_EVERY
        elif frame is not None:
            assert json.loads(frame[1:]) == [3000, "Go away!"]
            assert self.closed
            assert self.got == self.put
            self.told = True
        else:
            assert self.opened
            assert not self.closed
            assert self.got == self.put
            assert self.now < self.heartbeat_at

    @invariant()
    def messages_come_once_and_in_order(self):
        assert self.got == self.put[: len(self.got)]
        assert self.opened <= 1

    @invariant()
    def only_what_was_left_alone_is_over(self):
        assert self.session.is_over(self.now) is (not self.attached and self.now >= self.since + LINGER)
        assert self.session.deadline == (self.heartbeat_at if self.attached else self.since + LINGER)

    @invariant()
    def there_is_room_until_enough_waits(self):
        waiting = sum(len(json.dumps(message)) for message in self.put[len(self.got) :])
        assert self.session.has_room is (waiting < ROOM)


TestSessionWalk = SessionWalk.TestCase


# --- transports -----------------------------------------------------------------------------------------------------


def test_the_transports():
    assert {(each.method, each.name) for each in TRANSPORTS} == {
        ("POST", "xhr"), ("POST", "xhr_streaming"), ("GET", "eventsource"),
    }  # fmt: skip
    assert Receiver(BY_NAME["xhr"]).prelude == b""
    assert Receiver(BY_NAME["xhr_streaming"]).prelude == b"h" * 2048 + b"\n"
    assert Receiver(BY_NAME["eventsource"]).prelude == b"\r\n"


@pytest.mark.parametrize(
    ("name", "wrapped"), [("xhr", b"o\n"), ("xhr_streaming", b"o\n"), ("eventsource", b"data: o\r\n\r\n")]
)
def test_frames_in_answers(name, wrapped):
    receiver = Receiver(BY_NAME[name])
    assert not receiver.is_full
    assert receiver.wrapped("o") == wrapped
    assert receiver.is_full is (name == "xhr")


@pytest.mark.parametrize("name", ["xhr_streaming", "eventsource"])
@given(sizes=st.lists(st.integers(1, STREAMED), min_size=1, max_size=20))
def test_a_streamed_answer_ends_after_its_limit(name, sizes):
    receiver, sent = Receiver(BY_NAME[name]), 0
    for size in sizes:
        assert receiver.is_full is (sent >= STREAMED)
        sent += len(receiver.wrapped("x" * size))
