"""Independent learners: every state has a learner and a network of its own, and all learn at the same time.

To each of them the others are part of a world that changes as they learn (Tan 1993; Claus & Boutilier 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from security_dilemma_training.generators import generators_state, restore_generators
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.schemes.scheme import Scheme, State
from security_dilemma_training.schemes.turns import Meeting, SharedGames, TurnVecEnv, hand_over, take_turns
from security_dilemma_training.vec_env import GamesVecEnv

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["IndependentScheme", "learner_seed"]


def learner_seed(seed: int, state: int) -> int:
    """Return the seed of one state's learner in a run."""
    return int(np.random.SeedSequence([seed, state]).generate_state(1)[0])


class IndependentScheme(Scheme):
    """A learner for each state; each has generators of its own, so that what one draws is no other's business."""

    def __init__(self, config: RunConfig, seed: int) -> None:
        """Build the games, seeded as in self-play, and the learners."""
        games = GamesVecEnv(build_games(config, config.n_games))
        games.seed(seed)
        self._shared = SharedGames(games)
        self._shared.reset()
        models, self._generators = [], []
        for state in range(config.game.n_states):
            own = TurnVecEnv(self._shared, np.full(config.n_games, state))
            models.append(build_learner(config, own, learner_seed(seed, state), state))
            self._generators.append(generators_state(models[-1].device))
        super().__init__(config, games, models)

    def learn(self, between_rollouts: Callable[[], None]) -> None:
        """Learn in turns, see :meth:`Scheme.learn`."""
        meetings = {Meeting.ROLLOUT: between_rollouts, Meeting.STEP: self._shared.step}

        def learner(k: int) -> Callable[[], None]:
            return lambda: self._learn(k, lambda: hand_over(Meeting.ROLLOUT))

        take_turns([learner(k) for k in range(len(self.models))], self._turn, lambda place: meetings[place]())

    @contextmanager
    def _turn(self, k: int) -> Iterator[None]:
        """A turn of one learner, with its generators in place."""
        device = self.models[k].device
        restore_generators(self._generators[k], device)
        yield
        self._generators[k] = generators_state(device)

    def generators(self) -> State:
        """Return the state of each learner's generators."""
        return {str(k): state for k, state in enumerate(self._generators)}

    def restore_generators(self, state: Mapping[str, Any]) -> None:
        """Put each learner's generators where :meth:`generators` found them."""
        self._generators = [dict(state[str(k)]) for k in range(len(self.models))]
