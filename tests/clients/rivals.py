"""OctoPrint with its virtual printer, and this checkout with its simulated machine, asked the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clients.asked import SCENES, Step
from helpers_compare import Answer, Ask, Difference, ask, aspects, differences
from peers import PLUGINS_OFF, MrDraw, OctoPrint, Peer
from rig import wait_until

VIRTUAL = "VIRTUAL"
UNDECIDED = {"onlineCheck": {"enabled": False}, "pluginBlacklist": {"enabled": False}}
"""What the other one's first run decided."""
PATIENCE = 60.0


@dataclass(frozen=True)
class Told:
    """A request and what was answered."""

    state: str
    request: Ask
    theirs: Answer
    ours: Answer
    different: tuple[Difference, ...]


class SimulatedMrDraw(MrDraw):
    """This checkout, with a machine that is not there."""

    def command(self) -> list[str]:
        """What starts it."""
        return [*super().command(), "--simulate", "marlin"]

    def start(self) -> float:
        """Start it and let go of the machine."""
        took = super().start()
        wait_until(lambda: self.state() == "Operational", PATIENCE)
        self.disconnect()
        return took


def rivals(folder: Path) -> tuple[OctoPrint, MrDraw]:
    """Both, with nothing but their own machine, and no card in it."""
    shared = {"feature": {"sdSupport": False}}
    plugins = {"_disabled": PLUGINS_OFF, "virtual_printer": {"enabled": True}}
    return OctoPrint(folder, [], plugins=plugins, **shared), SimulatedMrDraw(folder, [], server=UNDECIDED)


def compare(theirs: Peer, ours: Peer) -> Iterator[Told]:
    """Ask both everything."""
    for state, scene in SCENES.items():
        for step in scene():
            if isinstance(step, str):
                for peer in (theirs, ours):
                    reach(peer, step)
            else:
                yield _told(state, step, theirs, ours)


def reach(peer: Peer, state: str) -> None:
    """Wait until the machine is in this state; `done`: after its job, `warm`: when its temperatures are known."""
    if state == "done":
        wait_until(lambda: peer.get("/api/job")["progress"]["completion"] == 100, PATIENCE)
    if state == "warm":
        wait_until(lambda: "tool0" in peer.get("/api/printer")["temperature"], PATIENCE)
    settled = "Operational" if state in {"done", "warm"} else state
    wait_until(lambda: peer.state() == settled, PATIENCE)


def _told(state: str, step: Ask, theirs: Peer, ours: Peer) -> Told:
    left, right = (ask(peer.port, step, names(peer)) for peer in (theirs, ours))
    found = differences(state, step, aspects(step, left, own(theirs)), aspects(step, right, own(ours)))
    return Told(state, step, left, right, tuple(found))


def names(peer: Peer) -> dict[str, str]:
    """What differs from peer to peer in a request."""
    return {"port": VIRTUAL, "key": peer.key, "base": str(peer.base)}


def own(peer: Peer) -> dict[str, str]:
    """What differs from peer to peer in an answer, and what it is called in both."""
    return {f"127.0.0.1:{peer.port}": "HOST", peer.key: "KEY", str(peer.base): "BASE"}


__all__ = ["Step", "Told", "compare", "rivals"]
