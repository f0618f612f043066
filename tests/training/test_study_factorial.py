"""Two causes taken apart: effects by hand, and the null of causes that do nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from security_dilemma_training.studies.factorial import effects_of_study, factorial_effects


def test_effects_by_hand() -> None:
    """From 8 the first cause takes 2, the second 1, and both together 6 instead of 3."""
    effects = factorial_effects(neither=[8, 8, 8], first=[6, 6, 6], second=[7, 7, 7], both=[2, 2, 2])
    assert effects.first.estimate == pytest.approx(((6 - 8) + (2 - 7)) / 2)
    assert effects.second.estimate == pytest.approx(((7 - 8) + (2 - 6)) / 2)
    assert effects.interaction.estimate == pytest.approx(2 - 6 - 7 + 8)
    assert effects.interaction.low == effects.interaction.high == effects.interaction.estimate


def test_causes_that_do_nothing_have_intervals_around_0_and_causes_that_add_up_no_interaction() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(4, 40))
    null = factorial_effects(*noise.tolist())
    assert all(effect.low < 0 < effect.high for effect in null)
    added = factorial_effects(*(noise + np.array([[0], [3], [-2], [1]])).tolist())
    assert added.first.low > 2
    assert added.second.high < -1
    assert added.interaction.low < 0 < added.interaction.high


def test_what_a_seed_has_in_all_conditions_adds_nothing_to_the_interval() -> None:
    """Seeds that differ by 10 and have the same effect: resampled with all of their values."""
    seeds = np.array([0.0, 10.0, 20.0])
    effects = factorial_effects(*((seeds + shift).tolist() for shift in (0, -1, -2, -5)))
    assert effects.interaction == pytest.approx((-2, -2, -2))


def test_effects_of_the_table_of_a_study(tmp_path: Path) -> None:
    """Rows in any order; seeds are matched by number."""
    path = tmp_path / "results.csv"
    rows = ["n,1,4", "n,0,8", "a,0,6", "a,1,3", "b,0,7", "b,1,4", "ab,0,2", "ab,1,1", "x,0,9"]
    path.write_text("condition,seed,arms\n" + "\n".join(rows) + "\n", encoding="utf-8")
    effects = effects_of_study(path, "arms", ("n", "a", "b", "ab"))
    assert effects.interaction.estimate == pytest.approx(1.5 - 4.5 - 5.5 + 6)
    with pytest.raises(ValueError, match=r"need the same seeds with arms, and there are n: 2, a: 2, b: 2, x: 1"):
        effects_of_study(path, "arms", ("n", "a", "b", "x"))
    with pytest.raises(ValueError, match="metric = 'war' is no column"):
        effects_of_study(path, "war", ("n", "a", "b", "ab"))
    with pytest.raises(ValueError, match=r"conditions have \[1, 1, 1, 2\] seeds"):
        factorial_effects([1], [1], [1], [1, 2])
