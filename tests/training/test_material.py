"""Material payoff: the payoff without what is valued for its own sake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma.state import Move, Signal
from security_dilemma_training.policies import Matched, Policy
from security_dilemma_training.studies.material import material_payoff, motive_payoff
from security_dilemma_training.trajectories import record
from security_dilemma_training.welfare import discounted_payoffs
from tests.training.players import Coin, Scripted

RICH = WORLDS["doubly_dangerous"].replace(growth=0.01, spoils=0.3, initiative_mean=0.1, crisis_rate=0.4)
MOTIVES: dict[str, Any] = {"power_weight": np.array([0.0, 0.7]), "routine_weight": np.array([0.3, 0.1])}


def test_half_of_all_power_is_paid_in_each_step_and_is_not_material() -> None:
    params = WORLDS["doubly_safe"].replace(power_weight=np.array([0.0, 2.0]))
    t = record(params, Scripted(Move.HOLD), n_games=3, intents=0, seed=0)
    assert np.allclose(motive_payoff(t)[t.active], [0, 0.05 * 2 * 0.5], rtol=1e-5)
    assert np.allclose(discounted_payoffs(t), [1, 1 + (1 - 0.95**64)], rtol=1e-5)
    assert np.allclose(material_payoff(t), 1, rtol=1e-5)


def test_a_broken_routine_has_a_price_that_is_not_material() -> None:
    """The first state breaks its habit of holding in the first step, and arms ever after."""
    params = WORLDS["intense"].replace(routine_weight=0.4, crisis_rate=0.0)
    policy = Matched([Scripted(Move.ARM_DEFENSIVELY), Scripted(Move.HOLD)])
    t = record(params, policy, n_games=2, intents=0, seed=0)
    assert np.allclose(motive_payoff(t)[0], [-0.05 * 0.4, 0], rtol=1e-5)
    assert np.allclose(motive_payoff(t)[1:], 0, atol=1e-7)


@pytest.mark.parametrize("n_states", [2, 3])
@pytest.mark.parametrize(
    "policy", [Coin(0.4), Scripted(Move.ARM_OFFENSIVELY, Signal.BURN), Scripted(Move.STRIKE, Signal.PLEDGE)]
)
def test_it_is_what_states_without_these_motives_are_paid_in_the_same_games(policy: Policy, n_states: int) -> None:
    """Nobody here sees the weights, so that the games are the same with and without them."""
    motives = {name: np.resize(weights, n_states) for name, weights in MOTIVES.items()}
    games = [
        record(params, policy, n_games=60, n_states=n_states, intents=np.arange(n_states) == 0, seed=4)
        for params in (RICH, RICH.replace(**motives))
    ]
    assert np.abs(discounted_payoffs(games[1]) - discounted_payoffs(games[0])).max() > 0.01
    for t in games:
        assert np.allclose(material_payoff(t), discounted_payoffs(games[0]), atol=2e-6)


def test_in_stage_games_stakes_stand_in_for_the_discount() -> None:
    stages = STAGE_GAMES["richardson"].arguments()["stages"]
    params = Params(power_weight=1.0, crisis_rate=0.0)
    t = record(params, Scripted(Move.HOLD), n_games=2, intents=0, seed=0, stages=stages)
    assert np.allclose(discounted_payoffs(t), 1.5, rtol=1e-5)
    assert np.allclose(material_payoff(t), 1, rtol=1e-5)


def test_payoffs_that_are_mixed_are_not_taken_apart() -> None:
    t = record(RICH.replace(prosocial_weight=0.5), Coin(0.0), n_games=2, intents=0, seed=0)
    with pytest.raises(ValueError, match=r"prosocial_weight = 0.5 .* must be 0"):
        material_payoff(t)
