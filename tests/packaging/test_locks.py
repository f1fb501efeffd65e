"""What is installed is pinned, and no file says from where."""

import re
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "ui/package-lock.json")


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_file_names_a_registry(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    packages = text if name.endswith(".lock") else re.sub(r'"(funding|url)": .*', "", text)
    assert "resolved" not in text
    assert "://" not in packages
    assert "index-url" not in text


def test_there_is_no_lock_of_another_kind():
    assert not [name for name in ("uv.lock", "poetry.lock", "pdm.lock", "yarn.lock") if (ROOT / name).exists()]


@pytest.mark.parametrize("name", LOCKS[:2])
def test_all_that_is_pinned_has_a_hash(name):
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert len(pinned) > 15
    assert not [line for line in pinned if "==" not in line or "--hash=sha256:" not in line]


def test_all_that_the_page_is_built_with_has_a_hash():
    lock = msgspec.json.decode((ROOT / "ui/package-lock.json").read_bytes())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 50
    assert not [name for name, entry in packages.items() if "integrity" not in entry and not entry.get("inBundle")]


def test_what_the_package_asks_for_is_pinned():
    project = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())["project"]
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    asked = [re.match(r"[a-z0-9.-]+", dependency)[0].replace(".", "-") for dependency in project["dependencies"]]
    assert not [name for name in asked if not re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE)]
