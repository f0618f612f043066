"""Off-policy actor-critics for continuous actions: SAC (Haarnoja et al. 2018) and TD3 (Fujimoto et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import SAC, TD3
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy

from security_dilemma_training.algorithms.off_policy import ManySlots, OffPolicy
from security_dilemma_training.algorithms.policies import rows_of
from security_dilemma_training.learner_sections import ContinuousConfig, SACConfig, TD3Config

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["DeterministicPolicy", "SACAlgorithm", "SquashedPolicy", "TD3Algorithm"]


class _ManySlotsSAC(ManySlots, SAC):
    def _exploring(self, n: int) -> NDArray[Any]:
        del n
        assert isinstance(self._last_obs, np.ndarray)
        actions, _ = self.policy.predict(self._last_obs, deterministic=False)
        return actions


class _ManySlotsTD3(ManySlots, TD3):
    """TD3 whose noise is drawn for all slots at once."""

    noise = 0.0

    def _exploring(self, n: int) -> NDArray[Any]:
        del n
        assert isinstance(self._last_obs, np.ndarray)
        actions, _ = self.policy.predict(self._last_obs, deterministic=True)
        scaled = self.policy.scale_action(actions)
        noise = np.random.normal(0.0, self.noise, scaled.shape)
        return self.policy.unscale_action(np.clip(scaled + noise, -1, 1)).astype(np.float32)


class SquashedPolicy:
    """SAC's stochastic policy: the tangens hyperbolicus of a normal variate, scaled to the bounds of the rates."""

    def __init__(self, network: SACPolicy) -> None:
        """Take over a network and put it into evaluation mode."""
        network.set_training_mode(False)
        self._network = network

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Draw the rates of every state of every game, (n_games, n_states, 5).

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which rates have their effect; the network was trained without it and does not look at it.
            rng: Source of the draws.
        """
        del mask
        with torch.no_grad():
            rows = rows_of(observations).to(self._network.device)
            mean, log_spread, _ = self._network.actor.get_action_dist_params(rows)
        spread = log_spread.exp().cpu().numpy()
        squashed = np.tanh(mean.cpu().numpy() + spread * rng.standard_normal(spread.shape))
        return self._network.unscale_action(squashed).reshape(*observations.shape[:-1], -1)


class DeterministicPolicy:
    """TD3's policy without the noise by which it explores."""

    def __init__(self, network: TD3Policy) -> None:
        """Take over a network and put it into evaluation mode."""
        network.set_training_mode(False)
        self._network = network

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Return the rates of every state of every game, (n_games, n_states, 5), without any chance.

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which rates have their effect; the network was trained without it and does not look at it.
            rng: Not used.
        """
        del mask, rng
        with torch.no_grad():
            squashed = self._network.actor(rows_of(observations).to(self._network.device)).cpu().numpy()
        return self._network.unscale_action(squashed).reshape(*observations.shape[:-1], -1)


class SACAlgorithm(OffPolicy):
    """Soft actor-critic."""

    section = SACConfig
    library = _ManySlotsSAC
    network_class = SACPolicy

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of its own."""
        learner = config.learner.narrowed(SACConfig)
        return {"tau": learner.target_share, "ent_coef": f"auto_{learner.initial_entropy_weight}"}

    def policy(self, network: torch.nn.Module, config: RunConfig) -> SquashedPolicy:
        """Return the stochastic policy of a network."""
        del config
        assert isinstance(network, SACPolicy)
        return SquashedPolicy(network)


class TD3Algorithm(OffPolicy):
    """Twin delayed deep deterministic policy gradients."""

    section = TD3Config
    library = _ManySlotsTD3
    network_class = TD3Policy

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of its own."""
        return {"tau": config.learner.narrowed(ContinuousConfig).target_share}

    def build(self, config: RunConfig, vec_env: Any, seed: int | None) -> _ManySlotsTD3:
        """Return a learner, see :meth:`Algorithm.build`."""
        model = super().build(config, vec_env, seed)
        assert isinstance(model, _ManySlotsTD3)
        model.noise = config.learner.narrowed(TD3Config).action_noise
        return model

    def policy(self, network: torch.nn.Module, config: RunConfig) -> DeterministicPolicy:
        """Return the policy of a network, which is deterministic."""
        del config
        assert isinstance(network, TD3Policy)
        return DeterministicPolicy(network)
