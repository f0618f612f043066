"""Games as stable-baselines3 sees them: slots, ends, time limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma import WORLDS, Games, Params
from security_dilemma.state import Move
from security_dilemma_training.vec_env import GamesVecEnv

HOLD, STRIKE = np.array([Move.HOLD, 0]), np.array([Move.STRIKE, 0])
PEACE = Params(crisis_rate=0.0)
WAR = Params(crisis_rate=1.0, trust=1.0)


def vec_env(params: Params, n_games: int = 3, **game: Any) -> GamesVecEnv:
    """Slots of a few games, already reset with seed 0."""
    env = GamesVecEnv(Games(params, n_games, **game))
    env.seed(0)
    env.reset()
    return env


def play(
    env: GamesVecEnv, actions: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[dict[str, Any]]]:
    """Step the slots; their observations are arrays."""
    observations, rewards, done, infos = env.step(actions)
    assert isinstance(observations, np.ndarray)
    return observations, rewards, done, infos


def everyone(env: GamesVecEnv, action: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same action for every slot."""
    width = env.games.n_components
    return np.tile(np.concatenate([action, np.zeros(width - 2, int)]), (env.num_envs, 1))


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete", "continuous"])
@pytest.mark.parametrize("n_states", [2, 3])
def test_slots_speak_the_spaces(mode: Any, n_states: int) -> None:
    env = vec_env(WORLDS["not_intense"], n_states=n_states, action_mode=mode)
    env.action_space.seed(1)
    assert env.num_envs == 3 * n_states
    for _ in range(30):
        actions = np.array([env.action_space.sample() for _ in range(env.num_envs)])
        observations, rewards, done, infos = play(env, actions)
        assert observations.shape == (env.num_envs, env.games.obs_dim)
        assert observations.flags.c_contiguous
        assert all(env.observation_space.contains(row) for row in observations)
        assert rewards.shape == done.shape == (env.num_envs,)
        assert [("terminal_observation" in info) for info in infos] == done.tolist()


def test_slot_is_game_times_states_plus_state() -> None:
    env, games = vec_env(WORLDS["intense"]), Games(WORLDS["intense"], 3)
    expected = games.reset(0)
    env.seed(0)
    np.testing.assert_array_equal(env.reset(), expected.reshape(6, -1))
    actions = np.zeros((6, 2), int)
    actions[3] = [Move.ARM_OFFENSIVELY, 0]
    play(env, actions)
    assert env.games.state.offensive[1, 1] == np.float32(0.5)
    assert np.count_nonzero(env.games.state.offensive) == 1


def test_a_time_limit_is_told_from_an_end() -> None:
    env = vec_env(PEACE, max_cycles=2)
    _, _, done, _ = play(env, everyone(env, np.array([Move.ARM_DEFENSIVELY, 0])))
    assert not done.any()
    observations, _, done, infos = play(env, everyone(env, np.array([Move.ARM_DEFENSIVELY, 0])))
    assert done.all()
    assert all(info["TimeLimit.truncated"] for info in infos)
    # own defensive stock is the fourth entry: 0.5 and 0.95 * 0.5 + 0.5 before the restart, none after it
    np.testing.assert_allclose([info["terminal_observation"][3] for info in infos], 0.975)
    np.testing.assert_array_equal(observations[:, 3], 0)


def test_a_war_is_an_end() -> None:
    env = vec_env(WAR)
    play(env, everyone(env, HOLD))
    _, rewards, done, infos = play(env, everyone(env, STRIKE))
    assert done.all()
    assert not any(info["TimeLimit.truncated"] for info in infos)
    np.testing.assert_allclose(np.sort(rewards.reshape(3, 2)), [[-0.25, 0.75]] * 3, rtol=1e-6)
    # the loser saw nothing any more, the winner itself
    losers = np.argmin(rewards.reshape(3, 2), axis=1)
    for game, loser in enumerate(losers):
        assert not infos[2 * game + loser]["terminal_observation"].any()
        assert infos[2 * game + 1 - loser]["terminal_observation"].any()


def test_the_slot_of_an_eliminated_state_idles_until_its_game_restarts() -> None:
    env = vec_env(WAR, n_games=1, n_states=3)
    play(env, everyone(env, HOLD))
    observations, _, done, _ = play(env, everyone(env, STRIKE))
    dead = int(np.flatnonzero(done)[0])
    assert done.sum() == 1
    assert not observations[dead].any()
    observations, rewards, done, _ = play(env, everyone(env, HOLD))
    assert not done.any()
    assert rewards[dead] == 0
    assert not observations[dead].any()
    observations, _, done, infos = play(env, everyone(env, STRIKE))
    assert done.all()
    assert not any(info["TimeLimit.truncated"] for info in infos)
    assert observations.any(axis=1).all()


def test_seed_makes_games_repeat() -> None:
    def seen_with(seed: int) -> NDArray[Any]:
        env = vec_env(WORLDS["doubly_dangerous"])
        env.seed(seed)
        seen = [env.reset()]
        env.action_space.seed(0)
        seen += [play(env, np.array([env.action_space.sample() for _ in range(6)]))[0] for _ in range(40)]
        return np.array(seen)

    np.testing.assert_array_equal(seen_with(5), seen_with(5))
    assert (seen_with(5) != seen_with(6)).any()


def test_attributes_and_methods_of_slots() -> None:
    env = vec_env(WAR)
    assert env.get_attr("render_mode") == [None] * 6
    assert env.get_attr("n_states", [0, 5]) == [2, 2]
    assert env.get_attr("state_index") == [0, 1] * 3
    masks = np.stack(env.env_method("action_masks"))
    assert masks.shape == (6, 10)
    assert not masks[:, Move.STRIKE].any()
    play(env, everyone(env, HOLD))
    assert np.stack(env.env_method("action_masks"))[:, Move.STRIKE].all()
    env.set_attr("label", "north", indices=2)
    assert env.get_attr("label", 2) == ["north"]
    assert not env.has_attr("nonsense")
    assert env.env_is_wrapped(object) == [False] * 6
