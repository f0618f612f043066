"""Two options of a game: intents that everyone sees, and signals that nobody hears; nothing else changes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.actions import ACTION_MODES, ActionMode, action_mask, component_sizes, decode
from security_dilemma.games import Games
from security_dilemma.gymnasium_env import SecurityDilemmaEnv
from security_dilemma.parallel_env import parallel_env
from security_dilemma.params import Params
from security_dilemma.perception import observation_table, observe
from security_dilemma.stage_games import stage_game
from security_dilemma.strategies import STRATEGIES
from tests.envs.builders import BURN, DEFEND, HOLD, OPEN, PLEDGE, STRIKE, make_draws, make_state, random_actions

MIXED = Params(crisis_rate=0.5, trust=0.5, greed=0.7, arms_noise=0.1, distinguishability=0.5)


def names(n: int, *, reveal_intents: bool) -> list[str]:
    return [entry.name for entry in observation_table(MIXED, n, reveal_intents=reveal_intents)]


def played(games: Games, steps: int = 12) -> list[tuple[Any, ...]]:
    """Observations, payoffs and masks of random play, the same actions for the same seed."""
    rng, seen = np.random.default_rng(3), [(games.reset(5),)]
    for _ in range(steps):
        observations, rewards, *_, info = games.step(
            random_actions(rng, games.n_states, (games.n_games,), games.action_mode)
        )
        seen.append((observations, rewards, info["action_mask"]))  # type: ignore[arg-type]
    return seen


# --- intents revealed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 8])
def test_revealed_intents_stand_last_in_what_is_seen_of_each_other_state(n: int) -> None:
    table = observation_table(MIXED, n, reveal_intents=True)
    assert [entry.place for entry in table] == list(range(8 + 14 * (n - 1)))
    revealed = [f"other_{k}_greed" for k in range(1, n)]
    assert [entry.name for entry in table if entry.name in revealed] == revealed
    assert [entry.name for entry in table if entry.name not in revealed] == names(n, reveal_intents=False)
    own, *others = (entry for entry in table if entry.name.endswith("greed"))
    assert all((entry.low, entry.high) == (own.low, own.high) for entry in others)


def test_each_state_sees_the_others_greed_and_what_it_saw_before() -> None:
    state = make_state(3, greed=[0.5, 0.0, 0.7], economy=[5.0, 6.0, 7.0])
    seen = dict(zip(names(3, reveal_intents=True), observe(MIXED, state, reveal_intents=True).T, strict=True))
    assert_array_equal(seen["own_greed"], [0.5, 0.0, 0.7])
    assert_array_equal(seen["other_1_greed"], [0.0, 0.7, 0.5])
    assert_array_equal(seen["other_2_greed"], [0.7, 0.5, 0.0])
    hidden = dict(zip(names(3, reveal_intents=False), observe(MIXED, state).T, strict=True))
    for name, column in hidden.items():
        assert_array_equal(seen[name], column)


def test_the_eliminated_see_no_intents() -> None:
    state = make_state(3, greed=0.5, alive=[True, False, True])
    assert_array_equal(observe(MIXED, state, reveal_intents=True)[1], np.zeros(36))


@pytest.mark.parametrize("n", [2, 3])
def test_games_with_revealed_intents_are_the_same_games(n: int) -> None:
    hidden, revealed = (Games(MIXED, 40, n_states=n, max_cycles=6, reveal_intents=flag) for flag in (False, True))
    kept = [place for place, name in enumerate(names(n, reveal_intents=True)) if name in names(n, reveal_intents=False)]
    for one, other in zip(played(hidden), played(revealed), strict=True):
        assert_array_equal(one[0], other[0][..., kept])
        for x, y in zip(one[1:], other[1:], strict=True):
            assert_array_equal(x, y)


def test_the_stage_stands_where_it_stood() -> None:
    game = stage_game("kydd_reassurance")
    games = Games(n_games=4, seed=0, reveal_intents=True, **game.arguments())
    table = [entry.name for entry in observation_table(game.params, 2, game.stages, reveal_intents=True)]
    assert table[8:10] == ["stage_0", "stage_1"]
    assert_array_equal(games.reset(0, intents=[1, 0])[:, :, table.index("other_1_greed")], [[0.0, 1.0]] * 4)


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_play_as_they_do_where_intents_are_hidden(name: str) -> None:
    moves = []
    for flag in (False, True):
        games = Games(MIXED, 30, n_states=3, max_cycles=8, reveal_intents=flag)
        strategy, rng = STRATEGIES[name](MIXED, 3, None, 8, reveal_intents=flag), np.random.default_rng(1)
        observations, sent = games.reset(2), []
        for _ in range(7):
            sent.append(strategy.act(observations, games.action_mask(), rng))
            observations, *_ = games.step(sent[-1])
        moves.append(sent)
    assert_array_equal(moves[0], moves[1])


# --- signals silenced --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ACTION_MODES)
def test_nothing_is_said_without_signals_and_moves_stay(mode: ActionMode) -> None:
    sent = {
        "multidiscrete": [[DEFEND, PLEDGE], [STRIKE, BURN]],
        "discrete": [[DEFEND * 5 + PLEDGE], [STRIKE * 5 + BURN]],
        "continuous": [[0.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0, 1.0]],
    }[mode]
    said, silent = (
        decode(MIXED, make_state(), np.array(sent), make_draws(), mode, signals=flag) for flag in (True, False)
    )
    assert np.all(said.signal != 0)
    assert_array_equal(silent.signal, [0, 0])
    assert silent.signal.dtype == said.signal.dtype
    for one, other in zip(said._replace(signal=silent.signal), silent, strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("mode", ACTION_MODES)
@pytest.mark.parametrize("n", [2, 3])
def test_games_without_signals_are_games_in_which_everyone_is_silent(n: int, mode: ActionMode) -> None:
    """Whatever is sent, the same chance gives what it gives where nobody signals: no cost, no pledge, no openness."""
    silenced, hearing = (
        Games(MIXED, 40, n_states=n, max_cycles=6, action_mode=mode, signals=flag) for flag in (False, True)
    )
    rng = np.random.default_rng(0)
    assert_array_equal(silenced.reset(4), hearing.reset(4))
    for _ in range(10):
        actions = random_actions(rng, n, (40,), mode)
        one, other = silenced.step(actions)[:4], hearing.step(unsaid(actions, n, mode))[:4]
        for x, y in zip(one, other, strict=True):
            assert_array_equal(x, y)
    assert not silenced.state.last_signal.any()
    assert not silenced.state.pledged.any()


def unsaid(actions: Any, n: int, mode: ActionMode) -> Any:
    """The same actions with silence in place of what is said."""
    if mode == "discrete":
        parts = list(np.unravel_index(actions, component_sizes(n)))
        parts[1] = np.zeros_like(parts[1])
        return np.ravel_multi_index(tuple(parts), component_sizes(n))
    quiet = actions.copy()
    quiet[..., 3 if mode == "continuous" else 1] = 0
    return quiet


@pytest.mark.parametrize("n", [2, 3])
def test_masks_say_that_only_silence_has_an_effect(n: int) -> None:
    state = make_state(n, crisis=True)
    one, other = action_mask(state), action_mask(state, signals=False)
    assert_array_equal(other[:, 5:10], [[True, False, False, False, False]] * n)
    assert_array_equal(np.delete(one, slice(5, 10), axis=1), np.delete(other, slice(5, 10), axis=1))
    flat = action_mask(state, "discrete", signals=False)
    values = np.arange(flat.shape[-1])
    silent = values if n == 2 else values // 3
    assert_array_equal(flat, action_mask(state, "discrete") & (silent % 5 == 0))
    rates = action_mask(state, "continuous", signals=False)
    assert_array_equal(rates, [[True, True, True, False, True]] * n)


def test_the_pettingzoo_face_without_signals_and_with_revealed_intents() -> None:
    game = parallel_env(signals=False, reveal_intents=True, crisis_rate=1.0, trust=0.5)
    hidden = parallel_env(crisis_rate=1.0, trust=0.5)
    observations, infos = game.reset(seed=1, options={"intents": ["greedy", "security_seeker"]})
    assert game.observation_space("state_0").shape == (22,)
    assert game.action_space("state_0") == hidden.action_space("state_0")
    assert game.state_space.shape == hidden.state_space.shape
    assert [observations[agent][-1] for agent in game.agents] == [0.0, 0.5]
    assert_array_equal(infos["state_0"]["action_mask"][1], [1, 0, 0, 0, 0])
    observations, rewards, *_ = game.step({agent: np.array([HOLD, BURN]) for agent in game.agents})
    assert observations["state_0"][-1] == 0.0
    assert rewards["state_0"] == pytest.approx(1 - game.params.discount)  # nothing was burnt
    game.step({agent: np.array([HOLD, OPEN]) for agent in game.agents})
    assert not game._state.last_signal.any()  # type: ignore[union-attr]


def test_the_gymnasium_face_passes_the_options_on() -> None:
    env = SecurityDilemmaEnv(reveal_intents=True, signals=False)
    observation, info = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert observation.shape == (22,)
    assert_array_equal(info["action_mask"][1], [1, 0, 0, 0, 0])
