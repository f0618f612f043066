"""One situation, several pasts: what a policy that remembers makes of what it remembers, by experiment.

The games of a policy are replayed up to a step, so that it remembers them. Then each of its states is shown what it
would have seen in that step of *another* game, and is asked what it does: the past of the one game, the present of the
other. The same present is shown after the pasts of many games, so that whatever follows from the present cancels out
within it. Pasts come with more than sunk costs: the arms of both sides at their end are regressed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, STRIKE
from security_dilemma_training.policies import Bools, Floats, Policy, memory_of, remind, restart
from security_dilemma_training.studies.asking import move_shares
from security_dilemma_training.trajectories import Trajectories

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["PASTS", "PROBES", "Effect", "Played", "effects", "slope_within"]

PROBES = (8, 16, 24)
"""Steps in which situations are exchanged, from 0."""

PASTS = 16
"""Pasts after which each situation is shown, its own among them."""

DRAWS = 2
"""Draws of a policy after each past; situations and pasts average over many."""

PERMUTATIONS = 200
"""Random exchanges of pasts that the null is made of."""


class Played(NamedTuple):
    """Games as they were played and seen."""

    trajectories: Trajectories
    observations: Floats  # (T, G, N, obs_dim)
    masks: Bools  # (T, G, N, …)
    sunk: Floats  # (T, G, N), sunk costs at the start of each step


class Effect(NamedTuple):
    """A slope within situations, probability per unit; NaN where pasts do not differ."""

    slope: float
    null: float  # 95 % of the slopes of exchanged pasts are smaller in size
    situations: int


class _Rows(NamedTuple):
    """Answers in some situations after each past."""

    answers: NDArray[np.float64]  # (pasts, situations)
    past: NDArray[np.float64]  # (pasts, situations, 3): sunk costs, own arms, the others' arms


def effects(policy: Policy, config: RunConfig, played: Played, rng: np.random.Generator) -> tuple[Effect, Effect]:
    """Return the effect of sunk costs on arming outside crises and on striking in crises.

    Args:
        policy: A policy that remembers, or may.
        config: The game.
        played: Its games.
        rng: Source of draws and permutations.
    """
    arming: list[_Rows] = []
    striking: list[_Rows] = []
    for step in PROBES:
        games = np.flatnonzero(played.trajectories.active[step]) if step < len(played.sunk) else np.zeros(0, int)
        if len(games) < PASTS:
            continue
        shares, pasts = _shown(policy, config, played, step, games, rng)
        there, crisis = played.trajectories.present[step, games], played.trajectories.crisis[step, games]
        arms = shares[..., [ARM_DEFENSIVELY, ARM_OFFENSIVELY]].sum(axis=-1)
        arming.append(_Rows(arms[:, there & ~crisis], pasts[:, there & ~crisis]))
        striking.append(_Rows(shares[..., STRIKE][:, there & crisis], pasts[:, there & crisis]))
    return _effect(arming, rng), _effect(striking, rng)


def slope_within(
    answers: NDArray[np.float64], past: NDArray[np.float64], rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> Effect:
    """Return the slope of answers on the first thing of a past given the others, within situations.

    Args:
        answers: (pasts, situations) probabilities.
        past: (pasts, situations, things).
        rng: Source of the permutations.
        permutations: How often pasts are exchanged at random within situations for the null.
    """
    answers, past = answers - answers.mean(axis=0), past - past.mean(axis=0)
    first, rest = past[..., 0], past[..., 1:].reshape(past[..., 0].size, -1) if past.shape[-1] > 1 else None
    if rest is not None:
        first = first - (rest @ np.linalg.lstsq(rest, first.ravel(), rcond=None)[0]).reshape(first.shape)
    spread = float((first**2).sum())
    if spread <= 1e-9 * first.size:
        return Effect(float("nan"), float("nan"), first.shape[1])
    slope = float((first * answers).sum()) / spread
    exchanged = [float((rng.permuted(first, axis=0) * answers).sum()) / spread for _ in range(permutations)]
    return Effect(slope, float(np.quantile(np.abs(exchanged), 0.95)), first.shape[1])


def _shown(
    policy: Policy, config: RunConfig, played: Played, step: int, games: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of moves (pasts, games, N, 5) at the situations of a step after other pasts, and these, (…, N, 3)."""
    restart(policy, len(games))
    for before in range(step):
        policy.act(played.observations[before, games], played.masks[before, games], rng)
    memory = memory_of(policy)
    arms = np.where(played.trajectories.present, played.trajectories.arms, 0)[step - 1, games]
    others = arms.sum(axis=-1, keepdims=True) - arms
    past = np.stack([played.sunk[step - 1, games], arms, others], axis=-1).astype(float)
    observations, masks = played.observations[step, games], played.masks[step, games]
    shares, pasts = [], []
    for k in range(PASTS):
        # the policy's memories stay where they are, and the presents move along
        remind(policy, memory)
        shown = move_shares(policy, config, np.roll(observations, k, axis=0), np.roll(masks, k, axis=0), rng, DRAWS)
        shares.append(np.roll(shown, -k, axis=0))
        pasts.append(np.roll(past, -k, axis=0))
    return np.stack(shares), np.stack(pasts)


def _effect(rows: list[_Rows], rng: np.random.Generator) -> Effect:
    if not sum(row.answers.shape[1] for row in rows):
        return Effect(float("nan"), float("nan"), 0)
    return slope_within(
        np.concatenate([row.answers for row in rows], axis=1), np.concatenate([row.past for row in rows], axis=1), rng
    )
