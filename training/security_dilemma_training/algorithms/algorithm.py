"""What an algorithm is to this package: how its learner is built from a config, and what policy it leaves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma.actions import ActionMode
from security_dilemma.spaces import action_space, observation_space
from security_dilemma_training.learner_sections import ACTION_MODES_OF, LearnerConfig, NetworkConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.trajectories import Policy

__all__ = ["Algorithm", "falling", "layers", "spaces_of"]

ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


class Algorithm(ABC):
    """A learning algorithm: it builds learners and networks from configs, and reads the policies that they leave.

    Attributes:
        section: The section ``learner`` of a config that asks for it.
        on_policy: Whether it learns from fresh steps only; otherwise it has a replay buffer, or a table.
        recurrent: Whether its policy remembers what it has seen of a game.
    """

    section: ClassVar[type[LearnerConfig]]
    on_policy: ClassVar[bool]
    recurrent: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name that configs have for it."""
        return str(self.section.model_fields["algorithm"].default)

    @property
    def action_modes(self) -> tuple[ActionMode, ...]:
        """The action modes that it can learn; the first is taken where a config leaves it out."""
        return ACTION_MODES_OF[self.name]

    @abstractmethod
    def build(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> BaseAlgorithm:
        """Return a learner of one network.

        Args:
            config: The run's config, whose ``learner`` is of :attr:`section`.
            vec_env: The slots to learn in.
            seed: Seed of the network's weights, of its actions and of the games; None leaves the generators alone.
        """

    @abstractmethod
    def network(self, config: RunConfig) -> torch.nn.Module:
        """Return a network of a learner's shape, on the processor, whose weights mean nothing yet."""

    @abstractmethod
    def policy(self, network: torch.nn.Module, config: RunConfig) -> Policy:
        """Return the policy of a network: that of the learner's ``policy``, or one of :meth:`network` with weights."""

    def callbacks(self, config: RunConfig) -> list[BaseCallback]:
        """Return what belongs to the algorithm and follows its training, fresh for each learner."""
        del config
        return []


def falling(start: float, final_share: float) -> Callable[[float], float]:
    """Return a schedule that falls linearly from ``start`` to ``final_share * start`` as training goes on.

    Its argument is the share of the training that remains, from 1 to 0; it is below 0 in the last update where the
    training is rounded up to whole updates, and what falls has then come to its end.
    """
    return lambda remaining: start * (final_share + (1 - final_share) * max(0.0, remaining))


def layers(learner: NetworkConfig) -> dict[str, Any]:
    """Return the hidden layers of a learner as stable-baselines3's policies take them."""
    return {"net_arch": list(learner.hidden_sizes), "activation_fn": ACTIVATIONS[learner.activation]}


def spaces_of(config: RunConfig) -> tuple[spaces.Box, spaces.Space[Any]]:
    """Return the spaces of one state's observations and actions."""
    game = config.game
    observations = observation_space(
        config.resolved_params(), game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents
    )
    return observations, action_space(game.n_states, game.action_mode)
