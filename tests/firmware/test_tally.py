"""What is counted about the wire, for whoever asks why a machine stutters."""

from __future__ import annotations

from helpers_firmware import TEMPERATURES, Script


def test_the_least_room_is_kept():
    script = Script().ready().begin("G1 X1", "G1 X2", "G1 X3")
    tally = script.dialect.tally
    assert (tally.least_planner_free, tally.least_queue_free) == (None, None)
    for said in ("ok N4 P15 B3", "ok N5 P2 B1", "ok N6 P9 B2"):
        script.sent()
        script.say(said)
    assert (tally.planner_free, tally.queue_free) == (9, 2)
    assert (tally.least_planner_free, tally.least_queue_free) == (2, 1)


def test_each_job_is_counted_anew():
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    script.say("Error:checksum mismatch, Last Line: 3", "Resend: 4", "ok")
    script.sent()
    script.wait(3)
    script.sent()
    script.say(f"ok {TEMPERATURES}")
    tally = script.dialect.tally
    assert (tally.resends, tally.timeouts, tally.lost_acknowledges) == (1, 1, 1)
    script.begin("G1 X3")
    assert (tally.resends, tally.timeouts, tally.lost_acknowledges) == (0, 0, 0)


def test_a_damaged_line_that_was_taken_is_counted():
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    script.say("Error:Line Number is not Last Line Number+1, Last Line: 70", "Resend: 71", "ok")
    assert script.dialect.tally.accepted_by_luck == 1


def test_waits_that_are_explained_are_counted():
    script = Script().ready().begin("G28", "G1 X2")
    tally = script.dialect.tally
    script.sent()
    script.say("echo:busy: processing")
    assert tally.explained_waits == 1
    script.say("ok")
    assert tally.explained_waits == 2
    script.sent()
    script.say("ok")
    assert tally.explained_waits == 2
