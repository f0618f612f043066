"""Small runs for tests of learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stable_baselines3 import PPO

from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.learners import LearnedPolicy, build_games, build_learner, load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.vec_env import GamesVecEnv

CRISIS = {
    "game": {"max_cycles": 1, "stages": [[["hold", "strike"], 1.0]]},
    "params": {"decisiveness": 1.0, "surge_attack": 1.0, "home_defence": 1.0, "war_cost": 0.2, "trust": 1.0},
}
"""The one-shot crisis of THEORY 1–3: no arms, k = 1, c = 0.2, security seekers."""


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return nested dicts put together."""
    both = dict(base)
    for key, value in changes.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and key in both else value
    return both


def small_config(**changes: Any) -> RunConfig:
    """Return a config whose runs take seconds, with sections changed as given."""
    learner = {"slots": 48, "n_steps": 8, "batch_size": 96, "n_epochs": 2}
    schedule = {"agent_steps": 4 * 384, "checkpoint_every": 2 * 384}
    base = {"world": "not_intense", "learner": learner, "schedule": schedule, "output": {"tensorboard": False}}
    return parse(merged(base, changes), RunConfig)


def jax_config(**changes: Any) -> RunConfig:
    """Return a config of the compiled path with four updates, in short games so that ends and restarts are frequent.

    Tests that only need some compiled program take this one: within a process it is compiled once.
    """
    return small_config(**merged({"learner": {"backend": "jax"}, "game": {"max_cycles": 6}}, changes))


def crisis_config(**changes: Any) -> RunConfig:
    """Return a config of the one-shot crisis with a learner that settles in seconds."""
    learner = {"slots": 512, "n_steps": 4, "batch_size": 2048, "n_epochs": 8, "learning_rate": 3e-3}
    schedule = {"agent_steps": 60 * 2048}
    base = merged(CRISIS, {"world": None, "learner": learner, "schedule": schedule})
    return small_config(**merged(base, changes))


def ppo(config: RunConfig, seed: int = 0) -> PPO:
    """Return an untrained learner of a config of PPO, in slots of its own."""
    model = build_learner(config, GamesVecEnv(build_games(config, config.n_games)), seed)
    assert isinstance(model, PPO)
    return model


def loaded(run: Run) -> LearnedPolicy:
    """Return the policy of a run whose algorithm is PPO."""
    policy = load_policy(run)
    assert isinstance(policy, LearnedPolicy)
    return policy


def new_run(folder: Path, config: RunConfig, seed: int = 0) -> Run:
    """Return a fresh run in a folder."""
    return Run.create(folder, config, seed)


def silent(_share: float, _message: str) -> None:
    """Report to nobody."""
