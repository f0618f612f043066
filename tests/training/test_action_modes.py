"""Policies of one action mode in games of another: the same moves, and the masks of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.actions import decode
from security_dilemma.chance import draw
from security_dilemma.dynamics import advance
from security_dilemma.games import Games
from security_dilemma.params import WORLDS
from security_dilemma.state import State
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.action_modes import in_mode
from security_dilemma_training.policies import Bools, Floats


@pytest.mark.parametrize("name", ["dove", "hawk", "tit_for_tat", "opportunist", "deterrer", "defensive_realist"])
@pytest.mark.parametrize("n_states", [2, 3])
def test_strategies_as_rates_play_the_same_games_where_signals_do_not_matter(name: str, n_states: int) -> None:
    params, rng = WORLDS["doubly_dangerous"], np.random.default_rng(0)
    games = [Games(params, 50, n_states=n_states, action_mode=m, seed=1) for m in ("multidiscrete", "continuous")]
    made = [STRATEGIES[name](params, n_states) for _ in games]
    policies = [made[0], in_mode(made[1], "multidiscrete", "continuous", n_states)]
    for _ in range(30):
        draws = draw(rng, n_states, (50,))
        after: list[State] = []
        for game, policy in zip(games, policies, strict=True):
            actions = policy.act(game._observe(game.state), game.action_mask(), np.random.default_rng(7))
            action = decode(game.params, game.state, game._checked(actions), draws, game.action_mode)
            action = action._replace(signal=0 * action.signal)
            after.append(advance(game.params, game.state, action, draws))
            game.restore(after[-1])
        for field in State._fields:
            assert np.array_equal(getattr(after[0], field), getattr(after[1], field)), field
    assert (not after[0].alive.all()) == (name in ("hawk", "opportunist"))


def test_masks_are_those_of_the_policys_own_mode() -> None:
    class Spy:
        def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
            self.mask = mask
            return np.zeros((*observations.shape[:2], 3 if mask.shape[-1] == 13 else 1), int)

    for signals in (True, False):
        options: dict[str, Any] = {"n_states": 3, "seed": 3, "signals": signals}
        games = {
            mode: Games(WORLDS["intense"], 60, action_mode=mode, **options)
            for mode in ("multidiscrete", "discrete", "continuous")
        }
        state = games["multidiscrete"].state
        alive = np.random.default_rng(0).random(state.alive.shape) < 0.8
        state = state._replace(alive=alive, crisis=np.random.default_rng(1).random(alive.shape) < 0.5)
        for game in games.values():
            game.restore(state)
        seen = games["multidiscrete"]._observe(state) * alive[..., None]
        for theirs in ("multidiscrete", "discrete"):
            for ours, game in games.items():
                spy = Spy()
                in_mode(spy, theirs, game.action_mode, 3).act(seen, game.action_mask(), np.random.default_rng(0))
                if ours == theirs:
                    continue
                expected = games[theirs].action_mask()
                if ours != "continuous":
                    assert np.array_equal(spy.mask, expected), (theirs, ours)
                elif theirs == "multidiscrete":
                    assert np.array_equal(spy.mask[..., :6], expected[..., :6])
                    assert np.array_equal(spy.mask[..., 7], expected[..., 7])
                    assert not spy.mask[..., [6, 8, 9, 11, 12]].any()
