"""Play at the ends of every range: nothing overflows, and all stays within the spaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma import Games, parallel_env
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.perception import observation_table
from tests.envs.builders import random_actions

ENDS: list[dict[str, Any]] = [
    {name: end} for name, allowed in PARAMETERS.items() for end in (allowed.low, allowed.high) if allowed.contains(end)
]
TOGETHER: list[dict[str, Any]] = [
    {"arms_noise": 5.0, "arms_cap": 1e6, "build": 1e6},
    {"surge_attack": 1e-6, "home_defence": 1e6, "decisiveness": 4.0, "power_weight": 100.0},
    {"surge_attack": 1e6, "home_defence": 1e-6, "decisiveness": 4.0, "balance": 3.0, "balance_width": 100.0},
    {"initial_economy": 1e6, "greed": 3.0, "spoils": 100.0, "growth": 0.1, "prosocial_weight": 100.0},
    {"balance_noise": 100.0, "balance_bias": -100.0, "initiative_mean": -100.0, "initiative_width": 100.0},
    {"upkeep": 0.3, "arms_cap": 1e6, "build": 1e6, "burn_cost": 100.0, "growth": 1.0},
]


@pytest.mark.parametrize(
    "changes", ENDS + TOGETHER, ids=lambda changes: "-".join(f"{k}={v}" for k, v in changes.items())
)
def test_play_at_the_ends_of_the_ranges(changes: dict[str, Any]) -> None:
    params = Params(crisis_rate=0.5, trust=0.5).replace(**changes)
    games = Games(params, 200, n_states=3, seed=0, max_cycles=64)
    table = observation_table(games.params, 3)
    low, high = np.array([(row.low, row.high) for row in table], np.float32).T
    rng = np.random.default_rng(0)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        for _ in range(70):
            observations, rewards, _, _, info = games.step(random_actions(rng, 3, (200,)))
            assert np.isfinite(observations).all()
            assert np.isfinite(rewards).all()
            for seen in (observations, info["final_observation"]):
                assert (seen >= low).all()
                assert (seen <= high).all()


def test_the_space_of_a_growing_economy_holds_it() -> None:
    game = parallel_env(growth=1.0, crisis_rate=0.0)
    game.reset(seed=0)
    while game.agents:
        observations, *_ = game.step(dict.fromkeys(game.agents, np.zeros(2, int)))
    space = game.observation_space("state_0")
    assert space.contains(observations["state_0"])
    assert observations["state_0"].max() == pytest.approx(2.0**64)
