"""Q-learning in a table (Watkins & Dayan 1992) with Boltzmann exploration, by all slots at once.

After a step of all slots with step size α, every action a of a cell x that m slots of living states tried moves to the
mean of what they found, as m single updates with that mean would::

    Q(x, a) ← Q(x, a) + (1 - (1 - α)^m) · (mean of [r + γ max_b Q(x', b)] - Q(x, a))

with nothing to come after an end, but after a time limit. Each slot draws its next action with probability in
proportion to ``exp(Q(x, a) / T)``; states learn without regard to each other (Claus & Boutilier 1998; Tuyls, Hoen &
Vanschoenwinkel 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import MaybeCallback
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma_training.algorithms.algorithm import Algorithm, falling, spaces_of
from security_dilemma_training.algorithms.cells import Cells
from security_dilemma_training.algorithms.policies import drawn, shares
from security_dilemma_training.learner_sections import TabularConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["BoltzmannPolicy", "QTable", "TabularAlgorithm", "TabularQ"]

Floats = NDArray[np.floating[Any]]

STEPS = 32
"""Steps of all slots between two rows of the log; step size and temperature fall from one to the next."""


class QTable(BasePolicy):
    """A table of action values as a module without parameters: its buffers are all that it has learned.

    Attributes:
        table: (cells, actions) float64, in units of an undisturbed peaceful future.
        temperature: Of the Boltzmann policy, in the same units.
    """

    table: torch.Tensor
    temperature: torch.Tensor

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        _schedule: Any,
        *,
        cells: Cells,
        initial_value: float,
        temperature: float,
    ) -> None:
        """Value every action of every cell alike."""
        super().__init__(observation_space, action_space)
        assert isinstance(action_space, spaces.Discrete)
        self.cells = cells
        shape = (cells.count, int(action_space.n))
        self.register_buffer("table", torch.full(shape, initial_value, dtype=torch.float64))
        self.register_buffer("temperature", torch.tensor(temperature, dtype=torch.float64))

    def scores(self, observations: NDArray[Any]) -> Floats:
        """Return Q / T of all actions, (..., actions), of observations (..., obs_dim)."""
        scores: Floats = self.table.numpy()[self.cells(observations)] / float(self.temperature)
        return scores

    def update(self, steps: tuple[NDArray[np.intp], NDArray[np.intp], Floats], rate: float) -> None:
        """Move the values of what was tried towards what was found; the order of the slots does not matter.

        Args:
            steps: Cells, actions and what was found, (steps,) each.
            rate: Step size α of a single update.
        """
        cells, actions, found = steps
        values = self.table.numpy().reshape(-1)
        entries = cells * self.table.shape[1] + actions
        order = np.lexsort((found, entries))
        tried, starts, counts = np.unique(entries[order], return_index=True, return_counts=True)
        means = np.add.reduceat(found[order], starts) / counts
        values[tried] += (1 - (1 - rate) ** counts) * (means - values[tried])

    def _predict(self, observation: Any, deterministic: bool = False) -> torch.Tensor:
        scores = self.scores(observation.cpu().numpy())
        if not deterministic:
            scores = scores + np.random.gumbel(size=scores.shape)
        return torch.as_tensor(scores.argmax(axis=-1))


class TabularQ(BaseAlgorithm):
    """Q-learning as stable-baselines3 has its learners; the module's text gives the update.

    All that it goes on from are ``policy``'s buffers, ``num_timesteps``, ``_last_obs`` and NumPy's global generator.
    """

    policy: QTable

    def __init__(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> None:
        """Make the table; its options are those of :class:`TabularConfig`."""
        learner = config.learner.narrowed(TabularConfig)
        super().__init__(
            QTable,
            vec_env,
            learning_rate=falling(learner.learning_rate, learner.learning_rate_final_share),
            policy_kwargs=_table_options(config),
            device="cpu",
            support_multi_env=True,
            seed=seed,
            supported_action_spaces=(spaces.Discrete,),
        )
        self.gamma = config.gamma
        self._temperature = falling(learner.temperature, learner.temperature_final_share)
        self._setup_model()

    def _setup_model(self) -> None:
        self._setup_lr_schedule()
        self.set_random_seed(self.seed)
        self.policy = QTable(self.observation_space, self.action_space, self.lr_schedule, **self.policy_kwargs)

    def learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "tabular",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> TabularQ:
        """Learn for so many agent-steps more, rounded up to :data:`STEPS` steps of all slots."""
        del log_interval
        total, following = self._setup_learn(total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar)
        following.on_training_start(locals(), globals())
        while self.num_timesteps < total and self._collect(following):
            self._n_updates += STEPS
            self.logger.record("train/temperature", float(self.policy.temperature))
            self.logger.record("train/mean_value", float(self.policy.table.max(dim=1).values.mean()))
            self.logger.record("time/total_timesteps", self.num_timesteps, exclude="tensorboard")
            self.logger.dump(step=self.num_timesteps)
        following.on_training_end()
        return self

    def _collect(self, callback: BaseCallback) -> bool:
        """Play and learn for :data:`STEPS` steps; return whether to go on."""
        assert self.env is not None
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        rate = self.lr_schedule(self._current_progress_remaining)
        self.policy.temperature.fill_(self._temperature(self._current_progress_remaining))
        callback.on_rollout_start()
        for _ in range(STEPS):
            observations = self._last_obs
            assert isinstance(observations, np.ndarray)
            scores = self.policy.scores(observations)
            actions = (scores + np.random.gumbel(size=scores.shape)).argmax(axis=-1)
            seen, rewards, dones, infos = self.env.step(actions)
            assert isinstance(seen, np.ndarray)
            self.num_timesteps += self.env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
            found = rewards + self.gamma * self._to_come(seen, dones, infos)
            living = (observations != 0).any(axis=1)
            cells = self.policy.cells(observations)
            self.policy.update((cells[living], actions[living], found[living]), rate)
            self._last_obs, self._last_episode_starts = seen, dones
        callback.on_rollout_end()
        return True

    def _to_come(self, seen: NDArray[Any], dones: NDArray[np.bool_], infos: list[dict[str, Any]]) -> Floats:
        """What the best action is worth in what each slot saw after its step, (slots,); nothing after an end."""
        last_seen, ended = np.array(seen), np.zeros(len(dones), bool)
        for slot in np.flatnonzero(dones):
            last_seen[slot] = infos[slot]["terminal_observation"]
            ended[slot] = not infos[slot].get("TimeLimit.truncated", False)
        best: Floats = self.policy.table.numpy()[self.policy.cells(last_seen)].max(axis=-1)
        return np.where(ended, 0.0, best)

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        return ["policy"], []


class BoltzmannPolicy:
    """A table of action values as a stochastic policy, of the temperature at which the training ended."""

    def __init__(self, table: QTable) -> None:
        """Take over a table."""
        self._table = table

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Draw an action for every state of every game, (n_games, n_states, 1).

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which actions have their effect; the table was filled without it and does not look at it.
            rng: Source of the draws.
        """
        del mask
        scores = self._table.scores(observations)
        return drawn(scores.reshape(-1, scores.shape[-1]), (scores.shape[-1],), rng).reshape(*scores.shape[:-1], 1)

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return how likely each action is, see :class:`Readable`."""
        scores = self._table.scores(observations)
        return (shares(scores, (scores.shape[-1],))[0],)


class TabularAlgorithm(Algorithm):
    """Q-learning in a table."""

    section = TabularConfig
    on_policy = False

    def build(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> TabularQ:
        """Return a learner, see :meth:`Algorithm.build`."""
        return TabularQ(config, vec_env, seed)

    def network(self, config: RunConfig) -> QTable:
        """Return a table, see :meth:`Algorithm.network`."""
        return QTable(*spaces_of(config), falling(0.0, 1.0), **_table_options(config))

    def policy(self, network: torch.nn.Module, config: RunConfig) -> BoltzmannPolicy:
        """Return the Boltzmann policy of a table."""
        del config
        assert isinstance(network, QTable)
        return BoltzmannPolicy(network)


def _table_options(config: RunConfig) -> dict[str, Any]:
    learner = config.learner.narrowed(TabularConfig)
    return {
        "cells": Cells(config, learner.cells),
        "initial_value": learner.initial_value,
        "temperature": learner.temperature,
    }
