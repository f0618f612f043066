"""Equal seeds play equal games, to the last bit and over whole episodes; different seeds do not."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma import Games, parallel_env
from security_dilemma.actions import ACTION_MODES

NOISY: dict[str, Any] = {
    "arms_noise": 0.2,
    "balance_noise": 0.5,
    "balance_width": 1.0,
    "initiative_width": 0.3,
    "crisis_rate": 0.3,
}
GAMES = [
    pytest.param({"action_mode": mode, "n_states": n, **NOISY}, id=f"{mode}-{n}")
    for mode, n in product(ACTION_MODES, (2, 3, 5))
]


def episode(game: Any, seed: int | None, actions_seed: int = 7) -> list[Any]:
    """Play a whole episode and return everything that a learner or a critic gets to see."""
    for place, agent in enumerate(game.possible_agents):
        game.action_space(agent).seed(actions_seed + place)
    record: list[Any] = [*game.reset(seed=seed), game.state()]
    while game.agents:
        record += [*game.step({agent: game.action_space(agent).sample() for agent in game.agents}), game.state()]
    return record


def flatten(record: Any) -> list[Any]:
    """Return the names, numbers and bytes of a record in order."""
    if isinstance(record, dict):
        return [part for key, value in record.items() for part in (key, *flatten(value))]
    if isinstance(record, list | tuple):
        return [part for value in record for part in flatten(value)]
    return [(record.dtype.str, record.shape, record.tobytes())] if isinstance(record, np.ndarray) else [record]


@pytest.mark.parametrize("game", GAMES)
def test_equal_seeds_are_equal_to_the_last_bit(game: dict[str, Any]) -> None:
    first, second = parallel_env(**game), parallel_env(**game)
    for seed in range(4):
        assert flatten(episode(first, seed)) == flatten(episode(second, seed))


@pytest.mark.parametrize("game", GAMES)
def test_a_seed_is_independent_of_what_was_played_before(game: dict[str, Any]) -> None:
    used = parallel_env(**game)
    episode(used, 1)
    assert flatten(episode(used, 5)) == flatten(episode(parallel_env(**game), 5))


@pytest.mark.parametrize("game", GAMES)
def test_different_seeds_differ(game: dict[str, Any]) -> None:
    env = parallel_env(**game)
    records = [flatten(episode(env, seed)) for seed in range(6)]
    assert all(records[i] != records[j] for i in range(6) for j in range(i))


@pytest.mark.parametrize("game", GAMES)
def test_reset_without_a_seed_goes_on_with_the_generator(game: dict[str, Any]) -> None:
    first, second = parallel_env(**game), parallel_env(**game)
    runs = [[flatten(episode(env, seed)) for seed in (3, None, None)] for env in (first, second)]
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] != runs[0][2]


def test_games_that_are_never_seeded_differ() -> None:
    assert flatten(episode(parallel_env(**NOISY), None)) != flatten(episode(parallel_env(**NOISY), None))


@pytest.mark.parametrize("mode", ACTION_MODES)
@pytest.mark.parametrize("n_states", [2, 3, 5])
def test_the_face_plays_the_game_that_games_plays(mode: Any, n_states: int) -> None:
    """With equal seeds and actions the face and one of many games see and are paid the same."""
    env = parallel_env(n_states=n_states, action_mode=mode, **NOISY)
    games = Games(env.params, 1, n_states=n_states, action_mode=mode, seed=11)
    observations, _ = env.reset(seed=11)
    expected = games.reset(11)
    assert_allclose(np.stack(list(observations.values())), expected[0], rtol=1e-5, atol=1e-6)
    while env.agents:
        sample = {agent: env.action_space(agent).sample() for agent in env.possible_agents}
        rows = np.array([np.atleast_1d(sample[agent]) for agent in env.possible_agents])[None]
        living = env.agents
        observations, rewards, terminations, truncations, _ = env.step({agent: sample[agent] for agent in living})
        seen, paid, terminated, truncated, info = games.step(rows)
        seen = info["final_observation"] if len(info["ended"]) else seen
        for agent in living:
            place = env.possible_agents.index(agent)
            assert_allclose(observations[agent], seen[0, place], rtol=1e-5, atol=1e-6)
            assert_allclose(rewards[agent], paid[0, place], rtol=1e-5, atol=1e-6)
            assert terminations[agent] == terminated[0, place]
            assert truncations[agent] == truncated[0, place]


def test_a_given_generator_draws_the_same_chances_whoever_acts() -> None:
    """Chance does not depend on what states do: another action leaves the crises of the rest of the game alone."""
    crises = []
    for move in (0, 1):
        env = parallel_env(crisis_rate=0.5, max_cycles=30)
        env.reset(seed=2)
        seen = []
        while env.agents:
            observations, *_ = env.step({agent: np.array([move, 0]) for agent in env.agents})
            seen.append(observations["state_0"][7])
        crises.append(seen)
    assert_array_equal(crises[0], crises[1])
    assert 5 < sum(crises[0]) < 25
