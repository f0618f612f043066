"""Rows of theory near the borders of what their method can tell apart."""

from __future__ import annotations

import pytest

from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets import arms, fear
from security_dilemma_training.theory.targets.rows import Verdict


def test_too_few_dominant_hawks_to_be_told_apart_are_not_judged() -> None:
    (row,) = [row for row in fear.fear(Settings(initiative_mean=-0.225)) if "multiplier" in row.quantity]
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "too few types" in str(row.reason)


@pytest.mark.parametrize(("decisiveness", "weight"), [(1.327, 1.0), (0.5, 3.0), (1.2, 20.0)])
def test_burdens_for_power_are_found_up_to_the_border(decisiveness: float, weight: float) -> None:
    rows = arms.power(Settings(decisiveness=decisiveness, power_weight=weight))
    assert {row.verdict for row in rows} == {Verdict.PASS}
