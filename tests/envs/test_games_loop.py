"""Games are the rules, game by game, with the same draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import security_dilemma.games
from security_dilemma.actions import action_mask, decode
from security_dilemma.chance import Draws, draw_start, draw_step
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.games import Games
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.state import State
from tests.envs.builders import random_actions
from tests.envs.test_games import BUSY, SHAPES

N_GAMES, MAX_CYCLES = 6, 7


class Loop:
    """The same games as a :class:`Games`, played one by one through the rules with the draws that it makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, params: Params, games: Games, given: dict[str, Any]) -> None:
        self.starts: list[Draws] = []
        self.steps: list[Draws] = []
        for name, kept, original in (("draw_start", self.starts, draw_start), ("draw_step", self.steps, draw_step)):
            monkeypatch.setattr(security_dilemma.games, name, self._recording(kept, original))
        self.params, self.games, self.given = params, games, given
        self.states: list[State] = []

    @staticmethod
    def _recording(kept: list[Draws], original: Any) -> Any:
        def record(*args: Any, **kwargs: Any) -> Draws:
            kept.append(original(*args, **kwargs))
            return kept[-1]

        return record

    def start(self, k: int, row: int) -> State:
        """Game k anew, from one row of the last draws of starts and with what is given for that game."""
        given = {name: x[k] for name, x in self.given.items()}
        return initial(self.params, of_game(self.starts[-1], row), self.games.stages, **given)

    def step(self, k: int, actions: Any) -> tuple[State, Any]:
        """One game's next state and payoffs."""
        stages, war = self.games.stages, self.games.war
        draws = of_game(self.steps[-1], k)
        mode, signals = self.games.action_mode, self.games.signals
        action = decode(self.params, self.states[k], actions, draws, mode, signals=signals)
        after = advance(self.params, self.states[k], action, draws, stages, war)
        return after, reward(self.params, self.states[k], action, after, stages, war)

    def seen(self, state: State) -> Any:
        """What the states of one game observe."""
        return observe(self.params, state, self.games.stages, reveal_intents=self.games.reveal_intents)


def of_game(draws: Draws, k: int) -> Draws:
    return Draws(*(None if x is None else x[k] for x in draws))


def assert_close(found: Any, expected: Any, name: str) -> None:
    assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=name)


def assert_states(found: State, k: int, expected: State) -> None:
    for name, x in found._asdict().items():
        assert_close(x[k], getattr(expected, name), name)


def assert_step(loop: Loop, actions: Any, step: Any) -> int:
    """Compare one step of all games; return how many ended."""
    games, stages = loop.games, loop.games.stages
    seen, paid, ended_states, truncated, info = step
    restarted = 0
    for k in range(N_GAMES):
        after, expected_pay = loop.step(k, actions[k])
        assert_close(paid[k], expected_pay, "reward")
        ends = terminated(after, stages)
        assert_array_equal(ended_states[k], ends)
        assert_array_equal(truncated[k], ~ends & (after.steps >= MAX_CYCLES))
        over = bool(np.all(ends) or after.steps >= MAX_CYCLES)
        assert (k in info["ended"]) == over
        if over:
            assert_close(info["final_observation"][restarted], loop.seen(after), "final observation")
            assert_states(info["final_state"], restarted, after)
            after = loop.start(k, restarted)
            restarted += 1
        assert_close(seen[k], loop.seen(after), "observation")
        mask = action_mask(after, games.action_mode, stages, signals=games.signals)
        assert_array_equal(info["action_mask"][k], mask)
        assert_states(games.state, k, after)
        loop.states[k] = after
    assert len(info["ended"]) == restarted
    return restarted


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fixed", [False, True])
def test_games_are_the_rules_game_by_game(shape: str, fixed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    games = Games(BUSY, N_GAMES, max_cycles=MAX_CYCLES, seed=1, dtype=np.float64, **SHAPES[shape])
    n, mode = games.n_states, games.action_mode
    rng = np.random.default_rng(5)
    given: dict[str, Any] = {}
    if fixed:  # other starts in every game
        given = {name: rng.random((N_GAMES, n)) for name in ("offensive", "defensive", "balance")}
        given["intents"] = rng.random((N_GAMES, n)) < 0.5
    loop = Loop(monkeypatch, BUSY, games, given)
    observations = games.reset(2, **given)
    loop.states = [loop.start(k, k) for k in range(N_GAMES)]
    assert_close(observations, [loop.seen(state) for state in loop.states], "observations")
    endings = 0
    for _ in range(20):
        actions = random_actions(rng, n, (N_GAMES,), mode)
        endings += assert_step(loop, actions, games.step(actions))
    assert endings >= N_GAMES
