"""Self-play: one network plays every state and learns from the steps of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.schemes.scheme import OneLearner
from security_dilemma_training.vec_env import GamesVecEnv

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["SelfPlayScheme"]


class SelfPlayScheme(OneLearner):
    """One learner in all slots."""

    def __init__(self, config: RunConfig, seed: int) -> None:
        """Build the games and the learner."""
        games = GamesVecEnv(build_games(config, config.n_games))
        super().__init__(config, games, [build_learner(config, games, seed)])
