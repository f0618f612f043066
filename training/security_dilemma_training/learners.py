"""Learners built from configs, and the policies that they leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma import Games
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.algorithm import falling
from security_dilemma_training.algorithms.on_policy import LivingRolloutBuffer
from security_dilemma_training.algorithms.policies import LearnedPolicy
from security_dilemma_training.checkpoints import load_policies
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.policies import Matched

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run
    from security_dilemma_training.trajectories import Policy

__all__ = ["LearnedPolicy", "LivingRolloutBuffer", "build_games", "build_learner", "falling", "load_policy"]


def build_games(config: RunConfig, n_games: int, seed: int | None = None) -> Games:
    """Return the games that a config describes."""
    game = config.game
    return Games(
        config.resolved_params(),
        n_games,
        n_states=game.n_states,
        max_cycles=game.max_cycles,
        stages=game.stages,
        war=game.war,
        action_mode=game.action_mode,
        reveal_intents=game.reveal_intents,
        signals=game.signals,
        seed=seed,
    )


def build_learner(config: RunConfig, vec_env: VecEnv, seed: int | None) -> BaseAlgorithm:
    """Return a learner of the config's algorithm: one network, which sees its own intent and plays every slot.

    Args:
        config: The run's config.
        vec_env: The slots to learn in.
        seed: Seed of the network's weights, of its actions and of the games; None leaves the generators alone.

    Raises:
        ConfigError: If this machine does not have the device.
    """
    learner = config.learner
    _require(learner.device)
    torch.set_num_threads(learner.torch_threads)
    return ALGORITHMS[learner.algorithm].build(config, vec_env, seed)


def _require(device: str) -> None:
    """Refuse a device that is not there; stable-baselines3 would take the processor in its place."""
    kind, _, index = device.partition(":")
    there = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if int(index or 0) >= there.get(kind, 1):
        raise ConfigError([Fault("learner.device", f"= {device!r} is not on this machine: choose 'cpu' or 'auto'")])


def load_policy(run: Run, path: Path | None = None) -> Policy:
    """Rebuild the networks of a run from its config and load their weights; no code is read from the file.

    Args:
        run: A trained run.
        path: A policy file for one network of the run's shape; None: the run's own, of one network for each state
            where states learn independently.

    Raises:
        CheckpointError: If the run is not trained yet, or the file is damaged or of another network.
    """
    config = run.config
    torch.set_num_threads(config.learner.torch_threads)
    algorithm = ALGORITHMS[config.learner.algorithm]
    networks = [algorithm.network(config) for _ in range(config.n_networks if path is None else 1)]
    load_policies(path or run.policy_path, networks)
    policies = [algorithm.policy(network, config) for network in networks]
    return policies[0] if len(policies) == 1 else Matched(policies)
