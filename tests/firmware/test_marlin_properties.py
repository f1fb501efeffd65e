"""Nothing is lost, nothing is executed twice, whatever the wire does: the dialect against a firmware model."""

from __future__ import annotations

import re

from hypothesis import event, given, note
from hypothesis import strategies as st

from helpers_firmware import Faults, FirmwareModel, Outcome, events_of, run_job
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions

OWN = re.compile(rb"M1(?:05|10|13|14|15|55)")
"""The lines that the dialect sends of its own."""


def job_lines(count: int) -> list[bytes]:
    lines = [b"G1 X%d.%d Y%d E%d" % (index, index % 10, index * 7 % 200, index) for index in range(count)]
    for place in range(9, count, 20):
        lines[place] = b"G28"
    return lines


def check_executed(outcome: Outcome, firmware: FirmwareModel, job: list[bytes]) -> None:
    """Executed is the job, but for lines whose damage the checksum did not see; or a beginning of it."""
    assert isinstance(outcome.end, wire.JobExhausted | wire.Failed | wire.Reset), outcome.end
    if events_of(wire.AcceptedByLuck, outcome.events):
        return  # the firmware's counter was damaged; numbers cannot be compared any more
    assert all(len(texts) == 1 for texts in outcome.sent.values()), "a number stands for one line only"
    hellos = [0, *(place for place, (_, text) in enumerate(firmware.executed) if text == "M110 N0")]
    numbered = [(number, text) for number, text in firmware.executed[hellos[-1] :] if number]
    taken = [number for number, _ in numbered]
    assert taken == list(range(1, len(taken) + 1)), "every number is executed once and in order"
    meant = [text for number in taken for text in outcome.sent[number]]
    of_job = [text for text in meant if not OWN.match(text)]
    assert of_job == (job if isinstance(outcome.end, wire.JobExhausted) else job[: len(of_job)])
    executed = [text.encode("latin-1") for _, text in numbered]
    event(f"accepted by luck: {sum(ours != theirs for ours, theirs in zip(meant, executed, strict=True))}")


shares = st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.15])
faults = st.builds(
    Faults,
    flip=shares,
    drop_byte=st.sampled_from([0.0, 0.01, 0.05]),
    drop_line=shares,
    duplicate=st.sampled_from([0.0, 0.0, 0.02, 0.1]),
    truncate=st.sampled_from([0.0, 0.0, 0.02]),
    delay=st.sampled_from([0.0, 0.0, 0.02, 0.1]),
    seconds=st.sampled_from([0.01, 0.4, 3.0]),
)
firmwares = st.builds(
    FirmwareModel,
    ok_after_resend=st.booleans(),
    advanced_ok=st.booleans(),
    keepalive=st.booleans(),
    silent_m105=st.sampled_from([False, False, True]),
    command_seconds=st.sampled_from([0.0, 0.001, 0.2]),
    slow_commands=st.sampled_from([{}, {"G28": 7.0}]),
    slots=st.sampled_from([1, 4]),
)


@given(faults, faults, firmwares, st.integers(0, 2**32), st.sampled_from([1, 1, 1, 2, 4]))
def test_the_job_is_executed_once_and_in_order(to_firmware, to_host, firmware, seed, in_flight):
    job = job_lines(60)
    outcome = run_job(
        firmware,
        job,
        to_firmware=to_firmware,
        to_host=to_host,
        seed=seed,
        options=MarlinOptions(lines_in_flight=in_flight),
    )
    note("\n".join(outcome.transcript))
    event(type(outcome.end).__name__)
    check_executed(outcome, firmware, job)
