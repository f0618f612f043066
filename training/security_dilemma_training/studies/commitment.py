"""Escalation of commitment: going on because of what was spent, where it makes no difference any more.

Money that is gone should count for nothing (Arkes & Blumer 1985), and may be why more is spent (Staw 1976). Sunk are
here the arms that a state has bought and does not have any more: depreciated or disarmed. What is left of them it sees,
with all else that matters for what comes, so that sunk costs must make no difference *given what it sees*: the null is
0, and a policy without memory cannot but meet it.

So the test shows one and the same situation to a policy with several pasts: those of other games, up to the step
before. Only what it remembers differs, and by no choice of its own. The effect is the slope of what it does on the sunk
costs of its past, within situations, given both sides' arms at the end of that past
(:mod:`security_dilemma_training.studies.pasts`). Beside it stands what one would find without such an experiment: the
slope in play as it was, and the slope after a regression on what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.policies import Floats, Policy, Watched
from security_dilemma_training.studies.asking import move_shares, moves_of
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.pasts import Effect, Played, effects
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["MEASUREMENT", "Slopes", "bought", "slopes", "sunk_costs", "within"]

STREAM = 50
"""Stream of chance of the games whose pasts are exchanged."""

NAN = float("nan")

DEFINITIONS = {
    "sunk_cost_arming": "rise of the probability to arm outside crises for each unit of arms bought and gone, in the "
    "same situation with other pasts; 0 without a memory",
    "sunk_cost_arming_null": "size below which 95 % of such slopes are if pasts are exchanged at random",
    "sunk_cost_striking": "rise of the probability to strike in a crisis for each unit of arms bought and gone, in the "
    "same situation with other pasts; 0 without a memory",
    "sunk_cost_striking_null": "size below which 95 % of such slopes are if pasts are exchanged at random",
    "sunk_cost_arming_raw": "slope of arming on sunk costs over the steps of play, nothing else considered, per unit",
    "sunk_cost_arming_adjusted": "the same after a regression on what is seen, within strata of what is seen; it need "
    "not be 0 where a policy is not linear within them",
}


class Slopes(NamedTuple):
    """Slopes of arming on sunk costs in play, probability per unit of arms."""

    raw: float
    adjusted: float


def bought(trajectories: Trajectories) -> Floats:
    """Return what each state bought in each step and has at its end, units of arms (T, G, N); 0 in the last step.

    It is told from stocks, ``max(0, A' - (1 - depreciation) A)``, so that what the cap cut off was never had.
    """
    t = trajectories
    kept = (1 - np.asarray(t.params.depreciation)) * t.arms[:-1]
    found = np.zeros_like(t.arms)
    found[:-1] = np.where(t.present[1:], np.maximum(t.arms[1:] - kept, 0), 0)
    return found


def sunk_costs(trajectories: Trajectories) -> Floats:
    """Return what each state has spent on arms and does not have any more, at the start of each step, (T, G, N).

    Units of arms; those that a game starts with count as bought.
    """
    t = trajectories
    purchases = bought(t)
    before = np.cumsum(purchases, axis=0) - purchases
    return np.where(t.present, t.arms[0] + before - t.arms, 0)


def slopes(arming: Floats, sunk: Floats, seen: Floats, width: float) -> Slopes:
    """Return how arming goes with sunk costs over steps of play.

    Args:
        arming: (rows,) probabilities to arm, or draws.
        sunk: (rows,) sunk costs.
        seen: (rows, obs_dim) what was seen.
        width: Of the strata, in the units of what is seen.
    """
    strata = np.unique(np.floor(seen / width), axis=0, return_inverse=True)[1].ravel()
    columns = within(np.column_stack([sunk, seen]).astype(float), strata)
    alone = (sunk - sunk.mean(dtype=float))[:, None]
    return Slopes(_first_slope(arming.astype(float), alone), _first_slope(arming.astype(float), columns))


def within(values: NDArray[np.float64], strata: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return values (rows, columns) less their means in each stratum."""
    counts = np.bincount(strata)
    means = np.stack([np.bincount(strata, column) / counts for column in values.T], axis=-1)
    centred: NDArray[np.float64] = values - means[strata]
    return centred


def _first_slope(outcome: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    """The coefficient of the first of centred columns; NaN where the others leave nothing of it."""
    first, rest = columns[:, 0], columns[:, 1:]
    if rest.shape[1]:
        first = first - rest @ np.linalg.lstsq(rest, first, rcond=None)[0]
    spread = float(first @ first)
    return float(first @ outcome) / spread if spread > 1e-9 * len(first) else NAN


def _in_play(policy: Policy, config: RunConfig, played: Played, actions: NDArray[np.intp]) -> Slopes:
    """The slopes over steps outside crises."""
    t = played.trajectories
    there = t.present & ~t.crisis
    arms = np.isin(actions, (ARM_DEFENSIVELY, ARM_OFFENSIVELY)).astype(float)
    if isinstance(policy, Readable):
        every = np.zeros((0,), bool)
        shares = move_shares(policy, config, played.observations, every, np.random.default_rng(0), 1)
        arms = shares[..., [ARM_DEFENSIVELY, ARM_OFFENSIVELY]].sum(axis=-1)
    width = float(np.max(t.params.build))
    return slopes(arms[there], played.sunk[there], played.observations[there], width)


def _of(subject: Subject) -> Mapping[str, float]:
    if subject.config.game.action_mode == "continuous":
        return dict.fromkeys(DEFINITIONS, NAN)
    watched = Watched(subject.policy)
    t = subject.play(watched, 0, STREAM)
    played = Played(t, np.stack(watched.observations), np.stack(watched.masks), sunk_costs(t))
    in_play = _in_play(subject.policy, subject.config, played, moves_of(np.stack(watched.actions), subject.config))
    if isinstance(subject.policy, Readable):
        arming = striking = Effect(0.0, 0.0, 0)
    else:
        arming, striking = effects(
            subject.policy, subject.config, played, np.random.default_rng([STREAM, subject.seed])
        )
    return {
        "sunk_cost_arming": arming.slope,
        "sunk_cost_arming_null": arming.null,
        "sunk_cost_striking": striking.slope,
        "sunk_cost_striking_null": striking.null,
        "sunk_cost_arming_raw": in_play.raw,
        "sunk_cost_arming_adjusted": in_play.adjusted,
    }


MEASUREMENT = Measurement("escalation_of_commitment", DEFINITIONS, _of)
