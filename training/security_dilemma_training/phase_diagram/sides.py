"""How seeds end on either side of each boundary, and by what theory expects of a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from security_dilemma_training.phase_diagram.boundaries import DOMINANCE, SPIRAL, TRUST, Boundary
from security_dilemma_training.phase_diagram.cell_theory import CellTheory
from security_dilemma_training.phase_diagram.measured import MeasuredCell, MeasuredPlane
from security_dilemma_training.statistics import Interval, wilson_interval
from security_dilemma_training.verdict import Ending, Outcome

__all__ = ["Divided", "Side", "by_expectation", "divided"]


class Side(NamedTuple):
    """Cells together."""

    name: str
    cells: tuple[MeasuredCell, ...]  # those that have a seed

    @property
    def seeds(self) -> int:
        """Number of runs."""
        return sum(len(cell.seeds) for cell in self.cells)

    def count(self, kind: Ending) -> int:
        """Return how many runs ended in a way."""
        return sum(cell.count(kind) for cell in self.cells)

    @property
    def cells_at_war(self) -> int:
        """Number of cells of which at least one seed is at war."""
        return sum(cell.count(Ending.WAR) > 0 for cell in self.cells)

    @property
    def share(self) -> Interval:
        """The share of runs at war; its Wilson interval takes them as independent."""
        return wilson_interval(self.count(Ending.WAR), self.seeds)

    @property
    def by_seed(self) -> dict[int, tuple[int, int]]:
        """For each seed in how many cells it is at war, and in how many it was measured."""
        found: dict[int, tuple[int, int]] = {}
        for cell in self.cells:
            for seed in cell.seeds:
                wars, runs = found.get(seed.seed, (0, 0))
                found[seed.seed] = (wars + (seed.ending is Ending.WAR), runs + 1)
        return dict(sorted(found.items()))

    @property
    def spirals(self) -> tuple[int, int]:
        """How many runs have a spiral index above 1, and how many have one at all."""
        indices = [value for cell in self.cells for value in cell.values("spiral_index")]
        return sum(value > 1 for value in indices), len(indices)


class Divided(NamedTuple):
    """The cells of a plane on the sides of a boundary."""

    boundary: Boundary
    sides: tuple[Side, Side]  # where theory speaks for peace first, or for arms that do not spiral


NAMES = {
    DOMINANCE: ("P ≤ ½: striking is dominated", "P > ½: a stag hunt"),
    TRUST: ("t ≥ m, or the greedy need not strike", "t < m: fear of the greedy suffices"),
    SPIRAL: ("ρ ≤ 1", "ρ > 1: arms are answered by more"),
}
"""What the sides are called."""


def divided(plane: MeasuredPlane) -> list[Divided]:
    """Return the cells on the sides of each boundary that has measured cells on both.

    At a trust threshold only cells with P > ½ count: elsewhere nobody needs trust.
    """
    found = []
    for boundary in plane.boundaries:
        known = [(cell, cell.theory) for cell in plane.cells if cell.seeds and cell.theory is not None]
        kept = [(cell, said) for cell, said in known if _concerned(boundary, said)]
        beyond = _beyond(boundary)
        first, second = (tuple(cell for cell, said in kept if beyond(said) is far) for far in (False, True))
        if first and second:
            near, far = NAMES[boundary.kind]
            found.append(Divided(boundary, (Side(near, first), Side(far, second))))
    return found


def by_expectation(planes: Sequence[MeasuredPlane]) -> list[Side]:
    """Return the cells of planes by what the closed forms expect there.

    Args:
        planes: What was measured.
    """
    groups: dict[Outcome | None, list[MeasuredCell]] = {}
    for cell in (cell for plane in planes for cell in plane.cells if cell.seeds):
        groups.setdefault(cell.expected.outcome, []).append(cell)
    order = [*Outcome, None]
    return [Side(str(kind or "open"), tuple(groups[kind])) for kind in order if kind in groups]


def _concerned(boundary: Boundary, said: CellTheory) -> bool:
    if boundary.kind == SPIRAL:
        return said.reaction is not None
    return boundary.kind == DOMINANCE or not said.postures[boundary.places[0]].dominated


def _beyond(boundary: Boundary) -> Callable[[CellTheory], bool]:
    """Whether a cell lies where theory speaks for war, or for arms that spiral."""
    if boundary.kind == SPIRAL:
        return lambda said: said.reaction is not None and said.reaction > 1
    place = boundary.places[0]
    if boundary.kind == DOMINANCE:
        return lambda said: not said.postures[place].dominated
    return lambda said: said.postures[place].distrusted(said.trust)
