"""Archives from outside: what is unpacked, and what never is."""

import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue, TooLarge
from mrdraw.server.untrusted_archives import Caps, unpack

CAPS = Caps(entries=20, size=4 * 1024 * 1024, ratio=50)


def archive(*members, compression=zipfile.ZIP_DEFLATED):
    """An archive of these members: name and content, the name as text or as a `ZipInfo`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        for name, content in members:
            made.writestr(name, content)
    stream.seek(0)
    return stream


def of_kind(name, kind):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


def test_files_and_folders_come_out(tmp_path):
    source = archive(("a/", b""), ("a/b.txt", b"one"), ("c.txt", b"two"), ("%2e%2e%2fd", b"three"))
    found = unpack(source, tmp_path / "new", CAPS)
    assert sorted(map(str, found)) == ["%2e%2e%2fd", "a/b.txt", "c.txt"]
    assert (tmp_path / "new" / "a" / "b.txt").read_bytes() == b"one"
    assert (tmp_path / "new" / "%2e%2e%2fd").read_bytes() == b"three"


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "a/../../evil", "/etc/evil", "a//b", "./a", "a\\..\\evil", "C:evil", "a/\x07b", "a\nb", "x" * 300,
        "a/" * 20 + "b", "..", "a/..", "/", "\u202eevil",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere(tmp_path, name):
    with pytest.raises(InvalidValue, match="not unpacked"):
        unpack(archive(("good", b"x"), (name, b"x")), tmp_path / "new", CAPS)
    assert not list(tmp_path.iterdir())


def test_a_name_with_a_nul_in_it(tmp_path):
    raw = archive(("aXb", b"x")).getvalue().replace(b"aXb", b"a\0b")
    with pytest.raises(InvalidValue, match="not unpacked"):
        unpack(io.BytesIO(raw), tmp_path / "new", CAPS)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(tmp_path, kind):
    with pytest.raises(InvalidValue, match="a link or a device"):
        unpack(archive((of_kind("a", kind), b"/etc/passwd")), tmp_path / "new", CAPS)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("\u00e9", "e\u0301")])
def test_two_members_in_one_place(tmp_path, names):
    with pytest.raises(InvalidValue, match=r"same name|lies in a file"):
        unpack(archive(*((name, b"x") for name in names)), tmp_path / "new", CAPS)


def test_other_compressions_and_passwords(tmp_path):
    with pytest.raises(InvalidValue, match="deflate"):
        unpack(archive(("a", b"x"), compression=zipfile.ZIP_BZIP2), tmp_path / "new", CAPS)
    raw = bytearray(archive(("a", b"x")).getvalue())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidValue, match="encrypted"):
        unpack(io.BytesIO(raw), tmp_path / "new", CAPS)


def test_too_many_entries(tmp_path):
    members = [(str(number), b"") for number in range(CAPS.entries + 1)]
    with pytest.raises(TooLarge, match="21 entries"):
        unpack(archive(*members), tmp_path / "new", CAPS)


def test_bombs(tmp_path):
    with pytest.raises(TooLarge, match="when unpacked"):
        unpack(archive(("a", bytes(CAPS.size // 2)), ("b", bytes(CAPS.size))), tmp_path / "new", CAPS)
    with pytest.raises(TooLarge, match="more than 50 times"):
        unpack(archive(("a", bytes(CAPS.size - 1))), tmp_path / "new", CAPS)
    assert not list(tmp_path.iterdir())


def test_an_archive_that_lies_about_its_size(tmp_path):
    raw = archive(("a", bytes(8 * CAPS.size))).getvalue()
    lying = raw.replace((8 * CAPS.size).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != raw
    with pytest.raises((InvalidValue, TooLarge)):
        unpack(io.BytesIO(lying), tmp_path / "new", CAPS)
    assert not list(tmp_path.iterdir())


@given(st.data())
def test_damaged_archives_are_refused_or_read(tmp_path_factory, data):
    raw = bytearray(archive(("a/b.txt", b"one" * 50), ("c.txt", b"two")).getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "it.zip").write_bytes(raw)
    try:
        unpack(folder / "it.zip", folder / "new", CAPS)
    except (InvalidValue, TooLarge):
        assert not (folder / "new").exists()
    assert {entry.name for entry in folder.iterdir()} <= {"it.zip", "new"}
