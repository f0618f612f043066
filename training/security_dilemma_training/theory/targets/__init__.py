"""What theory says, what the environment gives exactly and what learners reach, section by section."""

from __future__ import annotations

from collections.abc import Callable

from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets import arms, crisis, fear, identities, signals
from security_dilemma_training.theory.targets.rows import Row

__all__ = ["SECTIONS", "exact_rows"]

SECTIONS: tuple[Callable[[Settings], list[Row]], ...] = (
    crisis.cells,
    crisis.trust_threshold,
    crisis.basin,
    crisis.quantal_response,
    fear.fear,
    fear.contagion,
    signals.reassurance_rows,
    signals.signal_rows,
    arms.requirements,
    arms.races,
    arms.power,
    identities.identities,
    fear.misperception,
    fear.worst_case,
)
"""The rows of each section of the theory page, in its order."""


def exact_rows(settings: Settings) -> list[Row]:
    """Return all rows with their closed forms and what the environment gives, before anything is learned."""
    return [row for section in SECTIONS for row in section(settings)]
