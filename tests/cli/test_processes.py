import os

import pytest

from mrdraw.cli.processes import held, holder, holder_in, machine_hosts
from mrdraw.link import unix

LOCKS = """\
1: POSIX  ADVISORY  READ  1111 fe:01:77 128 128
2: FLOCK  ADVISORY  WRITE 2222 fe:01:77 0 EOF
2: -> FLOCK  ADVISORY  WRITE 3333 fe:01:78 0 EOF
3: FLOCK  ADVISORY  WRITE -1 00:2a:79 0 EOF
"""


@pytest.mark.parametrize(("inode", "expected"), [(77, 2222), (78, None), (79, None), (7, None)])
def test_the_kernels_list_of_locks(inode, expected):
    assert holder_in(LOCKS, inode) == expected


def test_looking_makes_nothing_and_tells_who_lives(tmp_path):
    assert machine_hosts(tmp_path) == []
    machine = tmp_path / "machines" / "one"
    machine.mkdir(parents=True)
    assert [host.lives for host in machine_hosts(tmp_path)] == [False]
    assert list(machine.iterdir()) == []
    lock = unix.HostLock(machine)
    assert held(machine / "host.lock")
    assert holder(machine / "host.lock") == os.getpid()
    lock.release()
    assert not held(machine / "host.lock")
    unix.HostLock(machine).release()  # looking took nothing
