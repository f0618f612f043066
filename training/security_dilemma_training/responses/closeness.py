"""Whether learned policies are close to an equilibrium, as far as the best responses that were found can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from security_dilemma_training.statistics import iqm

__all__ = ["SMALL_GAIN", "Closeness", "WorldCloseness", "closeness", "gains_of", "judge_closeness"]

SMALL_GAIN = 0.02
"""A policy is close to an equilibrium if no intent gains more than this share of an undisturbed peaceful future by a
best response: less than half of what a single step of peace pays at the default discount, 1 - δ = 0.05."""

NAMES = {"security_seeker": "security seekers", "greedy": "greedy states"}


class Closeness(StrEnum):
    """How a seed's policy stands to equilibrium."""

    CLOSE = "close"
    EXPLOITABLE = "exploitable"
    UNDECIDED = "undecided"


class WorldCloseness(NamedTuple):
    """How the policies of a world stand to equilibrium."""

    seeds: tuple[Closeness, ...]  # of each seed that was looked at
    words: str


def closeness(by_intent: Mapping[str, Mapping[str, Any] | None]) -> Closeness:
    """Return how a policy stands to equilibrium, from the 95 % intervals of what the responses found gain.

    It is exploitable if some intent gains more than :data:`SMALL_GAIN` for certain, close if none does for certain, and
    undecided otherwise; so it is where the search failed, as a response that is worse than the policy itself by more
    than that tells. A gain is a lower bound, so that only ``exploitable`` is proof.

    Args:
        by_intent: Of :func:`security_dilemma_training.responses.exploitability.exploitability`.
    """
    found = [gain for gain in by_intent.values() if gain is not None]
    if any(gain["low"] > SMALL_GAIN for gain in found):
        return Closeness.EXPLOITABLE
    near = all(-SMALL_GAIN <= gain["high"] <= SMALL_GAIN for gain in found)
    return Closeness.CLOSE if near else Closeness.UNDECIDED


def gains_of(results: Sequence[Mapping[str, Any]], intent: str) -> list[float]:
    """Return the gain of an intent in each result that has one; NaN in others."""
    found = [(result.get("exploitability") or {}).get("by_intent", {}).get(intent) for result in results]
    return [np.nan if gain is None else float(gain["gain"]) for gain in found]


def judge_closeness(results: Sequence[Mapping[str, Any]]) -> WorldCloseness | None:
    """Return how the policies of a world stand to equilibrium, or None if none of the results tells.

    Args:
        results: Of each seed; those that were looked at have ``exploitability``.
    """
    looked_at = [result["exploitability"]["by_intent"] for result in results if result.get("exploitability")]
    if not looked_at:
        return None
    seeds = tuple(closeness(by_intent) for by_intent in looked_at)
    n, close, exploitable = len(seeds), seeds.count(Closeness.CLOSE), seeds.count(Closeness.EXPLOITABLE)
    gains = {name: [gain for gain in gains_of(results, intent) if gain == gain] for intent, name in NAMES.items()}
    told = ", ".join(f"{name} {float(iqm(values)):z.3f}" for name, values in gains.items() if values)
    words = f"Gain of the best response found, interquartile mean: {told}. "
    if close == n:
        words += f"So the policies are close to an equilibrium as far as these responses tell ({_of(n, n)})."
    elif exploitable == n:
        words += f"So the policies are no equilibrium ({_of(n, n)})."
    else:
        undecided = n - close - exploitable
        words += f"Of {_of(n)}, {close} close to an equilibrium as far as these responses tell, {exploitable} not"
        words += f", {undecided} undecided." if undecided else "."
    return WorldCloseness(seeds, words)


def _of(n: int, count: int | None = None) -> str:
    seeds = f"{n} seed{'s' * (n > 1)}"
    return seeds if count is None else f"{count} of {seeds}"
