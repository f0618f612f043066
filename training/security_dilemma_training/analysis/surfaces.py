"""Response surfaces: how likely a policy strikes over two of the things that it sees, all else as it was met.

A surface is a partial dependence (Friedman 2001): in every situation the two are set to each pair of values, and the
strike probabilities are averaged over the situations. It is what the policy would do, not what it does: pairs of values
far from all that were met say what a network makes of what it was hardly trained on. So surfaces carry what was met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.analysis.situations import changed, entries, strike_probability
from security_dilemma_training.policies import Floats, Policy

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Axis", "Surface", "dossier", "others_arms", "own_arms", "response_surface"]

AT_ONCE = 1 << 18
"""Observations that a policy is asked about at once; more would only take more memory."""

STEPS = 24
"""Steps of the axes that are ready-made."""


class Axis(NamedTuple):
    """Something that a state sees.

    Attributes:
        label: For people, with the unit.
        entries: Entries of the observation of which it is the sum; a value is shared evenly among them.
        values: Ascending values to look at.
    """

    label: str
    entries: tuple[str, ...]
    values: tuple[float, ...]


def own_arms(config: RunConfig) -> Axis:
    """Return own arms up to the cap, half of them offensive."""
    return Axis("own arms (units, half of them offensive)", ("own_offensive", "own_defensive"), _up_to_the_cap(config))


def others_arms(config: RunConfig) -> Axis:
    """Return the other's arms up to the cap."""
    return Axis("other's arms, as reported (units)", ("other_1_arms",), _up_to_the_cap(config))


def dossier() -> Axis:
    """Return the believed offensive share of the other's arms."""
    return Axis("dossier on the other (offensive share)", ("other_1_dossier",), tuple(np.linspace(0, 1, STEPS + 1)))


class Surface(NamedTuple):
    """Strike probabilities over two axes."""

    first: Axis
    second: Axis
    strike: NDArray[np.float64]  # (values of the first, values of the second)
    met: NDArray[np.float64]  # (rows, 2), what the situations had on both axes before it was changed


def response_surface(policy: Policy, config: RunConfig, observations: Floats, first: Axis, second: Axis) -> Surface:
    """Return how likely a policy strikes over two axes, averaged over situations in which all else is left as it was.

    Args:
        policy: The policy.
        config: The game it was trained for.
        observations: (rows, obs_dim), the situations; some hundred will do.
        first: One axis.
        second: Another, of other entries.

    Raises:
        ValueError: If there is no situation, an entry is unknown, on both axes or gets a value outside its bounds, or
            the policy does not tell its probabilities by observation.
    """
    if not len(observations):
        raise ValueError("there is no situation to ask about: play more games")
    both = sorted({*first.entries} & {*second.entries})
    if both:
        raise ValueError(f"{', '.join(both)} cannot be on both axes: choose others")
    grid = [(x, y) for x in first.values for y in second.values]
    step = max(1, AT_ONCE // len(observations))
    parts = [
        _strikes(policy, config, observations, (first, second), grid[i : i + step]) for i in range(0, len(grid), step)
    ]
    strike = np.concatenate(parts).reshape(len(first.values), len(second.values))
    met = np.stack([_value(config, observations, axis) for axis in (first, second)], axis=-1)
    return Surface(first, second, strike, met)


def _strikes(
    policy: Policy, config: RunConfig, observations: Floats, axes: tuple[Axis, Axis], points: list[tuple[float, float]]
) -> NDArray[np.float64]:
    """The mean strike probability at each of some points, (points,)."""
    values = np.array(points)[..., None] + np.zeros(len(observations))
    settings = {name: values[:, k] / len(axis.entries) for k, axis in enumerate(axes) for name in axis.entries}
    every = np.broadcast_to(observations, (len(points), *observations.shape))
    strikes: NDArray[np.float64] = strike_probability(policy, config, changed(config, every, settings)).mean(axis=-1)
    return strikes


def _value(config: RunConfig, observations: Floats, axis: Axis) -> NDArray[np.float64]:
    """What situations have on an axis, (rows,)."""
    known = entries(config)
    values: NDArray[np.float64] = observations[:, [known[name].place for name in axis.entries]].sum(
        axis=-1, dtype=float
    )
    return values


def _up_to_the_cap(config: RunConfig) -> tuple[float, ...]:
    return tuple(np.linspace(0, float(np.max(config.resolved_params().arms_cap)), STEPS + 1))
