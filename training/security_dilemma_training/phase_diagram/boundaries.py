"""Theory's boundaries over a plane: where striking stops being dominated, trust starts to suffice, and arms spiral.

They are level lines of closed forms over the plane. Where a form hangs on the posture of the states there is a line for
each posture of :data:`security_dilemma_training.phase_diagram.cell_theory.POSTURES`; postures whose lines are the same
share one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from security_dilemma.params import PARAMETERS
from security_dilemma_training.phase_diagram.cell_theory import POSTURES, CellTheory, theory_at
from security_dilemma_training.phase_diagram.planes import AxisConfig, PlaneConfig

__all__ = ["DOMINANCE", "SPIRAL", "TRUST", "Boundary", "Line", "boundaries", "extent", "level_lines"]

DOMINANCE, TRUST, SPIRAL = "dominance", "trust", "spiral"
"""The kinds of boundaries."""

FINENESS = 61
"""Points on either axis at which the closed forms are evaluated; between them lines are straight."""

SAME = 1e-9
"""Postures whose chances differ by no more than this anywhere share a line."""

Field = NDArray[np.float64]
Line = NDArray[np.float64]
"""(k, 2), places on the plane."""


class Boundary(NamedTuple):
    """A boundary on a plane."""

    kind: str
    posture: str  # of the states; empty where it does not hang on it
    places: tuple[int, ...]  # of the postures that share it, in POSTURES
    label: str  # on the line
    lines: tuple[Line, ...]  # none where it does not cross the plane
    open_lines: tuple[Line, ...] = ()  # where a condition of the theory does not hold: the greedy need not strike

    @property
    def crosses(self) -> bool:
        """Whether it is to be seen on the plane."""
        return bool(self.lines or self.open_lines)


def extent(axis: AxisConfig) -> tuple[float, float]:
    """Return from where to where the cells of an axis reach, half a step beyond its values, within the range."""
    allowed, half = PARAMETERS[axis.parameter], axis.step / 2
    margin = 1e-9 * (axis.high - axis.low)
    low = max(axis.low - half, allowed.low + margin * allowed.open_low)
    high = min(axis.high + half, allowed.high - margin * allowed.open_high)
    return low, high


def boundaries(plane: PlaneConfig, params: Mapping[str, Any]) -> list[Boundary]:
    """Return theory's boundaries on a plane of two states, those that do not cross it included.

    Args:
        plane: The plane.
        params: Every parameter by name, as in any cell of the plane; theory says something of them all.
    """
    x, y = (np.linspace(*extent(axis), FINENESS) for axis in plane.axes)
    first, second = plane.parameters
    points = [[theory_at({**params, first: a, second: b}) for a in x.tolist()] for b in y.tolist()]
    found = []
    for places in _alike(points):
        posture = _together(places)
        found.append(_dominance(x, y, points, places, posture))
        found.append(_trust(x, y, points, places, posture))
    found.append(_spiral(x, y, points))
    return found


def _dominance(
    x: Field, y: Field, points: Sequence[Sequence[CellTheory]], places: tuple[int, ...], posture: str
) -> Boundary:
    """Where P = ½: on the side of lower P striking is dominated."""
    chance = _field(points, lambda point: point.postures[places[0]].chance)
    return Boundary(DOMINANCE, posture, places, f"P = ½, {posture}", level_lines(x, y, chance - 0.5))


def _trust(
    x: Field, y: Field, points: Sequence[Sequence[CellTheory]], places: tuple[int, ...], posture: str
) -> Boundary:
    """Where t = m(P): with less trust peace is no equilibrium, if the greedy strike for certain."""

    def lacking(point: CellTheory) -> float:
        at = point.postures[places[0]]
        return np.nan if at.dominated else at.minimum_trust - point.trust

    certain = _field(points, lambda point: point.postures[places[0]].predation)
    lines: list[Line] = []
    open_lines: list[Line] = []
    for line in level_lines(x, y, _field(points, lacking)):
        for holds, part in _parts(line, _nearest(x, y, certain, line) > 0):
            (lines if holds else open_lines).append(part)
    return Boundary(TRUST, posture, places, f"t = m(P), {posture}", tuple(lines), tuple(open_lines))


def _spiral(x: Field, y: Field, points: Sequence[Sequence[CellTheory]]) -> Boundary:
    """Where ρ = 1: beyond, arms are answered by more arms."""
    reaction = _field(points, lambda point: np.nan if point.reaction is None else point.reaction)
    return Boundary(SPIRAL, "", (), "ρ = 1", level_lines(x, y, reaction - 1))


def level_lines(x: Field, y: Field, field: Field) -> tuple[Line, ...]:
    """Return the lines on which a field is 0, taken as linear between its points.

    Args:
        x: (n,) places from left to right.
        y: (m,) places from the bottom up.
        field: (m, n); NaN where it is not defined, which no line reaches.
    """
    known = field[np.isfinite(field)]
    if not known.size or not known.min() < 0 < known.max():
        return ()
    drawn = Figure().subplots().contour(x, y, np.ma.masked_invalid(field), levels=[0.0])
    return tuple(np.asarray(line) for line in drawn.allsegs[0] if len(line) > 1)


def _parts(line: Line, holds: NDArray[np.bool_]) -> Iterator[tuple[bool, Line]]:
    """The stretches of a line on which something holds or does not, each as far as the next begins."""
    begins = [0, *(np.flatnonzero(holds[1:] != holds[:-1]) + 1).tolist()]
    for begin, end in zip(begins, [*begins[1:], len(line) - 1], strict=True):
        if end > begin:
            yield bool(holds[begin]), line[begin : end + 1]


def _nearest(x: Field, y: Field, field: Field, line: Line) -> Field:
    """The values of a field at the points next to those of a line."""
    columns, rows = (np.abs(places[:, None] - line[:, side]).argmin(axis=0) for side, places in enumerate((x, y)))
    values: Field = field[rows, columns]
    return values


def _field(points: Sequence[Sequence[CellTheory]], of: Callable[[CellTheory], float]) -> Field:
    return np.array([[of(point) for point in row] for row in points], float)


def _alike(points: Sequence[Sequence[CellTheory]]) -> list[tuple[int, ...]]:
    """Postures in groups that have the same chances everywhere on the plane."""
    groups: list[tuple[tuple[int, ...], Field]] = []
    for place in range(len(POSTURES)):
        chances = _field(points, lambda point, place=place: point.postures[place].chance)  # type: ignore[misc]
        same = next((k for k, (_, other) in enumerate(groups) if np.allclose(chances, other, rtol=0, atol=SAME)), None)
        if same is None:
            groups.append(((place,), chances))
        else:
            groups[same] = ((*groups[same][0], place), chances)
    return [places for places, _ in groups]


def _together(places: tuple[int, ...]) -> str:
    """What postures are called together."""
    if len(places) == len(POSTURES):
        return "whatever the arms"
    if places == (1, 2):
        return "armed to the cap"
    return " or ".join(POSTURES[place] for place in places)
