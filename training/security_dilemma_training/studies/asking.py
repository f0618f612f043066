"""What a policy would do, asked without disturbing what it remembers of the games that it is playing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.state import Move
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.analysis.situations import probabilities
from security_dilemma_training.policies import Bools, Floats, Policy, memory_of, remind

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["move_shares", "moves_of"]


def moves_of(actions: NDArray[Any], config: RunConfig) -> NDArray[np.intp]:
    """Return the moves of actions (..., components), (...,).

    Raises:
        ValueError: If the action mode is continuous, where a move is a rate.
    """
    if config.game.action_mode == "continuous":
        raise ValueError("action_mode = 'continuous' has rates in place of moves: use 'multidiscrete' or 'discrete'")
    first = actions[..., 0]
    if config.game.action_mode == "discrete":
        first = np.unravel_index(first, component_sizes(config.game.n_states))[0]
    return np.asarray(first, np.intp)


def move_shares(
    policy: Policy, config: RunConfig, observations: Floats, mask: Bools, rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Return how likely a policy makes each move, from what it sees and, if it remembers, from its memory as it stands.

    Of a policy that tells its probabilities these are asked; any other one draws, and is then given back its memory.

    Args:
        policy: The policy.
        config: The game.
        observations: (n_games, n_states, obs_dim).
        mask: Which actions have their effect.
        rng: Source of the draws.
        draws: How often to draw.

    Returns:
        (n_games, n_states, 5), in the order of :class:`security_dilemma.state.Move`.

    Raises:
        TypeError: If a policy remembers and cannot say what.
        ValueError: If the action mode is continuous.
    """
    if isinstance(policy, Readable):
        return probabilities(policy, config, observations)[0]
    memory, counts = memory_of(policy), np.zeros((*observations.shape[:-1], len(Move)))
    for _ in range(draws):
        moves = moves_of(policy.act(observations, mask, rng), config)
        counts += moves[..., None] == np.arange(len(Move))
        remind(policy, memory)
    return counts / draws
