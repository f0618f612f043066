"""One game step by step: it is the game that the PettingZoo face plays after ``reset`` with the same seed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from security_dilemma.parallel_env import SecurityDilemma
from security_dilemma.spaces import action_space
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.one_game import one_game
from security_dilemma_training.policies import Bools, Floats

STAGES = [[["arm_offensively", "hold"], 0.3], [["hold", "strike"], 0.3], [["hold", "strike"], 0.4]]


class Random:
    """Sends anything that is an action, and counts how often it was told to forget."""

    def __init__(self, config: RunConfig) -> None:
        self.space = action_space(config.game.n_states, config.game.action_mode)
        self.forgot = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        self.space.seed(int(rng.integers(2**31)))
        sent = [[np.ravel(self.space.sample()) for _ in game] for game in observations]
        return np.array(sent)

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        assert n_games == 1
        self.forgot += 1


def config_of(**changes: Any) -> RunConfig:
    params = {"crisis_rate": 0.6, "arms_noise": 0.2, "balance_noise": 0.1, "growth": 0.01}
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    return parse({"world": "not_intense", "params": params, "learner": learner} | changes, RunConfig)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(
    ("game", "intents"),
    [
        ({"action_mode": "multidiscrete"}, None),
        ({"action_mode": "discrete"}, "security_seeker"),
        ({"action_mode": "continuous", "max_cycles": 5}, ["greedy", "security_seeker"]),
        ({"n_states": 3, "action_mode": "multidiscrete"}, [1, 0, 0]),
        ({"n_states": 3, "action_mode": "discrete", "signals": False}, "greedy"),
        ({"n_states": 3, "action_mode": "continuous", "reveal_intents": True}, None),
        ({"stages": STAGES, "war": "scaled", "max_cycles": 3}, None),
        ({"stages": STAGES, "max_cycles": 3, "action_mode": "discrete"}, "greedy"),
    ],
)
def test_it_is_the_game_of_the_pettingzoo_face(seed: int, game: dict[str, Any], intents: Any) -> None:
    config = config_of(game=game)
    arguments = config.game.model_dump()
    env = SecurityDilemma(None, params=config.resolved_params(), **arguments)
    seen, _ = env.reset(seed=seed, options=None if intents is None else {"intents": intents})
    policy = Random(config)
    steps = list(one_game(config, policy, seed=seed, intents=intents))
    assert policy.forgot == 1
    for step in steps:
        agents = list(env.agents)
        places = {agent: env.possible_agents.index(agent) for agent in agents}
        assert_array_equal(step.before.alive, [agent in agents for agent in env.possible_agents])
        for agent, i in places.items():
            assert_array_equal(step.observation[i], seen[agent])
        space_of = {agent: np.asarray(step.sent[i], env.action_space(agent).dtype) for agent, i in places.items()}
        actions = {agent: sent.reshape(env.action_space(agent).shape) for agent, sent in space_of.items()}
        seen, rewards, ended, late, _ = env.step(actions)
        assert_array_equal([step.paid[i] for i in places.values()], [rewards[agent] for agent in agents])
        assert [bool(step.terminated[i]) for i in places.values()] == [ended[agent] for agent in agents]
        assert [step.truncated and not ended[agent] for agent in agents] == [late[agent] for agent in agents]
        for agent in env.agents:
            assert_array_equal(step.next_observation[env.possible_agents.index(agent)], seen[agent])
    assert not env.agents
    for one, following in pairwise(steps):
        assert all(map(np.array_equal, one.after, following.before))
        assert not one.truncated
        assert not one.terminated.all()


def test_the_games_of_a_seed_are_the_same_and_those_of_seeds_differ() -> None:
    config = config_of()
    first, again, other = (
        np.concatenate([step.paid for step in one_game(config, Random(config), seed=seed)]) for seed in (1, 1, 2)
    )
    assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_an_unknown_intent_is_refused() -> None:
    config = config_of()
    with pytest.raises(ValueError, match="intent 'peaceful' must be"):
        next(one_game(config, Random(config), seed=0, intents="peaceful"))
