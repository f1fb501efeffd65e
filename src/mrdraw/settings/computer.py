"""The sections `server` and `system`: where is served, and what may run on the computer.

Invariants: what runs on the computer is set by nobody but people who have just proven who they are (contract, section
0); nothing here runs in a shell.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from mrdraw.settings.kinds import Bytes, Minutes, Port, Program, Section
from mrdraw.settings.reverse_proxy import ReverseProxyTree


class UploadsTree(Section, frozen=True):
    """What may be uploaded; bytes."""

    max_size: Annotated[int, Meta(ge=1, le=2**50)] = 16 * 1024**3


class TlsTree(Section, frozen=True):
    """The files of the certificate and of its key; a path counts from the base folder. Both or none."""

    cert: str | None = None
    key: str | None = None


class CommandsTree(Section, frozen=True):
    """The programs that stop and restart the computer and the server."""

    system_shutdown_command: Program = None
    system_restart_command: Program = None
    server_restart_command: Program = None


class DiskspaceTree(Section, frozen=True):
    """Below how many free bytes people are warned."""

    warning: Bytes = 500 * 1024**2
    critical: Bytes = 200 * 1024**2


class OnlineCheckTree(Section, frozen=True):
    """How it would be found out whether there is an internet."""

    enabled: bool | None = None
    interval: Minutes = 15
    host: str = "1.1.1.1"
    port: Port = 53
    name: str = "octoprint.org"


class PluginBlacklistTree(Section, frozen=True):
    """Where a list of harmful plugins would come from."""

    enabled: bool | None = None
    url: str = "https://plugins.octoprint.org/blacklist.json"
    ttl: Minutes = 15


class ServerTree(Section, frozen=True):
    """Where and how is served."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 5000
    allow_framing: bool = False
    reverse_proxy: ReverseProxyTree = ReverseProxyTree()
    refuse_insecure_public: bool = False
    """Whether clients from the internet are refused that come without TLS; otherwise people are warned."""
    tls: TlsTree = TlsTree()
    uploads: UploadsTree = UploadsTree()
    commands: CommandsTree = CommandsTree()
    diskspace: DiskspaceTree = DiskspaceTree()
    online_check: OnlineCheckTree = OnlineCheckTree()
    plugin_blacklist: PluginBlacklistTree = PluginBlacklistTree()


class ActionTree(Section, frozen=True):
    """One entry of the system menu; the action `divider` is a line between two others."""

    action: Annotated[str, Meta(min_length=1, max_length=64)]
    name: str = ""
    command: Program = None
    confirm: str | None = None
    """What is asked before it runs."""
    in_background: bool = msgspec.field(default=False, name="async")
    ignore: bool = False
    """Whether it may fail without anybody being told."""


class SystemTree(Section, frozen=True):
    """What people may start on the computer."""

    actions: tuple[ActionTree, ...] = ()
