"""Small learners of every algorithm, for tests of learning."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.trajectories import Policy
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.runs_for_tests import merged

ROLLOUTS: dict[str, Any] = {"slots": 24, "n_steps": 8, "hidden_sizes": [8]}
CLIPPED = ROLLOUTS | {"batch_size": 96, "n_epochs": 1}
REPLAY: dict[str, Any] = {
    "slots": 24,
    "hidden_sizes": [8],
    "buffer_size": 240,
    "learning_starts": 48,
    "batch_size": 32,
    "gradient_steps": 2,
}
VALUES = REPLAY | {"target_update_every": 48}
TINY: dict[str, dict[str, Any]] = {
    "ppo": CLIPPED,
    "a2c": ROLLOUTS,
    "maskable_ppo": CLIPPED,
    "recurrent_ppo": CLIPPED | {"lstm_size": 8},
    "dqn": VALUES,
    "qr_dqn": VALUES | {"n_quantiles": 4},
    "sac": REPLAY,
    "td3": REPLAY,
    "tabular": {"slots": 24},
}
"""Options by algorithm with which an update takes no time."""

NAMES = tuple(TINY)
ON_POLICY = NAMES[:4]
VALUE_LEARNERS = ("dqn", "qr_dqn")


def tiny(name: str, **changes: Any) -> RunConfig:
    """Return the config of a small learner, with sections changed as given."""
    base = {"world": "not_intense", "learner": {"algorithm": name} | TINY[name], "schedule": {"agent_steps": 384}}
    return parse(merged(base | {"output": {"tensorboard": False}}, changes), RunConfig)


def built(config: RunConfig, seed: int = 0) -> BaseAlgorithm:
    """Return an untrained learner in slots of its own, which logs nothing."""
    model = build_learner(config, GamesVecEnv(build_games(config, config.n_games)), seed)
    model.set_logger(Logger(None, []))
    return model


def trained(config: RunConfig, seed: int = 0) -> BaseAlgorithm:
    """Return a learner at the end of its training."""
    model = built(config, seed)
    model.learn(config.schedule.agent_steps, callback=ALGORITHMS[config.learner.algorithm].callbacks(config))
    return model


def policy_of(model: BaseAlgorithm, config: RunConfig) -> Policy:
    """Return the policy of a learner."""
    return ALGORITHMS[config.learner.algorithm].policy(model.policy, config)
