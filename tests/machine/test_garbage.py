"""Collecting garbage when nobody waits; in a process of its own, for the collector is one for all."""

import subprocess
import sys

PROGRAM = """
import gc
from weakref import ref
from mrdraw.machine.garbage import Garbage

class Node:
    pass

def cycle():
    one = Node()
    one.itself = one
    return ref(one)

old = cycle()
garbage = Garbage()
garbage.take_over()
assert old() is None and gc.get_freeze_count() > 1000 and not gc.isenabled()
many = [cycle() for _ in range(5000)]
assert all(one() is not None for one in many)
loaded, before = [Node() for _ in range(1000)], gc.get_freeze_count()
garbage.sweep(1000.0, has_job=True)
assert gc.get_freeze_count() >= before + 1000, "what is there when a job begins is looked at no more"
assert all(one() is None for one in many)

kept = Node()
kept.itself = kept
grown_old = ref(kept)
garbage.sweep(1001.0, has_job=True)
garbage.sweep(1002.0, has_job=True)
del kept
garbage.sweep(1003.0, has_job=True)
assert grown_old() is not None
garbage.sweep(1007.0, has_job=HAS_JOB)
assert (grown_old() is not None) is HAS_JOB
garbage.sweep(1061.0, has_job=True)
assert grown_old() is None
"""


def run(has_job):
    program = PROGRAM.replace("HAS_JOB", str(has_job))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_everything_is_looked_at_at_times_while_a_job_runs():
    run(has_job=True)


def test_everything_is_looked_at_soon_when_idle():
    run(has_job=False)
