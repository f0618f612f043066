"""What the exact solver refuses: games that are infinite, too large or none, and what is no profile or policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.params import ParameterError
from security_dilemma.solver import GameTree, best_response, expected_payoffs, nash_conv, payoffs, posteriors
from security_dilemma.solver.enumeration import Floats
from security_dilemma.stage_games import StageGame, stage_game


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([2.0, 0, 0, 0, 1], [1.0, 0, 0, 0, 0]), "each row must be >= 0 and sum to 1"),
        (([1.5, 0, 0, 0, -0.5], [1.0, 0, 0, 0, 0]), "each row must be >= 0 and sum to 1"),
        (([0.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0]), "each row must be >= 0 and sum to 1"),
        (([0.5, 0.5], [1.0, 0, 0, 0, 0]), r"sizes \[\(2,\), \(5,\)\]: components have \(5, 5\), or their product"),
        (([1.0, 0, 0, 0, 0],), r"sizes \[\(5,\)\]"),
    ],
)
def test_a_policy_that_gives_no_distributions_is_refused(parts: tuple[list[float], ...], message: str) -> None:
    tree = GameTree.build(stage_game("crisis"))
    with pytest.raises(ValueError, match=message):
        tree.behaviour_of(lambda seen: [np.tile(part, (len(seen), 1)) for part in parts])


@pytest.mark.parametrize("who", [-1, 2])
def test_there_are_two_players(who: int) -> None:
    tree = GameTree.build(stage_game("crisis"))
    for call in (best_response, posteriors):
        with pytest.raises(ValueError, match=f"player = {who} must be 0 or 1"):
            call(tree, tree.uniform(), who)


def test_a_name_is_no_game() -> None:
    name: Any = "crisis"
    with pytest.raises(ParameterError, match=r"game = 'crisis' must be a StageGame: see stage_game\(name\)"):
        GameTree.build(name)


def test_a_policy_that_may_react_to_noise_is_refused() -> None:
    tree = GameTree.build(stage_game("crisis", posture_noise=0.1))
    with pytest.raises(ValueError, match=r"posture_noise = 0.1 must be 0"):
        tree.behaviour_of(lambda seen: (np.ones((len(seen), 5)) / 5,) * 2)


ARMING = StageGame(
    stage_game("crisis").params,
    ((("hold", "arm_offensively"), 0.5), (("strike",), 0.5)),
    "terminal",
    (("silent",), ("silent",)),
    "none",
)


def changed(**changes: Any) -> StageGame:
    return ARMING._replace(params=ARMING.params.replace(**changes))


@pytest.mark.parametrize(
    ("game", "initiatives", "message"),
    [
        (changed(balance_noise=0.1), 1, r"balance_noise = 0.1 must be 0"),
        (changed(balance_width=0.5), 1, r"balance_width = 0.5 must be 0"),
        (changed(arms_noise=0.2), 1, r"arms_noise = 0.2 must be 0"),
        (changed(posture_noise=0.1, visibility_override=0.5), 1, r"posture_noise = 0.1 must be 0"),
        (changed(trust=1.5), 1, r"trust = 1.5 is outside \[0, 1\]"),
        (changed(greed=np.array([1.0, 1.0, 1.0])), 1, "greed has 3 values for 2 states"),
        (ARMING._replace(action_mode="continuous"), 1, "action_mode = 'continuous'"),
        (ARMING, 0, r"initiatives = 0 must be a whole number in \[1, 1000\]"),
        (ARMING._replace(signals=(("silent",),)), 1, "one entry for each of the 2 stages"),
        (ARMING._replace(signals=(("silent",), ("brun",))), 1, r"signals\[1\]: unknown signal 'brun': .*burn"),
        (ARMING._replace(signals=(("silent",), ("burn",))), 1, r"signals\[1\] = .* must include 'silent'"),
        (ARMING._replace(stages=((("strike",), 0.5),), signals=(("silent",),)), 1, "sum to 0.5, not to 1"),
        (ARMING._replace(war="total"), 1, "war = 'total' must be"),
    ],
)
def test_what_is_not_finite_or_not_valid(game: StageGame, initiatives: int, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        GameTree.build(game, initiatives=initiatives)


def test_arms_that_nobody_can_see_any_more_may_be_reported_with_noise() -> None:
    """Bought in the last stage."""
    noisy = changed(posture_noise=0.1, arms_noise=0.1, visibility_override=0.5)
    assert len(GameTree.build(noisy._replace(stages=ARMING.stages[::-1])).stages) == 2


@pytest.mark.parametrize("changes", [{"posture_noise": 0.3}, {"visibility_override": 1.0}])
def test_noise_that_tells_nothing_is_left_out(changes: dict[str, Any]) -> None:
    tree, plain = GameTree.build(changed(**changes)), GameTree.build(ARMING)
    assert expected_payoffs(tree, tree.uniform()) == pytest.approx(expected_payoffs(plain, plain.uniform()))


def test_a_tree_that_is_too_large_says_how_large() -> None:
    with pytest.raises(
        ValueError, match=r"stage 0 has up to 8000000 plays \(1000000 .* 2 actions a state\), more than"
    ):
        GameTree.build(stage_game("baliga_sjostrom"), initiatives=1000)
    long = changed(trust=0.5)._replace(
        stages=((("arm_offensively", "disarm", "strike"), 0.25),) * 4, signals=(("silent",),) * 4
    )
    with pytest.raises(ValueError, match=r"stage 3 has up to \d+ plays \(\d+ histories, 4 actions a state\)"):
        GameTree.build(long._replace(war="scaled"))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (np.array([[0.5, 0.4]]), "a row is no distribution"),
        (np.array([[1.5, -0.5]]), "a row is no distribution"),
        (np.array([[np.nan, 1.0]]), "a row is no distribution"),
        (np.array([[1.0, 0.0, 0.0]]), r"shape \(1, 3\) is not \(information sets, actions\) = \(1, 2\)"),
    ],
)
def test_what_is_no_profile(part: Floats, message: str) -> None:
    tree = GameTree.build(stage_game("crisis"))
    good = np.array([[0.5, 0.5]])
    with pytest.raises(ValueError, match=f"state 1, stage 0: {message}"):
        expected_payoffs(tree, ((good,), (part,)))
    with pytest.raises(ValueError, match="state 0 has 0 stages, the game 1"):
        nash_conv(tree, ((), (good,)))


def test_an_action_that_a_stage_does_not_have() -> None:
    tree = GameTree.build(stage_game("costly_signal"))
    assert_array_equal(tree.surely(0, "hold", "burn"), [0, 1])
    with pytest.raises(ValueError, match=r"stage 0 has no action \('strike', 'silent'\)"):
        tree.surely(0, "strike")


def test_a_best_response_that_loses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = GameTree.build(stage_game("crisis"))
    worse = best_response(tree, tree.uniform(), 0)._replace(value=-1.0)
    monkeypatch.setattr(payoffs, "best_response", lambda *_: worse)
    with pytest.raises(AssertionError, match="a best response loses"):
        nash_conv(tree, tree.uniform())
