"""Files to print that look like something, made from a few numbers."""

from collections.abc import Iterator
from math import cos, hypot, pi, sin, sqrt, tanh
from pathlib import Path

Point = tuple[float, float]
Circle = tuple[float, float, float]
"""x, y and radius, mm"""

_LAYER = 0.2
_EXTRUDED = 0.033
"""mm of filament for each mm of the way"""
_CENTER = 100.0


def rosette(path: Path, layers=4, rings=4, points=120) -> Path:
    """Waves on circles, in several layers."""
    lines = ["G28", "G90", "M83"]
    for layer in range(layers):
        lines.append(f"G1 Z{_LAYER * (layer + 1):.2f} F600")
        for ring in range(rings):
            for point in range(points + 1):
                angle = 2 * pi * point / points
                radius = 70 - 14 * ring + 8 * sin(6 * angle + 0.3 * layer)
                x, y = _CENTER + radius * cos(angle), _CENTER + radius * sin(angle)
                lines.append(f"G0 X{x:.3f} Y{y:.3f} F9000" if point == 0 else f"G1 X{x:.3f} Y{y:.3f} E0.15 F4800")
    return _written(path, lines)


def gear(path: Path, layers=12, teeth=20, radius=86.0) -> Path:
    """A gear wheel as a slicer writes it: walls, holes, infill that turns from layer to layer, and travel moves."""
    holes = [(0.0, 0.0, 14.0), *((0.56 * radius * cos(a), 0.56 * radius * sin(a), 15.0) for a in _angles(6))]
    lines = ["M140 S60", "M104 S215", "G28", "G90", "M83"]
    for layer in range(layers):
        lines.append(f"G1 Z{_LAYER * (layer + 1):.2f} F600")
        for inset in (0.0, 1.2):
            lines += _way(_outline(teeth, radius - inset), 9000)
            for x, y, size in holes:
                lines += _way([(x + (size + inset) * cos(a), y + (size + inset) * sin(a)) for a in _angles(48)], 9000)
        for part in _hatch(pi / 4 if layer % 2 else -pi / 4, radius - 9.0, [(x, y, r + 2) for x, y, r in holes]):
            lines += _way(part, 12000, closed=False)
    return _written(path, [*lines, "M104 S0", "M140 S0", "M84"])


def square(path: Path, rounds=5) -> Path:
    """Soon done."""
    around = ["G1 X60 Y20 E1 F9000", "G1 X60 Y60 E1", "G1 X20 Y60 E1", "G1 X20 Y20 E1"]
    return _written(path, ["G28", "M83", "G1 Z1 F600", *around * rounds])


def _written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _angles(count: int) -> list[float]:
    return [2 * pi * step / count for step in range(count)]


def _outline(teeth: int, radius: float) -> list[Point]:
    """Teeth with rounded flanks."""
    reach = [(angle, radius - 3.5 + 3.5 * tanh(2.5 * sin(teeth * angle))) for angle in _angles(teeth * 12)]
    return [(r * cos(angle), r * sin(angle)) for angle, r in reach]


def _hatch(direction: float, radius: float, holes: list[Circle], spacing=4.0) -> Iterator[list[Point]]:
    """Parallel lines across a disc, left out where there are holes, drawn to and fro."""
    there = True
    offset = -radius + spacing
    while offset < radius:
        for begin, end in _uncovered(direction, offset, radius, holes):
            ends = [_turned(direction, along, offset) for along in (begin, end)]
            yield ends if there else ends[::-1]
        there = not there
        offset += spacing


def _uncovered(direction: float, offset: float, radius: float, holes: list[Circle]) -> Iterator[tuple[float, float]]:
    half = sqrt(radius**2 - offset**2)
    begin = -half
    for low, high in sorted(_shadows(direction, offset, holes)):
        if low > begin:
            yield begin, low
        begin = max(begin, high)
    if begin < half:
        yield begin, half


def _shadows(direction: float, offset: float, holes: list[Circle]) -> Iterator[tuple[float, float]]:
    for x, y, radius in holes:
        along, across = _turned(-direction, x, y)
        if abs(across - offset) < radius:
            half = sqrt(radius**2 - (across - offset) ** 2)
            yield along - half, along + half


def _turned(angle: float, x: float, y: float) -> Point:
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def _way(points: list[Point], speed: int, *, closed=True) -> Iterator[str]:
    """A travel to the first point, then lines through the others (mm/min)."""
    (x, y), *others = points
    yield f"G0 X{_CENTER + x:.3f} Y{_CENTER + y:.3f} F15000"
    for to_x, to_y in [*others, points[0]] if closed else others:
        yield f"G1 X{_CENTER + to_x:.3f} Y{_CENTER + to_y:.3f} E{_EXTRUDED * hypot(to_x - x, to_y - y):.5f} F{speed}"
        x, y = to_x, to_y
