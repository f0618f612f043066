"""Whether policies are close to an equilibrium, by what best responses gain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma_training.responses.closeness import SMALL_GAIN, Closeness, closeness, gains_of, judge_closeness

Found = dict[str, dict[str, float] | None]


def gain(middle: float, half: float = 0.005) -> dict[str, float]:
    """A gain with its interval."""
    return {"gain": middle, "low": middle - half, "high": middle + half}


def result(seeker: float, greedy: float | None, half: float = 0.005) -> dict[str, Any]:
    """Results of a run in which responses gain so much."""
    by_intent: Found = {"security_seeker": gain(seeker, half), "greedy": None if greedy is None else gain(greedy, half)}
    return {"exploitability": {"by_intent": by_intent}}


@pytest.mark.parametrize(
    ("seeker", "greedy", "half", "expected"),
    [
        (0.0, 0.0, 0.005, Closeness.CLOSE),
        (-0.3, 0.01, 0.005, Closeness.UNDECIDED),  # the search failed
        (-0.3, 0.1, 0.005, Closeness.EXPLOITABLE),
        (-0.02, 0.01, 0.005, Closeness.CLOSE),
        (0.0, 0.1, 0.005, Closeness.EXPLOITABLE),
        (0.1, 0.0, 0.005, Closeness.EXPLOITABLE),
        (0.0, 0.1, 0.09, Closeness.UNDECIDED),
        (0.0, 0.0, 0.09, Closeness.UNDECIDED),
        (0.0, 0.0, SMALL_GAIN, Closeness.CLOSE),
        (0.0, None, 0.005, Closeness.CLOSE),
    ],
)
def test_intervals_decide(seeker: float, greedy: float | None, half: float, expected: Closeness) -> None:
    assert closeness(result(seeker, greedy, half)["exploitability"]["by_intent"]) is expected


def test_one_exploitable_intent_suffices_however_wide_the_other() -> None:
    by_intent: Found = {"security_seeker": gain(0.0, 0.5), "greedy": gain(0.1)}
    assert closeness(by_intent) is Closeness.EXPLOITABLE


def test_the_words_on_a_world() -> None:
    close, far, vague = result(0.0, 0.001), result(0.0, 0.11), result(0.0, 0.02)
    verdict = judge_closeness([close] * 3)
    assert verdict is not None
    assert "close to an equilibrium as far as these responses tell (3 of 3 seeds)" in verdict.words
    verdict = judge_closeness([far])
    assert verdict is not None
    assert "no equilibrium (1 of 1 seed)" in verdict.words
    assert "greedy states 0.110" in verdict.words
    verdict = judge_closeness([close, far, far, vague, {"pairs": {}}])
    assert verdict is not None
    assert verdict.words.endswith(
        "Of 4 seeds, 1 close to an equilibrium as far as these responses tell, 2 not, 1 undecided."
    )
    assert verdict.seeds == (Closeness.CLOSE, Closeness.EXPLOITABLE, Closeness.EXPLOITABLE, Closeness.UNDECIDED)


def test_where_nothing_was_measured_nothing_is_said() -> None:
    assert judge_closeness([{"pairs": {}}]) is None
    assert np.isnan(gains_of([result(0.1, None), {"pairs": {}}], "greedy")).all()
    assert gains_of([result(0.1, None)], "security_seeker") == [0.1]


def test_an_intent_that_nobody_has_is_not_told() -> None:
    verdict = judge_closeness([result(0.001, None)])
    assert verdict is not None
    assert "greedy" not in verdict.words
