"""The wheel, as somebody gets it who has neither our sources nor Node."""

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from helpers_fleet import end_host
from helpers_serve import answers, free_port, wait_until

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
BUILD = (UV, "build", "--quiet", "--python", sys.executable)
LONG = 300


def run(*command, folder, **environment):
    """Run a command to its end, without the environment of the tests."""
    ours = ("PYTHON", "VIRTUAL_ENV", "MRDRAW")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def without_node(folder):
    """A PATH on which there is no Node."""
    folder.mkdir()
    for name in ("sh", "env", "uname"):
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def get(address):
    """Status, content type and body."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


class Served:
    """An installed `mrdraw serve --simulate marlin`, in an empty folder."""

    def __init__(self, command, folder, **environment):
        self.base = folder / "base"
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self._port = port
        words = ["serve", "--basedir", self.base, "--port", port, "--simulate", "marlin"]
        self._output = (folder / "output.txt").open("wb")
        self._process = subprocess.Popen(
            [str(word) for word in [*command, *words]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", **environment},
        )

    def __enter__(self):
        wait_until(lambda: answers("127.0.0.1", self._port) or self._process.poll() is not None)
        assert self._process.poll() is None, Path(self._output.name).read_text(encoding="utf-8")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(60)
        self._output.close()
        end_host(self.base / "machines" / "default")


@pytest.mark.timeout(LONG)
def test_the_wheel_in_an_empty_environment_and_folder_serves_the_page(tmp_path):
    # the source distribution first: the wheel is made of it, so it has to carry the page
    out = tmp_path / "dist"
    path = without_node(tmp_path / "path")
    run(*BUILD, "--out-dir", out, ROOT, folder=tmp_path, PATH=path)
    (wheel,) = out.glob("*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "environment", folder=tmp_path)
    python = tmp_path / "environment" / "bin" / "python"
    pinned = ["--require-hashes", "--requirement", ROOT / "requirements.lock"]
    run(UV, "pip", "install", "--quiet", "--python", python, *pinned, folder=tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel, folder=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    where = run(python, "-c", "import mrdraw; print(mrdraw.__file__)", folder=empty)
    assert where.startswith(str(tmp_path)), where
    with Served([python.with_name("mrdraw")], empty) as served:
        status, kind, page = get(f"{served.address}/")
        assert (status, kind) == (200, "text/html")
        assets = re.findall(rb'(?:src|href)="\./(assets/[^"]+)"', page)
        assert len(assets) >= 2
        for asset in assets:
            status, _, body = get(f"{served.address}/{asset.decode()}")
            assert status == 200
            assert body
        assert get(f"{served.address}/api/version")[0] == 401
    assert {path.name for path in empty.iterdir()} == {"base", "output.txt"}


@pytest.mark.timeout(LONG)
def test_a_wheel_without_the_page_says_so_and_serves_the_api(tmp_path):
    source = tmp_path / "source"
    hidden = shutil.ignore_patterns("static", "node_modules", "__pycache__", ".*", "build", "var", "dist")
    shutil.copytree(ROOT, source, ignore=hidden)
    out = tmp_path / "dist"
    path = without_node(tmp_path / "path")
    run(*BUILD, "--wheel", "--out-dir", out, source, folder=tmp_path, MRDRAW_NO_UI="1", PATH=path)
    (wheel,) = out.glob("*.whl")
    package = tmp_path / "package"
    zipfile.ZipFile(wheel).extractall(package)
    empty = tmp_path / "empty"
    empty.mkdir()
    with Served([sys.executable, "-m", "mrdraw"], empty, PYTHONPATH=str(package)) as served:
        status, kind, page = get(f"{served.address}/")
        assert (status, kind) == (503, "text/html")
        assert b"the page was not built" in page
        assert get(f"{served.address}/online.txt")[0] == 200
