"""Contagion: whether a war makes another one likelier among those who are left (N > 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from security_dilemma_training.metrics import ratio, wars
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories

__all__ = ["MEASUREMENT", "WINDOW", "Contagion", "contagion"]

WINDOW = 10
"""Steps after a war in which another one counts as following it."""


class Contagion(NamedTuple):
    """The chance of a war within some steps, after a game's first war and without one so far."""

    after_war: float  # share of games with a first war that see another one within the steps that follow it
    baseline: float  # the same share, of games without a war so far, matched by step
    wars: int  # first wars that it is the mean over


def contagion(trajectories: Trajectories, window: int = WINDOW) -> Contagion:
    """Return how likely a war is after a war, and where there has been none so far.

    A war leaves one of its two belligerents, so that every next war is one of a state that stood aside from the first:
    it is contagion to third parties (Bremer 1982). After a first war in step t, a war in the steps t+1, …, t+window
    counts; so it does in the baseline, of the games that have had no war up to and including t, in the mean weighted by
    the first wars in each step t. With three or more states a crisis is as likely after a war as before, so that the
    two are equal where conduct in crises does not change. First wars whose window reaches beyond the time limit, or at
    whose step no game is left without a war, are left out.

    Args:
        trajectories: The games.
        window: Number of steps.
    """
    at_war = wars(trajectories)
    if trajectories.alive.shape[-1] < 3:
        return Contagion(float("nan"), float("nan"), 0)
    had = np.cumsum(at_war, axis=0)
    first = at_war & (had == 1)
    later = np.concatenate([had, np.broadcast_to(had[-1:], (window, *had.shape[1:]))])[window:]
    followed = later > had
    spared = had == 0
    firsts, spared_games = first.sum(axis=1), spared.sum(axis=1)
    steps = np.arange(len(at_war))
    counted = (spared_games > 0) & (steps + window < trajectories.max_cycles)
    weight = np.where(counted, firsts, 0)
    again = (first & followed).sum(axis=1)
    anew = (spared & followed).sum(axis=1) / np.maximum(spared_games, 1)
    total = weight.sum()
    return Contagion(ratio(again[counted].sum(), total), ratio((weight * anew).sum(), total), int(total))


DEFINITIONS: Mapping[str, str] = {
    "war_after_war": f"share of games with a first war that see another within {WINDOW} steps, among seekers",
    "war_without_war": f"chance of a war within {WINDOW} steps in games without one so far, at the same steps",
    "contagion": "war_after_war less war_without_war; 0: wars do not spread",
}


def _contagion(subject: Subject) -> Mapping[str, float]:
    found = contagion(subject.seekers)
    return {
        "war_after_war": found.after_war,
        "war_without_war": found.baseline,
        "contagion": found.after_war - found.baseline,
    }


MEASUREMENT = Measurement("contagion", DEFINITIONS, _contagion)
"""Contagion among security seekers, who are all alike: no game is more warlike than another from the start."""
