"""`accessControl`: what is in force while access control is off, and which networks can be named.

Invariants: whoever is let in without a password is somebody near, never everybody; pages of other sites never use an
API whose page asks nobody for a password.
"""

from __future__ import annotations

from ipaddress import ip_network

import msgspec

from mrdraw.errors import InvalidValue
from mrdraw.settings.sections import AccessControlTree
from mrdraw.settings.tree import SettingsTree

_RIGHT = "right is an address or a network, as '192.168.1.5' or '192.168.1.0/24'"


def check_local_networks(tree: AccessControlTree) -> None:
    """Raises `InvalidValue` for what is no network, or is everybody."""
    for number, text in enumerate(tree.local_networks):
        place = f"accessControl.localNetworks[{number}]: {text[:60]!r} is not accepted"
        try:
            network = ip_network(text, strict=False)
        except ValueError as error:
            raise InvalidValue(f"{place}; {_RIGHT}.") from error
        if network.prefixlen == 0:
            raise InvalidValue(f"{place}, for that is everybody; {_RIGHT}.")


def in_force(tree: SettingsTree, *, open_page: bool) -> SettingsTree:
    """The tree as it holds; with `open_page` access control is off whatever the file says."""
    access, api = tree.access_control, tree.api
    if open_page:
        access = msgspec.structs.replace(access, enabled=False)
    if not access.enabled:
        api = msgspec.structs.replace(api, allow_cross_origin=False)
    return msgspec.structs.replace(tree, access_control=access, api=api)
