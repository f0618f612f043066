"""PPO with a memory: it is kept for each state and game, and cleared where a game or a life ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sb3_contrib import RecurrentPPO

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.algorithms.recurrent import LivingRecurrentRolloutBuffer, RecurrentPolicy
from security_dilemma_training.beliefs.probe import ProbeOptions
from security_dilemma_training.beliefs.scores import beliefs
from security_dilemma_training.checkpoints import save_policy
from security_dilemma_training.learners import build_games
from tests.training.learners_for_tests import built, policy_of, tiny, trained
from tests.training.runs_for_tests import new_run


def made(**changes: Any) -> tuple[RecurrentPPO, RecurrentPolicy, Any]:
    """An untrained learner, its policy, and some games."""
    config = tiny("recurrent_ppo", **changes)
    model = built(config)
    policy = policy_of(model, config)
    assert isinstance(model, RecurrentPPO)
    assert isinstance(policy, RecurrentPolicy)
    return model, policy, build_games(config, 6)


class Zeros(np.random.Generator):
    """A generator without chance."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def gumbel(self, *_arguments: Any, size: Any = None, **_options: Any) -> Any:
        return np.zeros(size)

    def standard_normal(self, size: Any = None, *_arguments: Any, **_options: Any) -> Any:
        return np.zeros(size)


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete", "continuous"])
def test_a_policy_remembers_as_the_library_does(mode: str) -> None:
    model, policy, games = made(game={"action_mode": mode}, params={"crisis_rate": 0.5})
    observations = games.reset(0)
    policy.restart(6)
    assert not isinstance(policy, Readable)
    state, starts = None, np.ones(12, bool)
    for _ in range(12):
        rows = np.ascontiguousarray(observations).reshape(12, -1)
        expected, state = model.predict(rows, state, starts, deterministic=True)
        found = policy.act(observations, games.action_mask(), Zeros())
        np.testing.assert_allclose(found.reshape(12, -1), expected.reshape(12, -1), atol=1e-5)
        observations, *_ = games.step(found)
        anew = np.flatnonzero(games.state.steps == 0)
        starts = np.repeat(games.state.steps == 0, 2)
        policy.restart(6, anew)


def test_the_games_that_start_anew_are_forgotten_and_no_others() -> None:
    _, policy, games = made()
    observations = games.reset(0)
    policy.restart(6)
    policy.act(observations, games.action_mask(), Zeros())
    before = [part.clone() for part in policy._memory]
    policy.restart(6, np.array([1, 4]))
    for part, then in zip(policy._memory, before, strict=True):
        assert not part[:, [2, 3, 8, 9]].any()
        others = [0, 1, 4, 5, 6, 7, 10, 11]
        assert torch.equal(part[:, others], then[:, others])
        assert then[:, [2, 3, 8, 9]].any()
    with pytest.raises(ValueError, match="4 states act, 12 are remembered: restart the policy"):
        policy.act(observations[:2], games.action_mask()[:2], Zeros())


def test_steps_of_eliminated_states_count_for_nothing() -> None:
    model, _, _ = made(game={"n_states": 3}, params={"crisis_rate": 0.9})
    model.learn(192)
    buffer: Any = model.rollout_buffer
    assert isinstance(buffer, LivingRecurrentRolloutBuffer)
    living = (buffer.observations != 0).any(axis=-1)
    assert 0 < living.sum() < 192
    batches = list(buffer.get(50))
    assert sum(int(batch.mask.sum()) for batch in batches) == living.sum()
    for batch in batches:
        assert bool((batch.observations[batch.mask > 0] != 0).any(dim=1).all())


def test_what_the_eliminated_are_shown_changes_nothing() -> None:
    # rewards of filler steps stand behind the end of a life, and their losses are masked out
    config = tiny("recurrent_ppo", game={"n_states": 3}, params={"crisis_rate": 0.9}, schedule={"agent_steps": 192})
    plain = trained(config).policy.state_dict()
    model = built(config)
    assert isinstance(model, RecurrentPPO)
    add = model.rollout_buffer.add

    def disturbed(obs: Any, action: Any, reward: Any, *rest: Any, **options: Any) -> None:
        idle = ~(obs != 0).any(axis=1)
        add(obs, action, np.where(idle, 7.0, reward), *rest, **options)

    model.rollout_buffer.add = disturbed  # type: ignore[method-assign]
    model.learn(192, callback=ALGORITHMS["recurrent_ppo"].callbacks(config))
    for key, value in model.policy.state_dict().items():
        assert torch.equal(plain[key], value), key


def test_what_can_be_told_of_its_intent_is_left_to_the_probe(tmp_path: Path) -> None:
    # its chances do not follow from one observation, so that a game tree cannot be asked
    stages = {"stages": [[["hold", "strike"], 0.5]] * 2, "max_cycles": 2, "war": "scaled"}
    config = tiny("recurrent_ppo", game=stages, params={"posture_noise": 0.0, "trust": 0.5})
    run = new_run(tmp_path / "run", config)
    save_policy(run.policy_path, built(config).policy)
    options = ProbeOptions(training_games=60, validation_games=30, held_out_games=40, epochs=1, hidden_size=4)
    found = beliefs(run, options)
    assert (found["kind"], found["reason"]) == ("probe", "the policy does not tell its probabilities by observation")
