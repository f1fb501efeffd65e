"""What holds for any input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import Bench, numbered, untimed
from mrdraw.simulator.marlin import MarlinSimulator
from mrdraw.simulator.options import MarlinOptions

OPTIONS = [
    MarlinOptions(speed=0.0),
    MarlinOptions(emergency_parser=True, advanced_ok=True, tools=2, chamber=True, wait_seconds=1.0),
    MarlinOptions(speed=10.0, paren_comments=True, number_required_with_checksum=True, ok_after_resend=False),
]

CODES = (
    *("G0", "G1", "G2", "G3", "G4", "G28", "G29", "G90", "G91", "G92", "M0", "M104", "M105", "M106", "M107", "M108"),
    *("M109", "M110", "M112", "M113", "M114", "M115", "M118", "M140", "M155", "M190", "M191", "M220", "M221", "M400"),
    *("M410", "M503", "M600", "T0", "T1", "T9", "M999", "X", "G"),
)
codes = st.sampled_from(CODES)
words = st.tuples(st.sampled_from("XYZEFIJRSPTN*;"), st.one_of(st.just(""), st.floats(-500, 500).map(str)))
commands = st.builds(
    lambda code, arguments: " ".join([code, *(letter + value for letter, value in arguments)]),
    codes,
    st.lists(words, max_size=5),
)
chunks = st.one_of(
    st.binary(max_size=300),
    commands.map(lambda text: text.encode() + b"\n"),
    st.builds(numbered, st.integers(-2, 5), commands),
)


@untimed
@given(st.sampled_from(OPTIONS), st.lists(st.tuples(chunks, st.floats(0, 30)), max_size=20))
def test_any_bytes_at_any_time_never_break_it(options: MarlinOptions, steps: list[tuple[bytes, float]]) -> None:
    simulator, now = MarlinSimulator(options, 0.0), 0.0
    for data, seconds in steps:
        simulator.receive(data, now)
        now += seconds
        simulator.advance(now)
        deadline = simulator.next_deadline()
        assert deadline is None or deadline > now
        assert simulator.unread <= options.rx_buffer_size
        assert simulator.queued <= options.command_slots
        assert simulator.take_output().endswith(b"\n") or simulator.take_output() == b""
    simulator.reset(now)
    assert b"start\n" in simulator.take_output()


@untimed
@given(st.lists(st.text("GMTXYZEF0123456789 .", min_size=1, max_size=60).filter(str.strip), max_size=60), st.data())
def test_a_stream_of_numbered_lines_is_executed_exactly(texts: list[str], data: st.DataObject) -> None:
    texts = ["M117 " + text.strip() for text in texts]
    bench = Bench(speed=0.0)
    stream = b"".join(numbered(number, text) for number, text in enumerate(texts, start=1))
    answers: list[str] = []
    while stream:
        size = data.draw(st.integers(1, 200))
        answers += bench.send(stream[:size])
        stream = stream[size:]
    assert answers == ["ok"] * len(texts)
    assert bench.simulator.executed == texts


@untimed
@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(0, 2**32))
def test_a_host_that_obeys_resends_gets_every_line_executed_once(values: list[int], seed: int) -> None:
    from mrdraw.simulator.faults import FaultPlan, FaultyChannel

    texts = [f"G1 X{value} F60000" for value in values]
    bench = Bench(speed=0.0)
    channel = FaultyChannel(FaultPlan(flip=0.2), seed)
    number, tries = 1, 0
    while number <= len(texts):
        line = numbered(number, texts[number - 1])
        channel.put(line, bench.now)
        damaged = channel.take(bench.now)
        if b"\n" in damaged and damaged.startswith(b"N"):  # else it would be a plain command, or none
            bench.send(damaged if damaged.count(b"\n") == 1 else line)
        number = bench.simulator.statistics.last_line_number + 1
        tries += 1
        assert tries < 5000
    assert bench.simulator.executed == texts
