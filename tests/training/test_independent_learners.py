"""Independent learners: each is what it would be alone, and states learn different things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from security_dilemma.state import Move
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.config import RunConfig
from security_dilemma_training.generators import generators_state, restore_generators
from security_dilemma_training.learners import LearnedPolicy, build_games, build_learner, load_policy
from security_dilemma_training.policies import Bools, Floats, Matched
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.schemes.independent import learner_seed
from security_dilemma_training.schemes.seats import PartneredVecEnv
from security_dilemma_training.train import train
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.runs_for_tests import crisis_config, new_run, silent, small_config

INDEPENDENT = {"partners": {"scheme": "independent"}}


def nothing() -> None:
    """Is done between rollouts."""


def one_rollout(algorithm: str = "ppo") -> RunConfig:
    """A config that ends after one rollout and one update of each learner."""
    learner: dict[str, Any] = {"algorithm": algorithm, "learning_rate_final_share": 1.0}
    return small_config(**INDEPENDENT, learner=learner, schedule={"agent_steps": 384}, game={"max_cycles": 5})


class Sampling:
    """One learner's first policy, which draws as that learner does, from generators of its own; it does not learn."""

    def __init__(self, model: OnPolicyAlgorithm, state: int) -> None:
        self._model, self._state = model, state
        self._generators = generators_state(model.device)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        others = generators_state(self._model.device)
        restore_generators(self._generators, self._model.device)
        with torch.no_grad():
            drawn = self._model.policy(torch.as_tensor(np.array(observations[:, self._state])))[0]
        self._generators = generators_state(self._model.device)
        restore_generators(others, self._model.device)
        actions = np.zeros((*observations.shape[:2], drawn.shape[-1]), int)
        actions[:, self._state] = drawn.numpy()
        return actions


@pytest.mark.parametrize("state", [0, 1])
def test_in_the_first_rollout_each_learns_as_if_it_were_alone_with_the_other_as_it_is(state: int) -> None:
    config, seed = one_rollout(), 5
    scheme = build_scheme(config, seed)
    scheme.learn(nothing)

    def seat(k: int, policy: Any) -> PartneredVecEnv:
        games = GamesVecEnv(build_games(config, config.n_games))
        return PartneredVecEnv(games, np.full(config.n_games, k), policy, np.random.default_rng(0))

    other = build_learner(config, seat(1 - state, None), learner_seed(seed, 1 - state))
    assert isinstance(other, PPO)
    partner = Sampling(other, 1 - state)
    env = seat(state, partner)
    alone = build_learner(config, env, learner_seed(seed, state))
    env.seed(seed)
    alone.learn(192, callback=ALGORITHMS["ppo"].callbacks(config))
    for name, value in alone.policy.state_dict().items():
        assert torch.equal(scheme.networks[state].state_dict()[name], value), name


@pytest.mark.parametrize("n_states", [2, 3])
def test_networks_and_optimizers_have_nothing_in_common(n_states: int) -> None:
    config = small_config(**INDEPENDENT, game={"n_states": n_states}, learner={"batch_size": 64})
    scheme = build_scheme(config, 0)
    assert len(scheme.networks) == n_states
    weights = [{value.data_ptr() for value in network.parameters()} for network in scheme.networks]
    stepped = [
        {value.data_ptr() for group in model.policy.optimizer.param_groups for value in group["params"]}
        for model in scheme.models
    ]
    assert stepped == weights
    assert len(set.union(*weights)) == sum(map(len, weights))
    first = [next(iter(network.state_dict().values())) for network in scheme.networks]
    assert not any(torch.equal(first[0], other) for other in first[1:])


def test_what_one_learns_from_leaves_the_other_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = build_scheme(one_rollout(), 0)
    before = [{name: value.clone() for name, value in network.state_dict().items()} for network in scheme.networks]
    monkeypatch.setattr(scheme.models[1], "train", nothing)
    scheme.learn(nothing)
    changed = [
        any(not torch.equal(then[name], value) for name, value in network.state_dict().items())
        for then, network in zip(before, scheme.networks, strict=True)
    ]
    assert changed == [True, False]
    assert scheme.agent_steps == 384


def test_all_are_at_the_start_of_a_rollout_when_they_meet() -> None:
    config = small_config(**INDEPENDENT)
    scheme = build_scheme(config, 0)
    met: list[list[int]] = []
    scheme.learn(lambda: met.append([model.num_timesteps for model in scheme.models]))
    assert met == [[192 * k] * 2 for k in range(4)]


def test_steps_are_those_of_all_and_are_rounded_up_to_rollouts(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", small_config(**INDEPENDENT, schedule={"agent_steps": 385}))
    told: list[str] = []
    train(run, lambda _share, message: told.append(message))
    assert told == ["0 agent-steps", "384 agent-steps", "trained"]
    header, *rows = run.progress_path.read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["384", "768"]
    columns = header.split(",")
    assert {"state_0/train/loss", "state_1/train/loss", "games/discounted_return"} <= set(columns)
    assert not any(name.startswith(("train/", "state_1/games/")) for name in columns)


OPPOSITE = {
    "balance": 0.9,
    "decisiveness": 2.0,
    "trust": 0.0,
    "greed": 1.0,
    "initiative_mean": -0.1,
    "prosocial_weight": [0.0, 1.0],
}
"""The one-shot crisis of two greedy states, equal in all that they see: to strike is dominant for the first, to hold
for the second, which counts the other's payoff as its own."""


def strike_rates(config: RunConfig, folder: Path) -> NDArray[np.float64]:
    run = new_run(folder, config)
    train(run, silent)
    games = build_games(config, 4000)
    actions = load_policy(run).act(games.reset(0), games.action_mask(), np.random.default_rng(0))
    rates: NDArray[np.float64] = np.mean(actions[..., 0] == Move.STRIKE, axis=0)
    return rates


@pytest.mark.slow
def test_states_learn_different_things(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "params": OPPOSITE,
        "learner": {"batch_size": 1024},
        "schedule": {"agent_steps": 20 * 2048},
    }
    apart = strike_rates(crisis_config(**INDEPENDENT, **changes), tmp_path / "independent")
    assert apart == pytest.approx([1.0, 0.0], abs=0.05)
    # one network for both, which sees the same at either seat, cannot do what is dominant for each
    together = strike_rates(crisis_config(**changes), tmp_path / "self_play")
    assert together[0] == pytest.approx(together[1], abs=0.05)


def test_the_policy_of_a_run_is_one_for_each_state(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", small_config(**INDEPENDENT, schedule={"agent_steps": 384}))
    train(run, silent)
    policy = load_policy(run)
    assert isinstance(policy, Matched)
    first, second = policy.policies
    assert isinstance(first, LearnedPolicy)
    assert isinstance(second, LearnedPolicy)
    same = np.ones((1, 5, build_games(run.config, 1).obs_dim), np.float32)
    assert not np.allclose(first.probabilities(same)[0], second.probabilities(same)[0])
