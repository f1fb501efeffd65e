"""From where an interrupted job can go on: its pinned file replayed up to where it came.

Invariants: called in a thread, touches the disk and nothing of the machine; stops when nobody wants the answer any
more; no place is offered behind a line that may not have been executed, so that nothing is ever skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mrdraw.gcode.modal import AXES, ModalState
from mrdraw.gcode.replay import Layer, Replay
from mrdraw.link.messages import Place, ResumeOffer
from mrdraw.machine import pinned, recovery
from mrdraw.machine.journal import Record
from mrdraw.machine.pinned import Block, PinnedJob
from mrdraw.machine.recovery import Extent

_MAX_HEIGHTS = 8


def make(folder: Path, record: Record, *, wanted: Callable[[], bool]) -> ResumeOffer | None:
    """The offer for the job of this folder; `None` when it is not `wanted` any more.

    Raises `JobFailed` or `OSError` when the pinned file cannot be read.
    """
    found = pinned.load(folder)
    replay = _replayed(found, record, wanted)
    if replay is None:
        return None
    extent = recovery.extent(folder, record, found.total)
    executed = replay.executed
    layers = [layer for layer in replay.layers if 0 < layer.mark.index <= executed]
    return ResumeOffer(
        job_id=found.job.id,
        total=found.total,
        executed=executed,
        acknowledged=record.acknowledged,
        possible=max(extent.possible, record.acknowledged),
        exact=extent.exact,
        interruption=_place(found, executed, _state_at(found, replay, executed)),
        layers=tuple(_layer(found, layer) for layer in reversed(layers)),
        heights=_heights(found, replay, executed, extent),
        homed=homed_axes(record.homed) if record.supplied else None,
    )


def homed_axes(bits: int) -> str:
    """The axes that a record's bits stand for."""
    return "".join(axis for number, axis in enumerate(AXES) if bits >> number & 1)


def homed_bits(axes: str) -> int:
    """The bits of a record for these axes."""
    return sum(1 << number for number, axis in enumerate(AXES) if axis in axes)


def _replayed(found: PinnedJob, record: Record, wanted: Callable[[], bool]) -> Replay | None:
    replay = Replay(first=record.first)
    for line in found.job.scripts.before_print_started:
        replay.prepare(line)
    for block in _blocks(found, 0, record.acknowledged):
        if not wanted():
            return None
        for line in block:
            replay.feed(line)
    return replay


def _blocks(found: PinnedJob, first: int, end: int) -> Iterator[list[str]]:
    """The lines of the job from `first` up to `end`, in blocks."""
    for number in range(first // pinned.LINES_PER_BLOCK, min(-(-end // pinned.LINES_PER_BLOCK), found.blocks)):
        block = _block(found, number)
        lines = block.lines[max(0, first - block.first) : end - block.first]
        yield [line.decode("latin-1") for line in lines]


def _block(found: PinnedJob, number: int) -> Block:
    (block,) = pinned.read_blocks(found, number, 1)
    return block


def _state_at(found: PinnedJob, replay: Replay, index: int) -> ModalState:
    """What the lines before `index` led to."""
    mark = replay.nearest(index)
    state = mark.state.copy()
    for block in _blocks(found, mark.index, index):
        for line in block:
            state.feed(line)
    return state


def _heights(found: PinnedJob, replay: Replay, executed: int, extent: Extent) -> tuple[float, ...]:
    """Where the head may stand: at the end of what was sent, or anywhere since what was certainly executed."""
    state = _state_at(found, replay, executed)
    heights = [state.position.get("z")]
    for block in _blocks(found, executed, extent.possible):
        for line in block:
            state.feed(line)
            heights.append(state.position.get("z"))
    likeliest = heights[min(extent.sent - executed, len(heights) - 1)] if extent.sent >= executed else heights[0]
    known = dict.fromkeys(height for height in (likeliest, *reversed(heights)) if height is not None)
    return tuple(known)[:_MAX_HEIGHTS]


def _layer(found: PinnedJob, layer: Layer) -> Place:
    return _place(found, layer.mark.index, layer.mark.state, number=layer.number, height=layer.height)


def _place(
    found: PinnedJob, index: int, state: ModalState, *, number: int | None = None, height: float | None = None
) -> Place:
    index = min(index, found.total - 1)
    block = _block(found, index // pinned.LINES_PER_BLOCK)
    within = index - block.first
    return Place(
        index=index,
        line=block.file_lines[within],
        file_position=block.ends[within - 1] if within else block.begin,
        layer=state.layer if number is None else number,
        height=state.layer_height if number is None else height,
        position=dict(state.position),
        absolute=state.absolute,
        absolute_extrusion=state.absolute_extrusion,
        inches=state.inches,
        feed_rate=state.feed_rate,
        tool=state.tool,
        targets=dict(state.targets),
        fans=dict(state.fans),
        modes=tuple(state.restore_lines()),
        tuning=tuple(state.tuning_lines()),
    )
