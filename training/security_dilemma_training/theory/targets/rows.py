"""Rows of the table of theory: a quantity, its closed form, what the environment gives and what learners reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np

__all__ = ["Learned", "Results", "Row", "Verdict", "attach", "bisected", "closed", "not_applicable", "yes_or_no"]

Results: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""What one kind of learner reached: by experiment and measure, one value for each seed."""

BISECTIONS = 40


class Verdict(StrEnum):
    """What a row shows."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True)
class Learned:
    """What one kind of learner reached.

    Attributes:
        learner: Its name.
        values: One for each seed.
    """

    learner: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over seeds; of outcomes 0 and 1, the share of seeds."""
        return float(np.mean(self.values))


@dataclass(frozen=True)
class Row:
    """One quantity of theory.

    Attributes:
        section: Section of the theory page.
        quantity: What it is.
        theory: The closed form; None where it says nothing.
        environment: What the environment gives exactly; None where that is not asked.
        tolerance: Largest distance between the two that passes.
        reason: Why theory says nothing here, or why something is left out.
        experiment: The experiment with learners that belongs here, if any, and what it measures.
        learned_tolerance: Largest distance of the mean over seeds from theory that passes.
        outcome: Whether it is a yes or no, 1 or 0; what learners reach on the mean is then a share of seeds.
        learned: What learners reached.
    """

    section: int
    quantity: str
    theory: float | None = None
    environment: float | None = None
    tolerance: float = 1e-6
    reason: str | None = None
    experiment: tuple[str, str] | None = None
    learned_tolerance: float = 0.1
    outcome: bool = False
    learned: tuple[Learned, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """Whether the environment and all learners agree with theory."""
        if self.theory is None or (self.environment is None and not self.learned):
            return Verdict.NOT_APPLICABLE
        # written so that what is not a number fails
        exact = self.environment is None or abs(self.environment - self.theory) <= self.tolerance
        reached = all(abs(learned.mean - self.theory) <= self.learned_tolerance for learned in self.learned)
        return Verdict.PASS if exact and reached else Verdict.FAIL


def closed(form: Callable[[], float]) -> tuple[float | None, str | None]:
    """Return a closed form's value, or why it does not apply here."""
    try:
        return float(form()), None
    except ValueError as error:
        return None, str(error)


def yes_or_no(
    section: int, quantity: str, theory: bool, environment: bool, experiment: tuple[str, str] | None = None
) -> Row:
    """Return the row of something that is so or not."""
    return Row(section, quantity, float(theory), float(environment), 0.0, experiment=experiment, outcome=True)


def not_applicable(section: int, quantity: str, reason: str) -> Row:
    """Return the row of a quantity about which theory says nothing at these settings."""
    return Row(section, quantity, reason=reason)


def attach(rows: Sequence[Row], results: Mapping[str, Results]) -> list[Row]:
    """Return the rows with what learners reached.

    Args:
        rows: The rows.
        results: Results by name of the kind of learner.
    """
    return [replace(row, learned=tuple(_learned(row, results))) for row in rows]


def _learned(row: Row, results: Mapping[str, Results]) -> list[Learned]:
    if row.experiment is None:
        return []
    experiment, measure = row.experiment
    found = {learner: reached.get(experiment, {}).get(measure, ()) for learner, reached in results.items()}
    return [Learned(learner, tuple(map(float, values))) for learner, values in found.items() if len(values)]


def bisected(holds: Callable[[float], bool], low: float, high: float) -> float | None:
    """Return where a property of numbers changes between two bounds, or None if it is the same at both."""
    first = holds(low)
    if holds(high) == first:
        return None
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) == first else (low, middle)
    return 0.5 * (low + high)
