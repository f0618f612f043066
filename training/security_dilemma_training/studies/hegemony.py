"""Hegemony and power transition: how power gathers, who is left, and when the leader is challenged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.arrays import facing
from security_dilemma.combat import attack_strength
from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = [
    "MEASUREMENT",
    "PARITY",
    "LargestShare",
    "Transition",
    "largest_economy_share",
    "largest_power_share",
    "riser_strikes",
    "survivors",
    "transition",
]

PARITY = 0.8
"""Two states are equals whose economies differ by at most a fifth of the larger one (Organski & Kugler 1980)."""


class LargestShare(NamedTuple):
    """The largest share that one state has of what the living have together; means over games."""

    start: float  # in the first step
    middle: float  # at half of the time limit; of a game that ended before, at its end
    end: float  # at its end: by what the survivors of the last step have


class Transition(NamedTuple):
    """The chance that a crisis ends in war, by the ratio of the weaker economy to the stronger one."""

    parity: float  # wars over crises of states whose ratio is PARITY or more
    preponderance: float  # wars over crises of the others


def largest_power_share(trajectories: Trajectories) -> LargestShare:
    """Return the largest share of power, by what states can bring to an attack, ``eA + O + f D``."""
    t = trajectories
    return _largest(t, attack_strength(t.params, t.offensive, t.defensive))


def largest_economy_share(trajectories: Trajectories) -> LargestShare:
    """Return the largest share of the economies."""
    return _largest(trajectories, trajectories.economy)


def survivors(trajectories: Trajectories) -> Bools:
    """Return who is alive after the last step of its game, (G, N)."""
    last, games = _last_step(trajectories), np.arange(trajectories.active.shape[1])
    t = trajectories
    lost = t.belligerent[last, games] & ~t.won[last, games] & (t.war == "terminal")
    return np.asarray(t.alive[last, games] & ~lost)


def transition(trajectories: Trajectories) -> Transition:
    """Return the chance that a crisis ends in war, between equals in their economies and between others.

    Wars are likely at parity, when a challenger catches up with the leader, says power transition theory (Organski &
    Kugler 1980); between equals, says the balance of power, they are not.
    """
    t = trajectories
    there = t.crisis & t.present
    rival = facing(t.economy, t.crisis)
    equal = np.minimum(t.economy, rival) >= PARITY * np.maximum(t.economy, rival)
    both = (there & equal, there & ~equal)
    return Transition(*(ratio((t.belligerent & crisis).sum(), crisis.sum()) for crisis in both))


def riser_strikes(trajectories: Trajectories) -> float:
    """Return the share of one-sided strikes that come from the side that has risen against the other.

    Risen has the state whose economy has grown more since the start of the game. The other one's are strikes of a
    declining state, as in a preventive war (Levy 1987; Copeland 2000). Where both have grown alike nothing is counted.
    """
    t = trajectories
    gained = t.economy / t.start.economy
    rival = facing(gained, t.crisis)
    one_sided = t.struck & t.present & (t.struck.sum(axis=-1, keepdims=True) == 1)
    risen, fallen = gained > rival * (1 + ALIKE), rival > gained * (1 + ALIKE)
    return ratio((one_sided & risen).sum(), (one_sided & (risen | fallen)).sum())


ALIKE = 1e-4
"""Growth that differs by less than this share counts as the same."""


def _last_step(trajectories: Trajectories) -> NDArray[np.integer]:
    return np.asarray(trajectories.active.sum(axis=0) - 1)


def _largest(trajectories: Trajectories, held: Floats) -> LargestShare:
    """The largest shares of (T, G, N) holdings."""
    t, games = trajectories, np.arange(trajectories.active.shape[1])
    last = _last_step(t)
    shares = _share(held, t.present)
    final = _share(held[last, games], survivors(t))
    half = min(t.max_cycles // 2, len(shares) - 1)
    middle = np.where(last >= half, shares[half], final)
    return LargestShare(*(float(np.mean(share)) for share in (shares[0], middle, final)))


def _share(held: Floats, there: Bools) -> Floats:
    """The largest share among those that are there, (...); 1 where nobody is."""
    living = np.where(there, held, 0).astype(float)
    total = living.sum(axis=-1)
    return np.asarray(np.where(total > 0, living.max(axis=-1) / np.where(total > 0, total, 1), 1.0))


DEFINITIONS: Mapping[str, str] = {
    "largest_power_start": "largest share of the attack strength of the living, in the first step",
    "largest_power_middle": "largest share of the attack strength of the living, at half of the time limit",
    "largest_power_end": "largest share of the attack strength of the survivors, at the end",
    "power_rise": "largest_power_end less largest_power_start",
    "largest_economy_start": "largest share of the economies of the living, in the first step",
    "largest_economy_end": "largest share of the economies of the survivors, at the end",
    "survivors": "states alive at the end of a game",
    "sole_survivor": "share of games that one state alone survives",
    "war_at_parity": "wars over crises of states whose economies differ by at most a fifth of the larger one",
    "war_at_preponderance": "wars over crises of states whose economies differ by more than that",
    "parity_effect": "war_at_parity less war_at_preponderance; 0: parity makes no difference",
    "riser_strikes": "share of one-sided strikes by the side whose economy has grown more; .5: neither is readier",
}


def _hegemony(subject: Subject) -> Mapping[str, float]:
    t = subject.drawn
    power, economy, wars = largest_power_share(t), largest_economy_share(t), transition(t)
    left = survivors(t).sum(axis=-1)
    return {
        "largest_power_start": power.start,
        "largest_power_middle": power.middle,
        "largest_power_end": power.end,
        "power_rise": power.end - power.start,
        "largest_economy_start": economy.start,
        "largest_economy_end": economy.end,
        "survivors": float(left.mean()),
        "sole_survivor": float((left == 1).mean()),
        "war_at_parity": wars.parity,
        "war_at_preponderance": wars.preponderance,
        "parity_effect": wars.parity - wars.preponderance,
        "riser_strikes": riser_strikes(t),
    }


MEASUREMENT = Measurement(
    "hegemony", {name: f"{text}; under the prior" for name, text in DEFINITIONS.items()}, _hegemony
)
"""How power gathers in games under the prior."""
