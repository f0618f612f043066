"""One learner among partners that do not learn: given policies, or its own past."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.checkpoints import count_policies, load_policies, save_policies
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.import_paths import trusted_imports
from security_dilemma_training.learner_states import load_weights, weights
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.partner_sections import FrozenPartners, Population
from security_dilemma_training.players import player
from security_dilemma_training.policies import Policy
from security_dilemma_training.schemes.company import Company
from security_dilemma_training.schemes.scheme import OneLearner, State
from security_dilemma_training.schemes.seats import PartneredVecEnv, seats_in_turn
from security_dilemma_training.vec_env import GamesVecEnv

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["POOL_FILE", "FrozenScheme", "PopulationScheme", "given_members", "pool_members"]

POOL_FILE = "pool.npz"
"""In a run folder: the past policies that a population held in the end, in the order of their age."""

PARTNER_STREAM = 2
"""Keeps the partners' chance apart from the learner's and the games'."""


def given_members(config: RunConfig) -> list[Policy]:
    """Return the partners that a config names.

    Raises:
        ConfigError: If one cannot be had or cannot play these games.
        RunError: If one is a run folder that is damaged.
        CheckpointError: If one is a run that is not trained yet.
    """
    partners = config.partners
    names = partners.policies if isinstance(partners, FrozenPartners) else getattr(partners, "strategies", ())
    return [player(name, config, trusted=trusted_imports()) for name in names]


def pool_members(config: RunConfig, folder: Path) -> list[Policy]:
    """Return the past policies in a run folder of a population.

    Raises:
        CheckpointError: If their file is missing or damaged.
    """
    algorithm, path = ALGORITHMS[config.learner.algorithm], folder / POOL_FILE
    networks = [algorithm.network(config) for _ in range(count_policies(path))]
    load_policies(path, networks)
    return [algorithm.policy(network, config) for network in networks]


class _PartneredScheme(OneLearner):
    """One learner plays one state of each game, alternating over the games; a company plays the others."""

    def __init__(self, config: RunConfig, seed: int) -> None:
        """Build the games, the company and the learner."""
        games = GamesVecEnv(build_games(config, config.n_games))
        seats = seats_in_turn(config.n_games, config.game.n_states)
        rng = np.random.default_rng([seed, PARTNER_STREAM])
        self.company = Company(given_members(config), seats, config.game.n_states, rng)
        self._seat = PartneredVecEnv(games, seats, self.company, rng)
        super().__init__(config, games, [build_learner(config, self._seat, seed)])

    @property
    def resumable(self) -> bool:
        """Whether all partners that remember can say what."""
        try:
            self.company.state()
        except (TypeError, ConfigError):
            return False
        return True

    def state(self) -> State:
        """Return everything that the training goes on from, see :meth:`Scheme.state`."""
        return super().state() | {"seat": self._seat.state(), "company": self.company.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put everything where :meth:`state` found it."""
        super().restore(state)
        self._seat.restore(state["seat"])
        self.company.restore(state["company"])


class FrozenScheme(_PartneredScheme):
    """The others are given policies."""


class PopulationScheme(_PartneredScheme):
    """The others are drawn from the learner's past and from strategies.

    Games of a past policy that leaves the pool are played to their end by it.
    """

    def __init__(self, config: RunConfig, seed: int) -> None:
        """Begin with a pool of the untrained policy and the strategies."""
        super().__init__(config, seed)
        assert isinstance(config.partners, Population)
        self._options = config.partners
        self._past: dict[int, torch.nn.Module] = {}
        self._next, self._added = len(self.company.members), 0
        self._add(weights(self.networks[0]))

    def learn(self, between_rollouts: Callable[[], None]) -> None:
        """Learn, and add to the pool between rollouts, see :meth:`Scheme.learn`."""

        def between() -> None:
            self._grow()
            between_rollouts()

        super().learn(between)

    def state(self) -> State:
        """Return everything that the training goes on from, the past policies included."""
        past = {str(k): weights(network) for k, network in self._past.items() if k in self.company.members}
        pool = {"past": past, "drawn": self.company.drawn, "next": self._next, "added": self._added}
        return super().state() | {"pool": pool}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put everything where :meth:`state` found it."""
        pool = state["pool"]
        for number in self._past:
            self.company.leave(number)
        self._past = {}
        for number, found in pool["past"].items():
            self._take_in(int(number), found)
        self.company.drawn, self._next, self._added = pool["drawn"], pool["next"], pool["added"]
        super().restore(state)

    def finish(self, folder: Path) -> None:
        """Write the pool's past policies."""
        save_policies(folder / POOL_FILE, [self._past[number] for number in self._in_pool()])

    def _grow(self) -> None:
        """Add the present policy if it is time."""
        due = self.agent_steps // self._options.snapshot_every
        if due > self._added:
            self._added = due
            self._add(weights(self.networks[0]))

    def _add(self, found: Mapping[str, NDArray[Any]]) -> None:
        self._take_in(self._next, found)
        self._next += 1
        if len(self._in_pool()) > self._options.pool_size:
            self.company.leave(self._in_pool()[0])
        self._past = {k: network for k, network in self._past.items() if k in self.company.members}

    def _take_in(self, number: int, found: Mapping[str, NDArray[Any]]) -> None:
        algorithm = ALGORITHMS[self.config.learner.algorithm]
        with torch.random.fork_rng(devices=[]):  # the weights that it is made with are no draw of the learner's
            network = algorithm.network(self.config)
        load_weights(network, found)
        self._past[number] = network
        self.company.add(number, algorithm.policy(network, self.config))

    def _in_pool(self) -> list[int]:
        """Past policies that are drawn, the oldest first."""
        return [number for number in self.company.drawn if number in self._past]
