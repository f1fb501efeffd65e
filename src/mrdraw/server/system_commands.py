"""The programs that people may start on the computer, as the settings name them (contract, 5.12).

Invariants: what is not configured is not there; the core's commands are those that stop and restart the computer and
the server. MrDraw starts without plugins of others always, so that a safe restart is a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mrdraw.errors import NoSuchCommand
from mrdraw.settings import SettingsTree
from mrdraw.settings.computer import ActionTree
from mrdraw.settings.kinds import Program
from mrdraw.settings.programs import arguments_of

CORE, PLUGIN, CUSTOM = "core", "plugin", "custom"
SOURCES = (CORE, PLUGIN, CUSTOM)
DIVIDER = "divider"


@dataclass(frozen=True, slots=True)
class SystemCommand:
    """One program that may be started, or a divider between two others."""

    source: str
    action: str
    name: str
    program: Program
    place: str
    """Where in the settings it stands."""
    confirm: str | None = None
    in_background: bool = False
    ignore: bool = False
    needs_password: bool = False
    """Whether a session has to have typed its password lately."""
    ends_jobs: bool = False
    """Whether it ends the jobs of all machines."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The program and its arguments. Raises `InvalidValue` for what cannot be run without a shell."""
        return arguments_of(self.program or (), self.place)


_STOPS = "A job that runs on a machine of this computer is lost."
_GOES_ON = "A job that runs goes on meanwhile."
_CORE = (
    ("shutdown", "Shut down the computer", f"The computer is about to be shut down. {_STOPS}"),
    ("reboot", "Restart the computer", f"The computer is about to be restarted. {_STOPS}"),
    ("restart", "Restart MrDraw", f"MrDraw is about to be restarted. {_GOES_ON}"),
    ("restart_safe", "Restart MrDraw in safe mode", f"MrDraw is about to be restarted. {_GOES_ON}"),
)
_MEMBERS = {
    "shutdown": "systemShutdownCommand", "reboot": "systemRestartCommand", "restart": "serverRestartCommand",
    "restart_safe": "serverRestartCommand",
}  # fmt: skip
_OF_THE_COMPUTER = frozenset({"shutdown", "reboot"})


def commands_of(tree: SettingsTree) -> dict[str, list[SystemCommand]]:
    """The commands by source, in their order."""
    return {CORE: list(_core(tree)), PLUGIN: [], CUSTOM: list(_custom(tree.system.actions))}


def find(tree: SettingsTree, source: str, action: str) -> SystemCommand:
    """The command of this source and name. Raises `NoSuchCommand`."""
    for command in of_source(tree, source):
        if command.action == action:
            return command
    raise NoSuchCommand(f"There is no system command {action[:100]!r} of the source {source}, or it is not configured.")


def of_source(tree: SettingsTree, source: str) -> list[SystemCommand]:
    """The commands of a source. Raises `NoSuchCommand`."""
    if source not in SOURCES:
        raise NoSuchCommand(f"There are no system commands of {source[:100]!r}; sources are: {', '.join(SOURCES)}.")
    return commands_of(tree)[source]


def _core(tree: SettingsTree) -> Iterator[SystemCommand]:
    commands = tree.server.commands
    programs: Mapping[str, Program] = {
        "shutdown": commands.system_shutdown_command,
        "reboot": commands.system_restart_command,
        "restart": commands.server_restart_command,
        "restart_safe": commands.server_restart_command,
    }
    for action, name, confirm in _CORE:
        if program := programs[action]:
            place = f"server.commands.{_MEMBERS[action]}"
            whole = action in _OF_THE_COMPUTER
            yield SystemCommand(
                CORE, action, name, program, place, confirm, in_background=True, needs_password=whole, ends_jobs=whole
            )


def _custom(actions: tuple[ActionTree, ...]) -> Iterator[SystemCommand]:
    for number, action in enumerate(actions):
        if action.action == DIVIDER or action.command:
            yield SystemCommand(
                CUSTOM,
                action.action,
                action.name,
                action.command,
                f"system.actions[{number}].command",
                action.confirm,
                action.in_background,
                action.ignore,
            )
