"""What a training scheme is: games, the learners at their seats, and whoever else plays."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.generators import generators_state, restore_generators
from security_dilemma_training.learner_states import learner_state, require_alike, restore_learner
from security_dilemma_training.progress import GamesLogger
from security_dilemma_training.vec_env import GamesVecEnv

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["OneLearner", "Scheme", "State"]

State = dict[str, Any]
"""Nested mappings of arrays and of what JSON can hold."""


class _AtRolloutStart(BaseCallback):
    """Calls something whenever a rollout starts."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._call = call

    def _on_rollout_start(self) -> None:
        self._call()

    def _on_step(self) -> bool:
        return True


class Scheme(ABC):
    """Who learns with whom, ready to learn.

    Attributes:
        config: The run's config.
        games: All games; each state of each game is a slot.
        models: The learners, one for each network.
    """

    def __init__(self, config: RunConfig, games: GamesVecEnv, models: Sequence[BaseAlgorithm]) -> None:
        """Take the learners; their logs are written nowhere until somebody adds an output.

        The first of them logs what happens in the games as well.
        """
        self.config, self.games, self.models = config, games, tuple(models)
        for k, model in enumerate(self.models):
            model.set_logger(Logger(None, []) if k else GamesLogger(games))

    @property
    def agent_steps(self) -> int:
        """Steps that all learners have made."""
        return sum(model.num_timesteps for model in self.models)

    @property
    def networks(self) -> list[torch.nn.Module]:
        """The networks that learn."""
        return [model.policy for model in self.models]

    @abstractmethod
    def learn(self, between_rollouts: Callable[[], None]) -> None:
        """Learn what is left of ``schedule.agent_steps``, which is shared by the learners and rounded up to rollouts.

        Args:
            between_rollouts: Called when all learners are about to start a rollout, and none has moved.
        """

    @property
    def resumable(self) -> bool:
        """Whether :meth:`state` holds all; otherwise an interrupted training has to begin anew."""
        return True

    def state(self) -> State:
        """Return everything that the training goes on from, between two rollouts.

        Raises:
            CheckpointError: If a weight is not finite.
        """
        return {
            "learners": {str(k): learner_state(model) for k, model in enumerate(self.models)},
            "games": self.games.state_arrays() | {"rng": self.games.games.rng.bit_generator.state},
            "generators": self.generators(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put everything where :meth:`state` found it.

        Raises:
            CheckpointError: If the state is of other networks or games, or a weight is not finite.
            KeyError: If something is missing.
        """
        for k, model in enumerate(self.models):
            restore_learner(model, state["learners"][str(k)])
        for name, array in self.games.state_arrays().items():
            require_alike(name, state["games"][name], array.shape, array.dtype.kind)
        self.games.restore(state["games"])
        self.games.games.rng.bit_generator.state = state["games"]["rng"]
        self.restore_generators(state["generators"])

    def generators(self) -> State:
        """Return the state of the generators that the learners draw from."""
        return generators_state(self.models[0].device)

    def restore_generators(self, state: Mapping[str, Any]) -> None:
        """Put the generators where :meth:`generators` found them."""
        restore_generators(state, self.models[0].device)

    def finish(self, folder: Path) -> None:
        """Write what the scheme leaves in a run folder, besides the policy, when the training is over."""
        del folder

    def _learn(self, k: int, at_rollout_start: Callable[[], None]) -> None:
        """Let one learner learn."""
        model, algorithm = self.models[k], ALGORITHMS[self.config.learner.algorithm]
        # stable-baselines3 counts what it is asked for from where the model stands
        left = math.ceil(self.config.schedule.agent_steps / len(self.models)) - model.num_timesteps
        if left > 0:
            callbacks = [_AtRolloutStart(at_rollout_start), *algorithm.callbacks(self.config)]
            model.learn(left, callback=callbacks, reset_num_timesteps=False, log_interval=1)


class OneLearner(Scheme):
    """A scheme of one learner."""

    def learn(self, between_rollouts: Callable[[], None]) -> None:
        """Learn, see :meth:`Scheme.learn`."""
        self._learn(0, between_rollouts)
