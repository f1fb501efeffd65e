"""The states in which a request is answered at all.

Invariants: each check raises the domain error that says what to do first; the permission was checked before.
"""

from __future__ import annotations

from mrdraw.errors import NotOperational, WrongState
from mrdraw.hub import Machine
from mrdraw.link.messages import MachineState


def need_operational(machine: Machine) -> None:
    """Raises `NotOperational`."""
    if not machine.is_operational:
        raise NotOperational("The machine is not operational. Connect it first.")


def need_stillness(machine: Machine) -> None:
    """Refuse while a job moves the machine; a paused one does not. Raises `NotOperational` or `WrongState`."""
    need_operational(machine)
    if machine.has_job and machine.state is not MachineState.PAUSED:
        raise WrongState("A job is running. Pause or cancel it first.")


def need_job(machine: Machine) -> None:
    """Raises `WrongState` when no job lives."""
    if not machine.has_job:
        raise WrongState("No job is running. Start one first.")
