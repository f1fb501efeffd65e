"""The container file: its steps are run, each stage in a folder and an environment of its own.

No container engine is needed. What a step would do to the computer (`useradd`) is done to a copy of its user files.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from helpers_fleet import end_host
from helpers_serve import answers, free_port, wait_until

ROOT = Path(__file__).parents[2]
LONG = 900
NOT_SENT = shutil.ignore_patterns(".*", "node_modules", "static", "build", "dist", "var", "__pycache__")
USER_FILES = ("passwd", "group", "shadow", "gshadow", "login.defs")


def instructions():
    """The instructions of the file with what follows them."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


class Stage:
    """One stage: a root folder, a place in it, and a Python whose packages are its own."""

    def __init__(self, folder):
        self.root = folder
        self.place = folder
        self.environment = {}
        (folder / "etc").mkdir(parents=True)
        for name in USER_FILES:
            if (source := Path("/etc") / name).exists():
                shutil.copy(source, folder / "etc" / name)
        subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)

    def inside(self, path):
        """Where a path of the container lies."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.place / path

    def copy(self, sources, target, origin):
        for source in sources:
            found, to = origin.inside(source) if isinstance(origin, Stage) else origin / source, self.inside(target)
            if found.is_dir():
                shutil.copytree(found, to, dirs_exist_ok=True, ignore=None if isinstance(origin, Stage) else NOT_SENT)
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, to)

    def run(self, command):
        if command.startswith("useradd "):
            command = f"useradd --prefix {shlex.quote(str(self.root))} {command.removeprefix('useradd ')}"
        subprocess.run(["sh", "-ec", command], cwd=self.place, env=self.variables(), check=True, timeout=LONG)

    def variables(self):
        ours = ("PYTHON", "VIRTUAL", "MRDRAW")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | self.environment | {"PATH": f"{self.root}/python/bin:{os.environ['PATH']}:/usr/sbin"}


def built(folder):
    """Do what the file says; the last stage and what it says of how it is used."""
    stages, stage, used = {}, None, {}
    for word, rest in instructions():
        if word == "FROM":
            name = match[1] if (match := re.search(r" AS (\w+)$", rest)) else "last"
            stage = stages[name] = Stage(folder / name)
        elif word == "WORKDIR":
            stage.place = stage.inside(rest)
            stage.place.mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            *sources, target = rest.split()
            origin = ROOT
            if sources[0].startswith("--from="):
                origin = stages[sources.pop(0).removeprefix("--from=")]
            stage.copy(sources, target, origin)
        elif word == "RUN":
            stage.run(rest)
        elif word == "ENV":
            name, value = rest.split("=")
            stage.environment[name] = str(stage.inside(value)) if value.startswith("/") else value
        else:
            assert word in {"USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}, word
            used[word] = rest
    return stage, used


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="a container is built as root")
@pytest.mark.timeout(LONG)
def test_the_steps_of_the_container_file_give_a_server_with_the_page(tmp_path):
    stage, used = built(tmp_path)
    assert "mrdraw:" in (stage.root / "etc" / "passwd").read_text(encoding="utf-8")
    assert used["USER"] == "mrdraw"
    port = free_port()
    entry = [word if word != "0.0.0.0" else "127.0.0.1" for word in json.loads(used["ENTRYPOINT"])]
    program = stage.root / "python" / "bin" / entry[0]
    command = [program, *entry[1:], "--port", str(port), "--simulate", "marlin"]
    process = subprocess.Popen(command, env=stage.variables())
    try:
        wait_until(lambda: answers("127.0.0.1", port) or process.poll() is not None)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            assert b"assets/" in answer.read()
        health = json.loads(used["HEALTHCHECK"].removeprefix("CMD "))
        health[-1] = health[-1].replace(f":{used['EXPOSE']}/", f":{port}/")
        assert str(port) in health[-1]
        subprocess.run([stage.root / "python" / "bin" / health[0], *health[1:]], check=True, timeout=60)
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        end_host(Path(stage.environment["MRDRAW_BASEDIR"]) / "machines" / "default")
