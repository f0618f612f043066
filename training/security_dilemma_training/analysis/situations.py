"""Situations: what the states of many games see, with entries changed at will, and what a policy makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.params import nearest
from security_dilemma.perception import Entry, observation_table
from security_dilemma.state import STRIKE
from security_dilemma_training.algorithms.policies import Readable, sizes_of
from security_dilemma_training.playing import play
from security_dilemma_training.policies import Floats, Policy, Watched

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Situations", "changed", "crises", "entries", "probabilities", "strike_probability"]


class Situations(NamedTuple):
    """What states saw in the crises of whole games, one row for each state in crisis."""

    observations: Floats  # (rows, obs_dim) float32
    game: NDArray[np.intp]  # (rows,), the game that each was met in: rows of one game are no replicates


def crises(policy: Policy, config: RunConfig, *, games: int, seed: int, intents: ArrayLike = 0) -> Situations:
    """Play games and return what each state saw in each of its crises.

    Args:
        policy: Decides for every state.
        config: The game.
        games: Number of games.
        seed: Seed of the games and of the policy's chance.
        intents: 1 for greedy and 0 for a security seeker; broadcasts to (games, N).
    """
    watched = Watched(policy)
    played = play(watched, config, n_games=games, intents=intents, seed=seed)
    met = played.crisis & played.present
    return Situations(np.stack(watched.observations)[met], np.nonzero(met)[1])


def entries(config: RunConfig) -> dict[str, Entry]:
    """Return the entries of an observation of a config's games, by name."""
    game = config.game
    table = observation_table(
        config.resolved_params(), game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents
    )
    return {entry.name: entry for entry in table}


def changed(config: RunConfig, observations: Floats, values: Mapping[str, ArrayLike]) -> Floats:
    """Return observations with some entries set, everything else equal.

    Args:
        config: The game.
        observations: (..., obs_dim); they stay as they are.
        values: What to set, by name of the entry; each broadcasts to (...,).

    Raises:
        ValueError: Listing every entry that is unknown or whose value is outside its bounds.
    """
    known = entries(config)
    faults = [fault for name, value in values.items() if (fault := _fault(known, name, value))]
    if faults:
        raise ValueError("\n".join(faults))
    result = np.array(observations, np.float32)
    for name, value in values.items():
        result[..., known[name].place] = value
    return result


def probabilities(policy: Policy, config: RunConfig, observations: Floats) -> tuple[NDArray[np.float64], ...]:
    """Return how likely a policy does what: moves (..., 5), signals (..., 5) and, with N > 2, support (..., N).

    Args:
        policy: The policy.
        config: The game it was trained for.
        observations: (..., obs_dim).

    Raises:
        ValueError: If the policy does not tell its probabilities by observation.
    """
    if not isinstance(policy, Readable):
        problem = "does not tell its probabilities by the last observation alone"
        raise ValueError(f"{type(policy).__name__} {problem}: choose a policy without memory, of one network")
    told = policy.probabilities(observations)
    if config.game.action_mode != "discrete":
        return told
    sizes = sizes_of("multidiscrete", config.game.n_states)
    whole = told[0].reshape(*observations.shape[:-1], *sizes)
    axes = range(-len(sizes), 0)
    return tuple(whole.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes)


def strike_probability(policy: Policy, config: RunConfig, observations: Floats) -> NDArray[np.float64]:
    """Return how likely a policy strikes, (...,), see :func:`probabilities`."""
    strikes: NDArray[np.float64] = probabilities(policy, config, observations)[0][..., STRIKE]
    return strikes


def _fault(known: Mapping[str, Entry], name: str, value: Any) -> str | None:
    """Why an entry cannot be set to a value, or None."""
    if name not in known:
        return f"{name} is no entry of an observation: {nearest(name, known)}"
    low, high = known[name].low, known[name].high
    values = np.ravel(np.asarray(value, float))
    outside = values[~((values >= low) & (values <= high))]
    if not len(outside):
        return None
    return f"{name} = {outside[0]:g} is outside [{low:g}, {high:g}]: {known[name].meaning}"
