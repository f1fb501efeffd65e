"""What the network is told: one instance for each machine, with the address at which its API begins.

Invariants: an instance holds nothing that is secret, neither user nor password, whatever the settings hold; its id is
the machine's for good, whatever the machine is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mrdraw.settings import SettingsTree

LONGEST_LABEL = 63
"""bytes of a name in the DNS (RFC 1035)."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One machine as others see it; `path` begins and ends with a slash and is where its API begins."""

    title: str
    path: str
    unique_id: str
    model: str = ""
    vendor: str = ""


def title_of(name: str, host: str) -> str:
    """What an instance is called: by its name, or by the computer's where it has none."""
    return f'OctoPrint instance "{name}"' if name else f"OctoPrint instance on {host}"


def name_of(tree: SettingsTree, machine_id: str) -> str:
    """What people call a machine; the default machine is called as the server is."""
    if machine_id == tree.default_machine:
        return tree.appearance.name
    return tree.machines[machine_id].name or machine_id


def path_of(tree: SettingsTree, machine_id: str) -> str:
    """Where the machine's API begins, behind what a proxy puts in front."""
    prefix = f"/{(tree.discovery.path_prefix or '').strip('/')}/".replace("//", "/")
    return prefix if machine_id == tree.default_machine else f"{prefix}machines/{machine_id}/"


def label(title: str) -> str:
    """A title as a name in the DNS: no dots and no control characters, not longer than a label may be."""
    plain = "".join(character if character.isprintable() else " " for character in title.replace(".", "-"))
    return plain.encode()[:LONGEST_LABEL].decode(errors="ignore").strip()


def text_record(instance: Instance, versions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The members of the TXT record of `_octoprint._tcp`; what is not known is not there."""
    record = {"path": instance.path, **versions, "uuid": instance.unique_id}
    record |= {"model": instance.model, "vendor": instance.vendor}
    return tuple((name, value) for name, value in record.items() if value)
