"""The Red Queen's race: arms rise, and nobody's position in them changes.

Van Valen's (1973) image, of running to stay in the same place, for Richardson's (1960) race. Over the first steps of
peace of a game, what each state of a dyad adds to its arms is split into what the other matched and what it did not:
``growth = matched + unmatched``, the matched part being the smaller of the two additions. A one-sided build-up has no
matched part, and neither has peace without arms.

Arms that rise in all games alike are matched by anybody's, so the null is a race of states that never met: state i of
one game beside state j of another. What is matched beyond that is an answer. It can show only where games differ: two
states that do the same in all games have no excess, whatever they answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.combat import attack_strength, defence_strength
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Floats, Trajectories

__all__ = ["MEASUREMENT", "SHIFTS", "SPAN", "Race", "race", "relative_strength"]

SPAN = 10
"""Steps of peace from the start of a game: half a mean lifetime ``1/(1-δ)`` at the default discount."""

SHIFTS = 50
"""In how many ways, at most, games are put beside other games for the null."""

NAN = float("nan")

DEFINITIONS = {
    "red_queen_growth": f"mean change of a state's arms over the first {SPAN} steps of a game, where these are at "
    "peace, in units",
    "red_queen_index": "growth of arms that the other matched, in units: mean over dyads of the smaller of both "
    "additions; 0 without a race and in a one-sided build-up",
    "red_queen_null": "the same of states that never met: one of a game, the other of another game, in units",
    "red_queen_excess": "red_queen_index less its null, in units: growth that answers the other's; 0 where states do "
    "not look at each other",
    "red_queen_shift": "mean size of the change of relative strength over these steps, |Δ ln(S_i / S_j)|, S² being "
    "strength in attack times strength in defence",
    "red_queen_shift_null": "the same of states that never met",
}


class Race(NamedTuple):
    """What became of arms and of relative strength; NaN where no game was at peace for so long."""

    growth: float  # units of arms per state
    matched: float  # units of arms per state
    matched_null: float
    shift: float  # size of Δ ln(S_i / S_j)
    shift_null: float
    dyads: int  # that were at peace


NONE = Race(NAN, NAN, NAN, NAN, NAN, dyads=0)


def relative_strength(trajectories: Trajectories, step: int) -> Floats:
    """Return ``ln S = ½ ln(E_att · E_def)`` of each state at the start of a step, (G, N).

    The difference of two states' is half the difference of the log force ratios of a strike by the one and by the
    other: it is 0 where both would fare alike.
    """
    stocks = trajectories.offensive[step], trajectories.defensive[step]
    params = trajectories.params
    strength: Floats = 0.5 * np.log(attack_strength(params, *stocks) * defence_strength(params, *stocks))
    return strength


def race(trajectories: Trajectories, span: int = SPAN) -> Race:
    """Return what became of arms and of relative strength in the first ``span`` steps, of dyads at peace so long.

    Args:
        trajectories: Games.
        span: Steps from the start; arms are those at the start of step ``span``, counted from 0.
    """
    t = trajectories
    if len(t.active) <= span:
        return NONE
    added = t.arms[span] - t.arms[0]
    stronger = relative_strength(t, span) - relative_strength(t, 0)
    rows = [_Rows(added[peace][:, pair], stronger[peace][:, pair]) for pair, peace in _peaceful(t, span)]
    dyads = sum(len(row.added) for row in rows)
    if not dyads:
        return NONE
    growth = np.concatenate([row.added for row in rows])
    matched, shift = _over(rows, 0)
    others = [_over(rows, k) for k in range(1, 1 + min(SHIFTS, min(len(row.added) for row in rows) - 1))]
    matched_null, shift_null = np.mean(others, axis=0) if others else (NAN, NAN)
    return Race(float(growth.mean()), matched, float(matched_null), shift, float(shift_null), dyads)


class _Rows(NamedTuple):
    """The same dyad of several games."""

    added: Floats  # (games, 2)
    stronger: Floats  # (games, 2), change of ln S


def _peaceful(t: Trajectories, span: int) -> Iterator[tuple[list[int], NDArray[np.intp]]]:
    """Each dyad, and the games in which both are still there after ``span`` steps and had no war."""
    peace = t.present[span] & ~t.belligerent[:span].any(axis=0)
    for i, j in combinations(range(peace.shape[-1]), 2):
        games = np.flatnonzero(peace[:, i] & peace[:, j])
        if len(games):
            yield [i, j], games


def _over(rows: list[_Rows], shift: int) -> tuple[float, float]:
    """Mean matched growth and change of relative strength, the second state being that of ``shift`` games on."""
    matched, changes = [], []
    for row in rows:
        first, second = row.added[:, 0], np.roll(row.added[:, 1], shift)
        matched.append(np.maximum(np.minimum(first, second), 0))
        changes.append(np.abs(row.stronger[:, 0] - np.roll(row.stronger[:, 1], shift)))
    return float(np.concatenate(matched).mean()), float(np.concatenate(changes).mean())


def _of(subject: Subject) -> Mapping[str, float]:
    found = race(subject.seekers)
    return {
        "red_queen_growth": found.growth,
        "red_queen_index": found.matched,
        "red_queen_null": found.matched_null,
        "red_queen_excess": found.matched - found.matched_null,
        "red_queen_shift": found.shift,
        "red_queen_shift_null": found.shift_null,
    }


MEASUREMENT = Measurement("red_queen", DEFINITIONS, _of)
