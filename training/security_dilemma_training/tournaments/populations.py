"""Populations of a tournament's contestants, and how they evolve by the replicator dynamic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.tournaments.replicator import evolve, path, random_populations, rest_points
from security_dilemma_training.tournaments.tournament import CONDITIONS, SEEKERS, Entry, Tournament

__all__ = ["DRAWN", "DURATION", "STARTS", "Population", "evolution", "matrix", "populations_of"]

STARTS = 300
"""Populations from which the replicator dynamic starts."""

DURATION, STEPS = 1000.0, 1000
"""Of the replicator dynamic: units of time, and steps (:mod:`security_dilemma_training.tournaments.replicator`)."""

DRAWN = "intents_drawn"
"""The population whose intents are drawn anew in each meeting, a security seeker's with the world's trust."""

POINTS = 5
"""Rest points that are told of."""


class Population(NamedTuple):
    """How a population of the contestants evolves in a world by the replicator dynamic."""

    names: tuple[str, ...]
    path: NDArray[Any]  # (steps + 1, n), from all alike
    shares: NDArray[Any]  # (n,), mean at the end over random starts
    war_rate: float  # at the end of the path: of the meetings of two drawn from the population
    at_war: float  # share of random starts that end where most meetings see a war
    points: list[tuple[float, NDArray[Any]]]  # share of random starts, and shares (n,), of the largest rest points


def matrix(entries: Sequence[Entry], world: str, condition: str, quantity: str = "payoff") -> NDArray[np.float64]:
    """Return the estimates of a quantity in a world under a condition, (rows, columns)."""
    own = [entry for entry in entries if (entry.world, entry.condition) == (world, condition)]
    names = list(dict.fromkeys(entry.row for entry in own))
    values = np.full((len(names), len(names)), math.nan)
    for entry in own:
        values[names.index(entry.row), names.index(entry.column)] = getattr(entry, quantity).estimate
    return values


def evolution(names: Sequence[str], payoffs: NDArray[np.float64], wars: NDArray[np.float64]) -> Population:
    """Return how a population evolves.

    Args:
        names: The contestants.
        payoffs: (n, n), of the row among columns.
        wars: (n, n), share of their games that see a war.
    """
    n = len(names)
    start = np.full(n, 1 / n)
    ends = evolve(payoffs, random_populations(STARTS, n), duration=DURATION, steps=STEPS)
    one = path(payoffs, start, duration=DURATION, steps=STEPS)
    points = [(point.basin, point.shares) for point in rest_points(ends)[:POINTS]]
    at_war = float((np.einsum("si,ij,sj->s", ends, wars, ends) > 0.5).mean())
    return Population(tuple(names), one, ends.mean(axis=0), float(one[-1] @ wars @ one[-1]), at_war, points)


def populations_of(asked: Tournament, entries: Sequence[Entry]) -> dict[str, dict[str, Population]]:
    """By world and population: of security seekers, and with intents drawn, which two states' matrices tell of."""
    names = [player.name for player in asked.players]
    found: dict[str, dict[str, Population]] = {}
    for world, params in asked.worlds.items():
        weights = {SEEKERS: {SEEKERS: 1.0}}
        if asked.mixed and asked.n_states == 2:
            trust = float(np.mean(params.trust))
            chances = {0: trust, 1: 1 - trust}
            weights[DRAWN] = {name: chances[own] * chances[other] for name, (own, other) in CONDITIONS.items()}
        found[world] = {
            population: evolution(names, *(_weighted(entries, world, shares, q) for q in ("payoff", "war_rate")))
            for population, shares in weights.items()
        }
    return found


def _weighted(entries: Sequence[Entry], world: str, weights: Mapping[str, float], quantity: str) -> NDArray[np.float64]:
    """The mean of a quantity over conditions, (n, n)."""
    mean: NDArray[np.float64] = sum(
        (weight * matrix(entries, world, name, quantity) for name, weight in weights.items()), start=np.zeros(())
    )
    return mean
