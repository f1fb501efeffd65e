"""Each spelling of each reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware import replies
from mrdraw.firmware.replies import LineSplitter, RefusalKind


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("ok", ""),
        ("OK", ""),
        ("Ok", ""),
        ("ok ", ""),
        ("ok T:201.1 /210.0 B:60.0 /60.0 @:0 B@:0", "T:201.1 /210.0 B:60.0 /60.0 @:0 B@:0"),
        ("okT:201.1 /210.0", "T:201.1 /210.0"),
        ("ok T0:201.1", "T0:201.1"),
        ("ok N10 P15 B3", "N10 P15 B3"),
        ("ok P15 B3", "P15 B3"),
        ("ok 884", "884"),
        ("ok X:0.00 Y:1.00", "X:0.00 Y:1.00"),
        ("File deleted:xok", ""),
        ("Done saving file.ok", ""),
        # one flipped bit, or one lost byte
        ("oj", ""),
        ("nk", ""),
        ("o{", ""),
        ("/k", ""),
        ("o", ""),
        ("k", ""),
        ("nk T:201.1 /210.0", "T:201.1 /210.0"),
        ("ok*", "*"),
        ("okok", "ok"),
    ],
)
def test_acknowledges(text, payload):
    assert replies.acknowledge(text) == payload


@pytest.mark.parametrize(
    "text",
    ["okay", "start", "wait", "T:201.1", "echo:ok", "no", "Resend: 7", "X:0", "rs 5", "o n", "  T:1 /2", "oops", ""],
)
def test_no_acknowledges(text):
    assert replies.acknowledge(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("ok\x0bok", "ok"),
        ("okJok T:1 /2", "ok T:1 /2"),
        ("ok*Resend: 7", "Resend: 7"),
        ("okok", "ok"),
        ("okResend: 7", "Resend: 7"),
        ("okecho:busy: processing", "echo:busy: processing"),
        ("ok", None),
        ("ok T:1", None),
        ("okT:1", None),
        ("ok N7 P1 B2", None),
    ],
)
def test_what_follows_an_ok_without_line_end(text, rest):
    assert replies.behind_lost_newline(text) == rest


@pytest.mark.parametrize(
    ("payload", "number"),
    [("N10 P15 B3", 10), ("884", 884), ("P15 B3", None), ("", None), ("T:1", None), ("0.00 0.00", None), ("N", None)],
)
def test_echoed_numbers(payload, number):
    assert replies.echoed_number(payload) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Resend: 71", 71),
        ("Resend:71", 71),
        ("resend: 71", 71),
        ("RESEND: 71", 71),
        ("Resend:N71", 71),
        ("Resend: N71", 71),
        ("Resend:N:71", 71),
        ("rs 71", 71),
        ("rs N71", 71),
        ("Rs N71", 71),
        ("Resend: ", None),
        ("Resend: x", None),
        ("words 71", None),
        ("Error:x Resend: 71", 71),
    ],
)
def test_requests(text, number):
    assert replies.resend_request(text) == number


@pytest.mark.parametrize(
    ("text", "kind", "last"),
    [
        ("Error:Line Number is not Last Line Number+1, Last Line: 1230", RefusalKind.NUMBER, 1230),
        ("Error:checksum mismatch, Last Line: 70", RefusalKind.CHECKSUM, 70),
        ("Error:No Checksum with line number, Last Line: 3", RefusalKind.NO_CHECKSUM, 3),
        ("Error:No Line Number with checksum, Last Line: 3", RefusalKind.NO_NUMBER, 3),
        ("Error:Wrong checksum", RefusalKind.CHECKSUM, None),
        ("Error:expected line 11 got 139", RefusalKind.NUMBER, 10),
        ("Error:Format error", RefusalKind.CHECKSUM, None),
        ("Esror:checksum mismatch, Last Line: 70", RefusalKind.CHECKSUM, 70),
        ("Error:checksul mismatch, Last Line: 70", RefusalKind.NUMBER, 70),
        ("Error:checksum mismatch, Last Lhne: 70", RefusalKind.CHECKSUM, None),
    ],
)
def test_refusals(text, kind, last):
    said = replies.refusal(text)
    assert said == replies.RefusalText(kind, last)


@pytest.mark.parametrize(
    "text",
    [
        "Error:Printer halted. kill() called!",
        'echo:Unknown command: "M999 line number"',
        "Error:Heating failed, system stopped! Heater_ID: 0",
        "ok",
        "Line: 1297",
        "echo:checksum errors so far: 3",
    ],
)
def test_what_is_no_refusal(text):
    assert replies.refusal(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("echo:busy: processing", "processing"),
        ("busy: processing", "processing"),
        ("echo: busy: paused for user", "paused for user"),
        ("echo:busy: paused for input", "paused for input"),
        ("echo:Busy:processing", "processing"),
        ("echo:I am busy", None),
    ],
)
def test_busy(text, what):
    assert replies.busy(text) == what


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("//action:pause", ("pause", "")),
        ("// action:pause", ("pause", "")),
        ("//action:notification Hello World ", ("notification", "Hello World")),
        ("// action:prompt_begin Which one?", ("prompt_begin", "Which one?")),
        ("//action:Cancel", ("cancel", "")),
        ("// just a comment", None),
    ],
)
def test_actions(text, found):
    assert replies.action(text) == found


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        ("Error:Printer halted. kill() called!", True),
        ("!! Printer is not ready", True),
        ("fatal: heater decoupled", True),
        ("Error:Thermal Runaway, system stopped! Heater_ID: bed", True),
        ("Error:MINTEMP triggered, system stopped! Heater_ID: 0", True),
        ("Error:0 : Extruder switched off. MAXTEMP triggered !", True),
        ("Error:Heating failed, system stopped! Heater_ID: 0", True),
        ("Error:volume.init failed", False),
        ("Error:RX BUF overflow, increase RX_BUFFER_SIZE: 3", False),
    ],
)
def test_errors(text, fatal):
    assert replies.error(text)
    assert replies.is_fatal(text) is fatal


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x00start", "start"),
        (b"\x11ok\x13", "ok"),
        (b"Gr\xc3\xb6\xc3\x9fe", "Größe"),
        (b"Gr\xf6\xdfe", "Größe"),
        (b"  ok  ", "ok"),
    ],
)
def test_decoding(raw, text):
    assert replies.decode(raw) == text


def test_noise_in_front_is_taken_away():
    assert replies.without_noise(replies.decode(b"\x80\xfe\x00start")) == "start"


@given(st.lists(st.sampled_from([b"ok", b"ok T:1 /2", b"Resend: 7", b"", b"start", b"echo:x"])), st.data())
def test_lines_do_not_depend_on_how_the_bytes_come(lines, data):
    stream = b"".join(line + data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])) for line in lines)
    splitter, found = LineSplitter(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += splitter.feed(stream[:cut], 0.0)
        stream = stream[cut:]
    assert [line for line in found if line] == [line for line in lines if line]
    assert splitter.partial == b""


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(data):
    splitter = LineSplitter()
    for raw in [*splitter.feed(data, 0.0), splitter.flush()]:
        text = replies.without_noise(replies.decode(raw))
        replies.acknowledge(text)
        replies.refusal(text)
        replies.resend_request(text)


def test_noise_without_end_is_cut():
    splitter = LineSplitter()
    assert splitter.feed(b"x" * 5000, 0.0) == [b"x" * 5000]
    assert splitter.partial == b""
