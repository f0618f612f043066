"""Who strikes on what it believes of the offence-defence balance (Jervis 1976; Van Evera 1999).

A leader's view of the balance is fixed for a game, and so is the truth: both are read from the game's start. Every
crisis of a state is a choice between striking and holding, made on what the leader believes and paid by what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Bools, Trajectories

__all__ = ["MEASUREMENT", "Choices", "choices", "cutoff", "separation", "strike_agreement"]

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Choices(NamedTuple):
    """Every choice of some states in their crises, in one row: C choices."""

    struck: Flags  # (C,), struck rather than held
    perceived: Values  # (C,), the balance as the leader sees it
    true: Values  # (C,), the game's balance
    chance: Values  # (C,), true chance P that a one-sided strike wins


def choices(trajectories: Trajectories, who: Bools) -> Choices:
    """Return what the states of ``who``, (G, N) bool, did in their crises."""
    t = trajectories
    there = t.crisis & t.present & who
    fixed = (np.broadcast_to(np.asarray(x, float), there.shape) for x in (t.start.perceived_balance, t.start.balance))
    perceived, true = (x[there] for x in fixed)
    return Choices((t.struck & t.present)[there], perceived, true, np.asarray(t.strike_chance, float)[there])


def separation(struck: Flags, seen: Values) -> float:
    """Return the chance that a strike was made on a higher value than a hold, equal ones counting one half.

    It is ½ where the value does not matter, and 1 where strikes are made above a cut-off and holds below: the
    Mann-Whitney statistic over the number of pairs. NaN where all struck, or nobody.

    Args:
        struck: (C,) which choices were strikes.
        seen: (C,) the value on which each was made.
    """
    strikes, holds = np.sort(seen[struck]), np.sort(seen[~struck])
    below = np.searchsorted(holds, strikes, side="left") + np.searchsorted(holds, strikes, side="right")
    return ratio(0.5 * float(below.sum()), strikes.size * holds.size)


def cutoff(struck: Flags, seen: Values) -> float:
    """Return the value that best parts strikes from holds: the largest share of strikes above less that of holds above.

    It lies half-way between two neighbouring values (Youden 1950); of several that part alike it is their mean. NaN
    where all struck, or nobody, or where nothing parts them: strikes are not made on higher values.

    Args:
        struck: (C,) which choices were strikes.
        seen: (C,) the value on which each was made.
    """
    values = np.unique(seen)
    if values.size < 2 or struck.all() or not struck.any():
        return float("nan")
    places = 0.5 * (values[1:] + values[:-1])
    strikes, holds = np.sort(seen[struck]), np.sort(seen[~struck])
    parted = np.searchsorted(holds, places) / holds.size - np.searchsorted(strikes, places) / strikes.size
    best = parted.max()
    return float(places[parted >= best - 1e-12].mean()) if best > 0 else float("nan")


def strike_agreement(trajectories: Trajectories) -> float:
    """Return the correlation of what the two states of a crisis do: 1 the same, 0 independently, below 0 the opposite.

    Over all crises, both states exchanged as well, ``(P(both strike) - p²) / (p (1-p))`` with p the share of all
    choices that are strikes. NaN where all struck, or nobody.
    """
    t = trajectories
    crises = (t.crisis & t.present).any(axis=-1)
    strikes = (t.struck & t.crisis & t.present).sum(axis=-1)[crises]
    share = ratio(float(strikes.sum()), 2 * strikes.size)
    both = ratio(float((strikes == 2).sum()), strikes.size)
    return ratio(both - share**2, share * (1 - share))


DEFINITIONS = {
    "perceived_cutoff": "perceived balance that best parts a seeker's strikes from its holds, log of the cost ratio",
    "true_cutoff": "true balance that best parts a seeker's strikes from its holds, log of the cost ratio",
    "strikes_by_perception": "chance that a seeker's strike saw a higher balance than a hold; ½: no tie",
    "strikes_by_truth": "chance that a seeker's strike had a higher true balance than a hold; ½: no tie",
    "strike_rate_perceived_offence": "share of a seeker's crises with a perceived balance above 0 in which it strikes",
    "strike_rate_perceived_defence": "share of a seeker's crises with a perceived balance up to 0 in which it strikes",
    "deluded_strikes": "share of seekers' strikes that see the advantage with offence where it is not, b <= 0",
    "dominated_strikes": "share of seekers' strikes whose true one-sided chance to win is at most ½",
    "strike_agreement": "correlation of what the two seekers of a crisis do; 0: they strike independently",
}


def _perception(subject: Subject) -> Mapping[str, float]:
    played = subject.seekers
    made = choices(played, ~played.greedy)
    struck, offence = made.struck, made.perceived > 0
    return {
        "perceived_cutoff": cutoff(struck, made.perceived),
        "true_cutoff": cutoff(struck, made.true),
        "strikes_by_perception": separation(struck, made.perceived),
        "strikes_by_truth": separation(struck, made.true),
        "strike_rate_perceived_offence": ratio(float((struck & offence).sum()), float(offence.sum())),
        "strike_rate_perceived_defence": ratio(float((struck & ~offence).sum()), float((~offence).sum())),
        "deluded_strikes": ratio(float((struck & offence & (made.true <= 0)).sum()), float(struck.sum())),
        "dominated_strikes": ratio(float((struck & (made.chance <= 0.5)).sum()), float(struck.sum())),
        "strike_agreement": strike_agreement(played),
    }


MEASUREMENT = Measurement("perception", DEFINITIONS, _perception)
