import pytest

from mrdraw.cli.checks import ports
from mrdraw.cli.checks.finding import Level
from mrdraw.cli.checks.ports import PortFacts
from mrdraw.cli.processes import Program

HOST = Program(77, "python", is_host=True)
CURA = Program(78, "cura")


def port(**facts):
    return PortFacts(**{"path": "/dev/ttyUSB0", "allowed": True, "group": "dialout", "is_member": False, **facts})


def only(findings):
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    ("facts", "level", "said", "advice"),
    [
        ({}, Level.OK, "can be used", ""),
        ({"held_by": (HOST,)}, Level.OK, "used by a machine host (process 77)", ""),
        ({"held_by": (HOST, CURA)}, Level.PROBLEM, "held by cura (process 78)", "Stop that program"),
        ({"allowed": False}, Level.PROBLEM, "may not be read and written by pi", "sudo usermod -aG dialout pi"),
        ({"allowed": False, "is_member": True}, Level.PROBLEM, "may not be", "log out and in again"),
        ({"allowed": False, "group": "root"}, Level.PROBLEM, "may not be", "chmod 666 /dev/ttyUSB0"),
        ({"allowed": False, "group": "uucp"}, Level.PROBLEM, "may not be", "usermod -aG uucp pi"),
    ],
)
def test_a_port(facts, level, said, advice):
    finding = only(ports.check([port(**facts)], "pi"))
    assert finding.level is level
    assert said in finding.text
    assert advice in finding.advice
    assert bool(finding.advice) == (level is not Level.OK)


def test_no_ports_at_all():
    assert only(ports.check([], "pi")).level is Level.WARNING


def test_programs_that_grab_ports():
    found = list(ports.check_grabbers([CURA, Program(1, "ModemManager"), Program(2, "brltty")], any_ports=True))
    assert [finding.level for finding in found] == [Level.WARNING, Level.WARNING]
    assert "systemctl disable --now ModemManager" in found[0].advice
    assert only(ports.check_grabbers([CURA], any_ports=True)).level is Level.OK
    assert list(ports.check_grabbers([CURA], any_ports=False)) == []


def test_a_pseudo_terminal_that_this_process_holds(tmp_path):
    """From the glob of the settings to the process that has the device open."""
    import os
    import pty

    from mrdraw.cli.processes import programs

    ours, theirs = pty.openpty()
    try:
        device = os.ttyname(theirs)
        (tmp_path / "port").symlink_to(device)
        paths = ports.find((str(tmp_path / "po*"),))
        held = ports.who_holds(paths, programs())
        (facts,) = [one for one in ports.gather(paths, held) if one.path == str(tmp_path / "port")]
    finally:
        os.close(ours)
        os.close(theirs)
    assert facts.allowed
    assert os.getpid() in [program.pid for program in facts.held_by]
    assert only(ports.check([facts], "pi")).level is Level.PROBLEM


def test_a_port_that_was_unplugged_meanwhile():
    assert list(ports.gather(["/dev/no-such-port"], {})) == []
