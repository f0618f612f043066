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
from security_dilemma_training.first_policies import first_weights
from security_dilemma_training.learner_states import load_weights
from security_dilemma_training.policies import Matched
from security_dilemma_training.sections import game_config_faults

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run
    from security_dilemma_training.trajectories import Policy

__all__ = [
    "LearnedPolicy",
    "LivingRolloutBuffer",
    "build_games",
    "build_learner",
    "falling",
    "load_policy",
    "of_states",
]


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


def build_learner(config: RunConfig, vec_env: VecEnv, seed: int | None, place: int = 0) -> BaseAlgorithm:
    """Return a learner of the config's algorithm: one network, which sees its own intent and plays every slot.

    Where the config names a run to go on from, its weights are those learned there.

    Args:
        config: The run's config.
        vec_env: The slots to learn in.
        seed: Seed of the network's weights, of its actions and of the games; None leaves the generators alone.
        place: Which of the networks it is, where states learn independently.

    Raises:
        ConfigError: If this machine does not have the device.
        RunError: If the run that is gone on from is damaged.
        CheckpointError: If its policy is missing, damaged or of another network.
    """
    learner = config.learner
    _require(learner.device)
    torch.set_num_threads(learner.torch_threads)
    model = ALGORITHMS[learner.algorithm].build(config, vec_env, seed)
    weights = first_weights(config, place)
    if weights is not None:
        load_weights(model.policy, weights)
    return model


def _require(device: str) -> None:
    """Refuse a device that is not there; stable-baselines3 would take the processor in its place."""
    kind, _, index = device.partition(":")
    there = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if int(index or 0) >= there.get(kind, 1):
        raise ConfigError([Fault("learner.device", f"= {device!r} is not on this machine: choose 'cpu' or 'auto'")])


def of_states(config: RunConfig, n_states: int) -> RunConfig:
    """Return a config whose network is that of another one's policy in games of another number of states.

    Parameters change no network; here they are the defaults, since they may have one value for each state.

    Raises:
        ConfigError: If its policy cannot play games of so many states.
    """
    if n_states == config.game.n_states:
        return config
    if not config.any_number:
        networks = "one network for all, of learner.network = 'mean_pooling' or 'attention'"
        problem = f"= {n_states}: the policy was trained with {config.game.n_states}, and only {networks}, plays others"
        raise ConfigError([Fault("n_states", problem)])
    game = config.game.model_copy(update={"n_states": n_states})
    faults = game_config_faults(game)
    if faults:
        raise ConfigError(faults)
    return config.model_copy(update={"game": game, "params": {}, "world": None})


def load_policy(run: Run, path: Path | None = None, n_states: int | None = None) -> Policy:
    """Rebuild the networks of a run from its config and load their weights; no code is read from the file.

    Args:
        run: A trained run.
        path: A policy file for one network of the run's shape; None: the run's own, of one network for each state
            where states learn independently.
        n_states: Number of states of the games that it is to play; None: of those that it was trained in.

    Raises:
        ConfigError: If the policy cannot play games of so many states.
        CheckpointError: If the run is not trained yet, or the file is damaged or of another network.
    """
    config = run.config if n_states is None else of_states(run.config, n_states)
    torch.set_num_threads(config.learner.torch_threads)
    algorithm = ALGORITHMS[config.learner.algorithm]
    networks = [algorithm.network(config) for _ in range(config.n_networks if path is None else 1)]
    load_policies(path or run.policy_path, networks)
    policies = [algorithm.policy(network, config) for network in networks]
    return policies[0] if len(policies) == 1 else Matched(policies)
