"""Runs with a policy that has learned nothing, for tests of what plays policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from security_dilemma_training.checkpoints import save_policy
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.runs import Run
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.runs_for_tests import new_run, small_config


def untrained(folder: Path, seed: int = 0, **changes: Any) -> Run:
    """A run whose policy is that of its first weights."""
    config = small_config(**changes)
    run = new_run(folder, config, seed)
    learner = build_learner(config, GamesVecEnv(build_games(config, config.n_games, seed)), seed)
    save_policy(run.policy_path, learner.policy)
    return run
