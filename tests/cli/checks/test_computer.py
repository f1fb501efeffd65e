from datetime import UTC, datetime
from pathlib import Path

import pytest

from mrdraw.cli.checks import computer
from mrdraw.cli.checks.computer import MIB, DiskFacts, MemoryFacts
from mrdraw.cli.checks.finding import Level

NOW = datetime(2030, 5, 6, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "synchronised", "level"),
    [
        (2030, True, Level.OK), (2030, None, Level.OK), (2030, False, Level.WARNING),
        (1970, True, Level.PROBLEM), (2016, None, Level.PROBLEM), (2150, True, Level.PROBLEM),
    ],
)  # fmt: skip
def test_the_clock(year, synchronised, level):
    finding = computer.check_clock(NOW.replace(year=year), synchronised)
    assert finding.level is level
    assert ("timedatectl" in finding.advice) == (level is not Level.OK)


def test_who_says_that_the_clock_is_synchronised(tmp_path):
    assert computer.is_synchronised(tmp_path) in {True, False, None}  # the kernel's word
    mark = tmp_path / "run" / "systemd" / "timesync" / "synchronized"
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert computer.is_synchronised(tmp_path) is True


@pytest.mark.parametrize(
    ("free", "level"),
    [
        (200 * MIB - 1, Level.PROBLEM), (200 * MIB, Level.WARNING), (1024 * MIB - 1, Level.WARNING),
        (1024 * MIB, Level.OK),
    ],
)  # fmt: skip
def test_the_disk(free, level):
    assert computer.check_disk(DiskFacts(Path("/srv"), 1, free)).level is level


def test_the_disk_of_a_folder_to_come(tmp_path):
    disk = computer.gather_disk(tmp_path / "not" / "yet")
    assert disk.path == tmp_path / "not" / "yet"
    assert disk.device == tmp_path.stat().st_dev
    assert disk.free > 0


@pytest.mark.parametrize(
    ("available", "swap", "level", "said"),
    [
        (256 * MIB - 1, (0, 0), Level.WARNING, "255 MiB of memory available, no swap."),
        (256 * MIB, (100 * MIB, 90 * MIB), Level.OK, "256 MiB of memory available, 10 MiB of 100 MiB swap in use."),
        (3 * 1024 * MIB, (0, 0), Level.OK, "3.0 GiB"),
    ],
)
def test_the_memory(available, swap, level, said):
    finding = computer.check_memory(MemoryFacts(available, *swap))
    assert finding.level is level
    assert said in finding.text


def test_what_the_kernel_says_of_memory(tmp_path):
    assert computer.gather_memory(tmp_path) is None
    assert computer.gather_memory().available > 0
    (tmp_path / "proc").mkdir()
    text = "MemTotal: 9 kB\nMemAvailable: 3 kB\nSwapTotal: 2 kB\nSwapFree: 1 kB\nHugePages_Total: 0\n"
    (tmp_path / "proc" / "meminfo").write_text(text, encoding="ascii")
    assert computer.gather_memory(tmp_path) == MemoryFacts(3072, 2048, 1024)


@pytest.mark.parametrize(
    ("bits", "level", "said"),
    [
        (0, Level.OK, "sufficient"),
        (0x50005, Level.PROBLEM, "the voltage is too low, it is throttled"),
        (0x50000, Level.WARNING, "at times the voltage is too low, it is throttled"),
        (0x8, Level.PROBLEM, "too hot"),
    ],
)
def test_the_power_of_a_raspberry_pi(tmp_path, bits, level, said):
    file = tmp_path / "sys" / "devices" / "platform" / "soc" / "soc:firmware" / "get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(f"{bits:x}\n", encoding="ascii")
    (finding,) = computer.check_throttling(computer.gather_throttling(tmp_path))
    assert (finding.level, said in finding.text) == (level, True)


def test_the_power_of_other_computers(tmp_path):
    assert list(computer.check_throttling(computer.gather_throttling(tmp_path))) == []
