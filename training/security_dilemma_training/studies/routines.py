"""Routines: how long states go on with what they do, in conflict and in peace, and what that costs in goods.

For Mitzen (2006) states may cling to a conflict because its routines tell them who they are, at no gain in goods; a
routine here is a run of steps with the same move (`routine_weight` is the price of another one), or one in which both
states of a pair arm. A run may be long because its move is frequent. So lengths are held against those that the very
same moves of a state would have in random order: where nothing but frequency is at work the ratio is 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, DISARM, HOLD, STRIKE
from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies.material import material_payoff
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Bools, Trajectories

__all__ = [
    "CONFLICT",
    "MEASUREMENT",
    "PEACE",
    "Runs",
    "armed_pairs",
    "changes_of_move",
    "conduct",
    "runs",
]

CONFLICT, PEACE = (ARM_DEFENSIVELY, ARM_OFFENSIVELY, STRIKE), (HOLD, DISARM)
"""Moves of conflict and of peace."""

DEFINITIONS = {
    "conflict_routine": "mean length of runs of the same move of arming or striking among seekers, in steps",
    "conflict_routine_longest": "the longest of these runs of a state in a game, mean over states and games, in steps",
    "conflict_persistence": "conflict_routine over what the same moves give in random order; 1: frequency alone",
    "peace_routine": "mean length of runs of holding, or of disarming, among seekers, in steps",
    "peace_routine_longest": "the longest of these runs of a state in a game, mean over states and games, in steps",
    "peace_persistence": "peace_routine over what the same moves give in random order; 1: frequency alone",
    "armed_pair_routine": "mean length of runs of steps in which both states of a pair arm, among seekers",
    "armed_pair_persistence": "armed_pair_routine over what the same steps give in random order; 1: frequency alone",
    "changes_of_move": "share of steps in which a state makes another move than in its last one, among seekers",
    "material_payoff": "mean discounted payoff without what routine and power pay as such, among seekers; peace is 1",
}


class Runs(NamedTuple):
    """Runs of steps with the same value, pooled over sequences; NaN where there is none."""

    mean: float  # mean length in steps
    longest: float  # of each sequence, 0 where it has none, mean over those of at least one step
    shuffled: float  # mean length that is expected of the same values in random order within each sequence

    @property
    def persistence(self) -> float:
        """The mean length over that in random order; 1 where nothing but frequency is at work."""
        return self.mean / self.shuffled


def runs(values: NDArray[np.integer] | Bools, there: Bools, of: tuple[int, ...]) -> Runs:
    """Return the runs of some values.

    In a random order of a sequence of L steps, of which n have a value, that value is expected to have
    ``n (L - n + 1) / L`` runs (Wald & Wolfowitz 1940); mean lengths are steps over runs, both pooled.

    Args:
        values: (T, ...) a number for each step of each sequence.
        there: (T, ...) bool, which steps a sequence has: the first ones.
        of: The values whose runs are counted; a run is of one and the same of them.
    """
    counted = there & np.isin(values, of)
    same = np.zeros_like(counted)
    same[1:] = counted[1:] & there[:-1] & (values[1:] == values[:-1])
    length, longest = np.zeros(counted.shape[1:], int), np.zeros(counted.shape[1:], int)
    for goes_on, begins in zip(same, counted, strict=True):
        length = np.where(goes_on, length + 1, begins.astype(int))
        longest = np.maximum(longest, length)
    steps = there.sum(axis=0)
    expected = 0.0
    for value in of:
        n = (there & (values == value)).sum(axis=0)
        expected += float((n * (steps - n + 1) / np.maximum(steps, 1)).sum())
    total = float(counted.sum())
    begun = float((counted & ~same).sum())
    return Runs(ratio(total, begun), ratio(longest.sum(), (steps > 0).sum()), ratio(total, expected))


def conduct(trajectories: Trajectories) -> tuple[NDArray[np.integer], Bools]:
    """Return the moves of all states and which steps count, (T, G, N) each.

    The step in which a state is eliminated does not: the record of its move is lost with it.
    """
    t = trajectories
    return t.move, t.present & ~(t.belligerent & ~t.won & (t.war == "terminal"))


def armed_pairs(trajectories: Trajectories) -> tuple[Bools, Bools]:
    """Return in which steps both states of a pair arm, and in which both are there, (T, G, pairs) each."""
    moves, there = conduct(trajectories)
    arms = np.isin(moves, (ARM_DEFENSIVELY, ARM_OFFENSIVELY))
    first, second = zip(*combinations(range(moves.shape[-1]), 2), strict=True)
    both_arm, both_there = (x[..., list(first)] & x[..., list(second)] for x in (arms, there))
    return both_arm, both_there


def changes_of_move(trajectories: Trajectories) -> float:
    """Return the share of steps, after the first, in which a state makes another move than in its last one."""
    moves, there = conduct(trajectories)
    later = there[1:] & there[:-1]
    return ratio(((moves[1:] != moves[:-1]) & later).sum(), later.sum())


def _of(subject: Subject) -> Mapping[str, float]:
    t = subject.seekers
    moves, there = conduct(t)
    conflict, peace, pairs = runs(moves, there, CONFLICT), runs(moves, there, PEACE), runs(*armed_pairs(t), (1,))
    mixed = np.any(np.asarray(t.params.prosocial_weight) != 0)
    return {
        "conflict_routine": conflict.mean,
        "conflict_routine_longest": conflict.longest,
        "conflict_persistence": conflict.persistence,
        "peace_routine": peace.mean,
        "peace_routine_longest": peace.longest,
        "peace_persistence": peace.persistence,
        "armed_pair_routine": pairs.mean,
        "armed_pair_persistence": pairs.persistence,
        "changes_of_move": changes_of_move(t),
        "material_payoff": float("nan") if mixed else float(np.mean(material_payoff(t))),
    }


MEASUREMENT = Measurement("routines", DEFINITIONS, _of)
"""How states go on with what they do."""
