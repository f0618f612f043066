"""PPO with an LSTM layer (Hochreiter & Schmidhuber 1997) before policy and value, of sb3-contrib."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.buffers import RecurrentRolloutBuffer
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RecurrentRolloutBufferSamples
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma.actions import ActionMode
from security_dilemma_training.algorithms.on_policy import BatchedBootstrap, EntropyAnnealing, OnPolicy, clipped_options
from security_dilemma_training.algorithms.policies import ActorCritic
from security_dilemma_training.learner_sections import RecurrentPPOConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["LivingRecurrentRolloutBuffer", "RecurrentBootstrap", "RecurrentPPOAlgorithm", "RecurrentPolicy"]


class LivingRecurrentRolloutBuffer(RecurrentRolloutBuffer):
    """A rollout buffer of sequences in which the steps of eliminated states count for nothing.

    They stand in their sequences, as padding does, and are masked out of every loss as it is. The memory is cleared at
    a state's elimination and again when its game restarts, so that they reach nothing that counts.
    """

    def get(  # type: ignore[override]
        self, batch_size: int | None = None
    ) -> Generator[RecurrentRolloutBufferSamples, None, None]:
        """Yield batches; those with fewer than two steps that count, of which there is no deviation, are left out."""
        for batch in super().get(batch_size):
            mask = batch.mask * (batch.observations != 0).any(dim=1)
            if mask.sum() > 1:
                yield batch._replace(mask=mask)


class RecurrentBootstrap(BatchedBootstrap):
    """The same as :class:`BatchedBootstrap`, with the memory of the games that ran into the time limit."""

    def _values(self, last_seen: torch.Tensor, slots: list[int]) -> torch.Tensor:
        """The values of last observations, (k, obs_dim), of the given slots."""
        assert isinstance(self.model, RecurrentPPO)
        network = self.model.policy
        assert isinstance(network, RecurrentActorCriticPolicy)
        hidden, cell = (part[:, slots].contiguous() for part in self.locals["lstm_states"].vf)
        going_on = torch.zeros(len(slots), device=last_seen.device)
        return network.predict_values(last_seen, (hidden, cell), going_on)


class RecurrentPolicy(ActorCritic):
    """A network that remembers what every state has seen of its game."""

    _network: RecurrentActorCriticPolicy

    def __init__(self, network: RecurrentActorCriticPolicy, mode: ActionMode, n_states: int) -> None:
        """Take over a network and put it into evaluation mode; it remembers nothing yet."""
        super().__init__(network, mode, n_states)
        self._n_states = n_states
        self._memory: tuple[torch.Tensor, torch.Tensor]
        self.restart(0)

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Forget everything, or what was seen of the games ``which`` (indices) that have started anew."""
        if which is None:
            layers, _, size = self._network.lstm_hidden_state_shape
            shape = (layers, n_games * self._n_states, size)
            self._memory = torch.zeros(shape), torch.zeros(shape)
            return
        rows = (which[:, None] * self._n_states + np.arange(self._n_states)).ravel()
        for part in self._memory:
            part[:, torch.as_tensor(rows)] = 0

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what it remembers of every state, hidden and cell state of the layer, (layers, states, size) each."""
        hidden, cell = self._memory
        return {"hidden": hidden.numpy(), "cell": cell.numpy()}

    def remember(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from :meth:`memory_arrays`."""
        self._memory = torch.tensor(arrays["hidden"]), torch.tensor(arrays["cell"])

    def _latent(self, rows: torch.Tensor) -> torch.Tensor:
        if len(rows) != self._memory[0].shape[1]:
            raise ValueError(f"{len(rows)} states act, {self._memory[0].shape[1]} are remembered: restart the policy")
        lstm, going_on = self._network.lstm_actor, torch.zeros(len(rows))
        latent, memory = self._network._process_sequence(rows, self._memory, going_on, lstm)
        self._memory = memory[0], memory[1]
        return self._network.mlp_extractor.forward_actor(latent)


class RecurrentPPOAlgorithm(OnPolicy):
    """Proximal policy optimisation with a memory."""

    section = RecurrentPPOConfig
    library = RecurrentPPO
    network_class = RecurrentActorCriticPolicy
    recurrent = True

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of its own."""
        return clipped_options(config.learner.narrowed(RecurrentPPOConfig))

    def network_options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the network's class, besides its spaces."""
        return super().network_options(config) | {
            "lstm_hidden_size": config.learner.narrowed(RecurrentPPOConfig).lstm_size
        }

    def build(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> RecurrentPPO:
        """Return a learner, see :meth:`Algorithm.build`; its own class takes no buffer class, so it is given one."""
        model = super().build(config, vec_env, seed)
        assert isinstance(model, RecurrentPPO)
        if config.game.n_states > 2:
            buffer = model.rollout_buffer
            assert isinstance(buffer, RecurrentRolloutBuffer)
            model.rollout_buffer = LivingRecurrentRolloutBuffer(
                buffer.buffer_size,
                buffer.observation_space,
                buffer.action_space,
                buffer.hidden_state_shape,
                buffer.device,
                gae_lambda=buffer.gae_lambda,
                gamma=buffer.gamma,
                n_envs=buffer.n_envs,
            )
        return model

    def policy(self, network: torch.nn.Module, config: RunConfig) -> RecurrentPolicy:
        """Return the stochastic policy of a network, which remembers."""
        assert isinstance(network, RecurrentActorCriticPolicy)
        return RecurrentPolicy(network, config.game.action_mode, config.game.n_states)

    def callbacks(self, config: RunConfig) -> list[BaseCallback]:
        """Return the bootstrap at the time limit and the annealing of the entropy."""
        return [RecurrentBootstrap(), EntropyAnnealing(config.learner.narrowed(RecurrentPPOConfig))]
