"""The pinned job: what is pinned is what was promised, and every line can be reached."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import JobFailed
from mrdraw.gcode.words import strip
from mrdraw.link.messages import Job, JobFile
from mrdraw.machine import pinned


def _job(path, content, **fields):
    path.write_bytes(content)
    about = {"name": "a.gcode", "path": "a.gcode", "display": "a.gcode", "source": str(path), "size": len(content)}
    return Job(id="job", file=JobFile(**{**about, **fields}))


def _fine(_line):
    return None


LINES = st.lists(
    st.sampled_from([b"G1 X1", b"G1 X2 ; here", b"; only a comment", b"", b"  ", b"M117 \xc3\xa4", b"G28\r"]),
    max_size=40,
)


@given(LINES, st.sampled_from([b"", b"\n"]))
def test_every_line_is_reached_in_its_place(tmp_path_factory, lines, end):
    folder = tmp_path_factory.mktemp("pin")
    content = b"\n".join(lines) + end
    expected = [(strip(line), number) for number, line in enumerate(content.split(b"\n"), 1) if strip(line)]
    job = _job(folder / "a.gcode", content)
    if not expected:
        with pytest.raises(JobFailed, match="no G-code"):
            pinned.pin(job, folder / "jobs", _fine)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pinned, "LINES_PER_BLOCK", 4)
        made = pinned.pin(job, folder / "jobs", _fine)
        assert made.total == len(expected)
        blocks = pinned.read_blocks(made, 0, made.blocks)
        assert [line for block in blocks for line in block.lines] == [text for text, _ in expected]
        assert [number for block in blocks for number in block.file_lines] == [number for _, number in expected]
        starts = [block.first for block in blocks]
        assert starts == list(range(0, made.total, 4))
        ends = [end for block in blocks for end in block.ends]
        assert ends == sorted(ends)
        loaded = pinned.load(made.folder)
        assert (loaded.job, loaded.total, loaded.offsets, loaded.file_lines) == (
            made.job, made.total, made.offsets, made.file_lines,
        )  # fmt: skip


def test_what_changed_on_the_disk_is_refused(tmp_path):
    job = _job(tmp_path / "a.gcode", b"G28\n", size=5)
    with pytest.raises(JobFailed, match="has 4 bytes, but 5"):
        pinned.pin(job, tmp_path / "jobs", _fine)
    job = _job(tmp_path / "a.gcode", b"G28\n", sha1=hashlib.sha1(b"G29\n", usedforsecurity=False).hexdigest())
    with pytest.raises(JobFailed, match="changed on the disk"):
        pinned.pin(job, tmp_path / "jobs", _fine)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_line_that_cannot_be_sent_is_named(tmp_path):
    job = _job(tmp_path / "a.gcode", b"; first\nG28\nG1 BAD\n")
    with pytest.raises(JobFailed, match="Line 3 of the file cannot be sent: no"):
        pinned.pin(job, tmp_path / "jobs", lambda line: "no" if b"BAD" in line else None)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_file_that_is_gone(tmp_path):
    job = _job(tmp_path / "a.gcode", b"G28\n")
    (tmp_path / "a.gcode").unlink()
    with pytest.raises(JobFailed, match="could not be copied"):
        pinned.pin(job, tmp_path / "jobs", _fine)


def test_the_pin_outlives_the_file(tmp_path):
    job = _job(tmp_path / "a.gcode", b"G28\nG1 X1\n")
    made = pinned.pin(job, tmp_path / "jobs", _fine)
    (tmp_path / "a.gcode").write_bytes(b"something else")
    assert pinned.read_blocks(made, 0, 1)[0].lines == [b"G28", b"G1 X1"]


def test_half_made_ones_are_no_leftovers(tmp_path):
    job = _job(tmp_path / "a.gcode", b"G28\n")
    made = pinned.pin(job, tmp_path / "jobs", _fine)
    (tmp_path / "jobs" / "other.partial").mkdir()
    assert pinned.leftovers(tmp_path / "jobs") == [made.folder]
    assert not (tmp_path / "jobs" / "other.partial").exists()
    pinned.unpin(made.folder)
    assert pinned.leftovers(tmp_path / "jobs") == []
