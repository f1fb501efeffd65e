"""OctoPrint's own JavaScript library, all its resources, against a real server with a simulated machine."""

import json
from pathlib import Path

import pytest

from helpers_clients import node, run_client, simulated
from helpers_proxies import WAYS, reached
from peers import octoprint_environment

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "ui" / "package.json"
PARTS = ["connection", "files", "job", "printer", "profiles", "settings", "system", "timelapse", "access"]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_whole_library_of_octoprint(tmp_path, way):
    static = next(octoprint_environment().glob("lib/python*/site-packages/octoprint/static"))
    with simulated(tmp_path / "base") as direct, reached(way, direct, tmp_path / "proxied") as served:
        library = [node(), HERE / "octoprint_library.mjs", MODULES, static, f"{served.address}/", served.key, "VIRTUAL"]
        said = run_client(*library, home=tmp_path, authority=served.authority)
    assert [json.loads(line) for line in said.splitlines()] == PARTS
