"""Files, MrDraw beside OctoPrint: the list of 1,000 files, the list that the client has already, and uploads.

Prints one table; targets are shown, never asserted. `--only` measures one of the programs.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from pathlib import Path

from peers import OCTOPRINT, MrDraw, OctoPrint, Peer
from probes import MissingTool, hammer
from rig import workshop

FILES = 1000
SECONDS = 3
LIST = "/api/files?recursive=true"
CONTENT = b"G28\nG1 X10 Y10 F3000\nM84\n"
KINDS = {"octoprint": OctoPrint, "mrdraw": MrDraw}
FIGURES = {
    "keep-alive": (f"{FILES:,} uploads over one connection, s", "≤ 2"),
    "new": (f"{FILES:,} uploads, each over its own, s", ""),
    "list": (f"the list of {FILES:,} files, requests/s", "≥ 500"),
    "p50": ("… p50, ms", ""),
    "known": ("… with the matching ETag, requests/s", "≥ 4,000"),
}


def form(name: str) -> bytes:
    """The body of an upload."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + CONTENT + b"\r\n--b--\r\n"


def upload_all(peer: Peer, prefix: str, keep: bool) -> float:
    """Upload small files one after the other; how long it took, s."""
    headers = {"X-Api-Key": peer.key, "Content-Type": "multipart/form-data; boundary=b"}
    headers |= {} if keep else {"Connection": "close"}
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    began = time.monotonic()
    for number in range(FILES):
        connection.request("POST", "/api/files/local", form(f"{prefix}_{number:04}.gcode"), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{peer.name}: upload {number}: {answer.status} {said[:300]!r}")
    connection.close()
    return time.monotonic() - began


def etag(peer: Peer) -> str:
    """The entity tag of the list."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    connection.request("GET", LIST, headers={"X-Api-Key": peer.key})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]


def measure(peer: Peer) -> dict[str, float]:
    """All figures of one program."""
    found = {"keep-alive": upload_all(peer, "part", keep=True)}
    hammer(peer, LIST, 1)
    listed = hammer(peer, LIST, SECONDS)
    found |= {"list": listed.rate, "p50": listed.median}
    found["known"] = hammer(peer, LIST, SECONDS, f"If-None-Match: {etag(peer)}").rate
    found["new"] = upload_all(peer, "other", keep=False)
    return found


def run(kinds: list[str]) -> dict[str, dict[str, float]]:
    """The figures of these programs."""
    found = {}
    with workshop() as temporary:
        for kind in kinds:
            peer = KINDS[kind](Path(temporary), [])
            peer.start()
            try:
                found[peer.name] = measure(peer)
            finally:
                peer.stop()
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    """The table, in Markdown."""
    rows = [f"| | OctoPrint {OCTOPRINT} | MrDraw | MrDraw / OctoPrint | to reach |", "|---|---|---|---|---|"]
    for key, (title, target) in FIGURES.items():
        theirs, ours = (found.get(name, {}).get(key) for name in ("OctoPrint", "MrDraw"))
        ratio = f"{ours / theirs:.2g}" if ours and theirs else ""
        cells = ["" if value is None else f"{value:,.1f}" for value in (theirs, ours)]
        rows.append(f"| {title} | {cells[0]} | {cells[1]} | {ratio} | {target} |")
    return "\n".join(rows)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=KINDS, action="append", help="one of the programs")
    asked = parser.parse_args()
    try:
        print(table(run(asked.only or list(KINDS))))
    except MissingTool as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
