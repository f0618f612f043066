"""Learners of action values: DQN (Mnih et al. 2015) and quantile regression DQN (Dabney et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import QRDQN
from sb3_contrib.qrdqn.policies import QRDQNPolicy
from stable_baselines3 import DQN
from stable_baselines3.dqn.policies import DQNPolicy

from security_dilemma_training.algorithms.off_policy import ManySlots, OffPolicy
from security_dilemma_training.algorithms.policies import rows_of
from security_dilemma_training.learner_sections import DQNConfig, QRDQNConfig, ValueConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["DQNAlgorithm", "GreedyPolicy", "QRDQNAlgorithm"]


class _EpsilonGreedy(ManySlots):
    """Every slot tries something random with a probability that falls, and is greedy otherwise."""

    exploration_rate: float

    def _exploring(self, n: int) -> NDArray[Any]:
        assert isinstance(self._last_obs, np.ndarray)
        greedy, _ = self.policy.predict(self._last_obs, deterministic=True)
        return np.where(np.random.rand(n) < self.exploration_rate, self._random(n), greedy)


class _ManySlotsDQN(_EpsilonGreedy, DQN):
    pass


class _ManySlotsQRDQN(_EpsilonGreedy, QRDQN):
    pass


class GreedyPolicy:
    """A network of action values as a policy: it does what it values most, and tries nothing any more."""

    def __init__(self, network: DQNPolicy | QRDQNPolicy) -> None:
        """Take over a network and put it into evaluation mode."""
        network.set_training_mode(False)
        self._network = network

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Return the most valued action of every state of every game, (n_games, n_states, 1), without any chance.

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which actions have their effect; the network was trained without it and does not look at it.
            rng: Not used.
        """
        del mask, rng
        return np.expand_dims(self.values(observations).argmax(axis=-1), -1)

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return 1 for the most valued action and 0 for all others, see :class:`Readable`."""
        values = self.values(observations)
        return (np.eye(values.shape[-1])[values.argmax(axis=-1)],)

    def values(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the values of all actions, (..., actions), of observations (..., obs_dim)."""
        rows = rows_of(observations).to(self._network.device)
        with torch.no_grad():
            if isinstance(self._network, QRDQNPolicy):
                found = self._network.quantile_net(rows).mean(dim=1)
            else:
                found = self._network.q_net(rows)
        values: NDArray[Any] = found.cpu().numpy().reshape(*observations.shape[:-1], -1)
        return values


class _ValueLearner(OffPolicy):
    section: ClassVar[type[ValueConfig]]

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of its own."""
        learner = config.learner.narrowed(self.section)
        return {
            "target_update_interval": learner.target_update_every,
            "exploration_fraction": learner.exploration_share,
            "exploration_final_eps": learner.exploration_final,
            "max_grad_norm": learner.max_grad_norm,
        }

    def policy(self, network: torch.nn.Module, config: RunConfig) -> GreedyPolicy:
        """Return the greedy policy of a network."""
        del config
        assert isinstance(network, DQNPolicy | QRDQNPolicy)
        return GreedyPolicy(network)


class DQNAlgorithm(_ValueLearner):
    """Deep Q-learning."""

    section = DQNConfig
    library = _ManySlotsDQN
    network_class = DQNPolicy


class QRDQNAlgorithm(_ValueLearner):
    """Deep Q-learning of the quantiles of the return."""

    section = QRDQNConfig
    library = _ManySlotsQRDQN
    network_class = QRDQNPolicy

    def network_options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the network's class, besides its spaces."""
        return super().network_options(config) | {"n_quantiles": config.learner.narrowed(QRDQNConfig).n_quantiles}
