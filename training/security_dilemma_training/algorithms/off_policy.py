"""What learners from replayed steps have in common, and how they explore and remember in many games at once."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma_training.algorithms.algorithm import Algorithm, falling, layers, spaces_of
from security_dilemma_training.learner_sections import OffPolicyConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["LivingReplayBuffer", "ManySlots", "OffPolicy"]

LOG_EVERY = 16_384
"""Agent-steps between two rows of the log, as many as in an update of PPO with its defaults."""


class LivingReplayBuffer(ReplayBuffer):
    """A replay buffer of single steps, of which those of eliminated states are left out.

    The slot of such a state observes zeros, and a living state never does: it sees another that is alive. Steps of all
    slots follow each other in one ring, so that it holds ``buffer_size`` agent-steps whatever the number of slots.
    """

    def __init__(
        self, buffer_size: int, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **options: Any
    ) -> None:
        """Make room for ``buffer_size`` agent-steps; it must be at least one step of all slots."""
        super().__init__(buffer_size, observation_space, action_space, **options | {"n_envs": 1})

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Remember one step of every slot of a living state; a time limit is no end."""
        living = np.flatnonzero((obs != 0).any(axis=1))
        places = (self.pos + np.arange(len(living))) % self.buffer_size
        self.observations[places, 0], self.next_observations[places, 0] = obs[living], next_obs[living]
        self.actions[places, 0] = action.reshape(len(obs), -1)[living]
        self.rewards[places, 0], self.dones[places, 0] = reward[living], done[living]
        self.timeouts[places, 0] = [infos[slot].get("TimeLimit.truncated", False) for slot in living]
        self.full = self.full or self.pos + len(living) >= self.buffer_size
        self.pos = (self.pos + len(living)) % self.buffer_size


class ManySlots(OffPolicyAlgorithm):
    """Off-policy learning in many slots: every slot explores on its own.

    Stable-baselines3 throws one coin for all slots together. In games the states would then try something new only
    when the others do, too, and never learn what a deviation of their own is worth.
    """

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the actions of all slots, and as they are remembered: continuous ones scaled to [-1, 1]."""
        del action_noise
        actions = self._random(n_envs) if self.num_timesteps < learning_starts else self._exploring(n_envs)
        if isinstance(self.action_space, spaces.Box):
            return actions, self.policy.scale_action(actions)
        return actions, actions

    def _random(self, n: int) -> NDArray[Any]:
        """Draw actions alike."""
        if isinstance(self.action_space, spaces.Box):
            low, high = self.action_space.low, self.action_space.high
            return np.random.uniform(low, high, (n, *low.shape)).astype(np.float32)
        assert isinstance(self.action_space, spaces.Discrete)
        return np.random.randint(self.action_space.n, size=n)

    @abstractmethod
    def _exploring(self, n: int) -> NDArray[Any]:
        """Return what the learner tries now in all slots."""

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: ActionNoise | None = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """Collect steps; a row is logged every :data:`LOG_EVERY` agent-steps, not every few games."""
        del log_interval
        before = self.num_timesteps
        collected = super().collect_rollouts(
            env, callback, train_freq, replay_buffer, action_noise, learning_starts, log_interval=None
        )
        if self.num_timesteps // LOG_EVERY > before // LOG_EVERY:
            self.dump_logs()
        return collected


class OffPolicy(Algorithm):
    """What off-policy algorithms have in common."""

    section: ClassVar[type[OffPolicyConfig]]
    on_policy = False
    library: ClassVar[type[ManySlots]]
    network_class: ClassVar[type[BasePolicy]]

    @abstractmethod
    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the library's class that not all of these algorithms have."""

    def network_options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the network's class, besides its spaces."""
        return layers(config.learner.narrowed(self.section))

    def build(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> OffPolicyAlgorithm:
        """Return a learner, see :meth:`Algorithm.build`."""
        learner = config.learner.narrowed(self.section)
        return self.library(
            self.network_class,
            vec_env,
            learning_rate=falling(learner.learning_rate, learner.learning_rate_final_share),
            buffer_size=learner.buffer_size,
            learning_starts=learner.learning_starts,
            batch_size=learner.batch_size,
            gamma=config.gamma,
            train_freq=learner.train_every,
            gradient_steps=learner.gradient_steps,
            replay_buffer_class=LivingReplayBuffer,
            policy_kwargs=self.network_options(config),
            seed=seed,
            device=learner.device,
            **self.options(config),
        )

    def network(self, config: RunConfig) -> torch.nn.Module:
        """Return a network, see :meth:`Algorithm.network`."""
        return self.network_class(*spaces_of(config), falling(0.0, 1.0), **self.network_options(config))
