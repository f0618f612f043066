"""Whole games of the kind that a config describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from security_dilemma_training.trajectories import Bools, Policy, Trajectories, record

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["drawn_intents", "play"]


def play(policy: Policy, config: RunConfig, *, n_games: int, intents: ArrayLike, seed: int) -> Trajectories:
    """Play games of a config, see :func:`security_dilemma_training.trajectories.record`.

    Args:
        policy: Decides for every state.
        config: The game.
        n_games: Number of games G.
        intents: 1 for greedy and 0 for a security seeker; broadcasts to (G, N).
        seed: Seed of the games and of the policy's chance.
    """
    game = config.game
    return record(
        config.resolved_params(),
        policy,
        n_games=n_games,
        n_states=game.n_states,
        max_cycles=game.max_cycles,
        intents=intents,
        seed=seed,
        stages=game.stages,
        war=game.war,
        action_mode=game.action_mode,
        reveal_intents=game.reveal_intents,
        signals=game.signals,
    )


def drawn_intents(config: RunConfig, n_games: int, seed: int) -> Bools:
    """Return intents drawn from the prior, (n_games, N): greedy with probability 1 - trust.

    The draws of each state are stratified over the games, so that the share of games in which it is greedy is its
    probability, up to one game, and adds no noise of its own.
    """
    rng = np.random.default_rng(seed)
    strata = np.arange(n_games)[:, None] + rng.random((n_games, config.game.n_states))
    greedy: Bools = rng.permuted(strata, axis=0) / n_games >= np.asarray(config.resolved_params().trust)
    return greedy
