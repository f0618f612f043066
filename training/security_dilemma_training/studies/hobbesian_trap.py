"""The Hobbesian trap: states strike that would gain nothing by conquest, because they fear to be struck.

Hobbes's diffidence, and Schelling's (1960) reciprocal fear of surprise attack; as a game of types, Baliga & Sjöström
(2004). Two things are asked. Who strikes: a security seeker to which conquest of a passive other pays less than peace
cannot strike out of greed. And what moves it: the same situation is shown to it with the other unarmed, all else equal,
and the fall of its strike probability is due to what it saw of the other's arms. A state that strikes whatever it sees
has the first and not the second: its fear, if it is one, is of what it expects others to do, not of what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.state import STRIKE
from security_dilemma_training.action_modes import Around
from security_dilemma_training.analysis.situations import changed
from security_dilemma_training.metrics import not_predatory, ratio, wars
from security_dilemma_training.policies import Bools, Floats, Policy
from security_dilemma_training.studies.asking import move_shares
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["DRAWS", "HARMLESS", "MEASUREMENT", "Asking", "Fear", "fear", "trap_rate", "trapped_strikes", "trapped_wars"]

DRAWS = 4
"""How often a policy that does not tell its probabilities is asked in each situation; its games average over many."""

DEFENSIVE, UNARMED = "defensive", "unarmed"
HARMLESS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {UNARMED: {"arms": 0.0, "dossier": 0.5}, DEFENSIVE: {"dossier": 0.0}}
)
"""What is set in what is seen of every other state. Without arms the dossier is even, as at the start of a game."""

STREAM = 40
"""Stream of chance of the games in which policies are asked."""

DEFINITIONS = {
    "trap_strikes": "share of all strikes under the prior that a security seeker makes and that cannot be predatory",
    "trap_rate": "share of security seekers' crises under the prior in which they make such a strike",
    "trap_wars": "share of wars under the prior in which all who strike are such security seekers",
    "fear": "fall of a security seeker's strike probability in a crisis where the other is shown unarmed, all else "
    "equal; below 0 where it strikes the weak",
    "fear_of_posture": "the same where the other's arms are shown as wholly defensive",
    "fear_share": "fear as a share of the strike probability: the part of strikes that is due to arms that are seen",
}


class Fear(NamedTuple):
    """Strike probabilities of security seekers in crisis among themselves, games counting alike."""

    strike: float  # as things are; NaN without a crisis
    unarmed: float  # the other being shown unarmed
    defensive: float  # its arms being shown as wholly defensive


NOTHING = Fear(float("nan"), float("nan"), float("nan"))


def trapped_strikes(trajectories: Trajectories) -> float:
    """Return the share of strikes that security seekers make and that cannot be predatory."""
    strikes = trajectories.struck & trajectories.present
    return ratio((strikes & _trapped(trajectories)).sum(), strikes.sum())


def trap_rate(trajectories: Trajectories) -> float:
    """Return the share of security seekers' crises in which they strike and it cannot be predatory."""
    t = trajectories
    crises = t.crisis & t.present & ~t.greedy
    return ratio((t.struck & crises & _trapped(t)).sum(), crises.sum())


def trapped_wars(trajectories: Trajectories) -> float:
    """Return the share of wars in which everyone who strikes is a security seeker that cannot be predatory."""
    at_war, t = wars(trajectories), trajectories
    others = t.struck & ~_trapped(t)
    return ratio((at_war & ~others.any(axis=-1)).sum(), at_war.sum())


class Asking(Around):
    """A policy that is asked in every step what it would do if the others looked harmless, and then plays on.

    Attributes:
        strikes: By what is shown (``seen`` is what it sees), the strike probabilities (n_games, n_states) of each step.
    """

    def __init__(self, policy: Policy, config: RunConfig, rng: np.random.Generator, draws: int = DRAWS) -> None:
        """Ask ``policy`` in games of a config; ``rng`` is the source of its answers, not of what it plays."""
        super().__init__(policy)
        others = range(1, config.game.n_states)
        self._shown = {
            name: {f"other_{k}_{entry}": value for k in others for entry, value in values.items()}
            for name, values in {"seen": {}, **HARMLESS}.items()
        }
        self._config, self._rng, self._draws = config, rng, draws
        self.strikes: dict[str, list[NDArray[np.float64]]] = {name: [] for name in self._shown}

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the policy's actions, see :class:`Policy`."""
        living = (observations != 0).any(axis=-1, keepdims=True)
        for name, values in self._shown.items():
            shown = np.where(living, changed(self._config, observations, values), 0).astype(np.float32)
            shares = move_shares(self._policy, self._config, shown, mask, self._rng, self._draws)
            self.strikes[name].append(shares[..., STRIKE])
        return self._policy.act(observations, mask, rng)


def fear(asking: Asking, played: Trajectories) -> Fear:
    """Return what security seekers in crisis did and would have done, by the games that they were asked in.

    Args:
        asking: Who was asked.
        played: The games that it played.
    """
    met = played.crisis & played.present & ~played.greedy
    game = np.nonzero(met)[1]
    counts = np.bincount(game, minlength=met.shape[1])
    some = counts > 0
    if not some.any():
        return NOTHING

    def mean(shown: str) -> float:
        by_game = np.bincount(game, np.stack(asking.strikes[shown])[met], len(counts))
        return float((by_game[some] / counts[some]).mean())

    return Fear(mean("seen"), mean(UNARMED), mean(DEFENSIVE))


def _trapped(t: Trajectories) -> Bools:
    return not_predatory(t) & ~t.greedy


def _of(subject: Subject) -> Mapping[str, float]:
    found = NOTHING
    if subject.config.game.action_mode != "continuous":
        asking = Asking(subject.policy, subject.config, np.random.default_rng([STREAM, subject.seed]))
        found = fear(asking, subject.play(asking, 0, STREAM))
    return {
        "trap_strikes": trapped_strikes(subject.drawn),
        "trap_rate": trap_rate(subject.drawn),
        "trap_wars": trapped_wars(subject.drawn),
        "fear": found.strike - found.unarmed,
        "fear_of_posture": found.strike - found.defensive,
        "fear_share": ratio(found.strike - found.unarmed, found.strike),
    }


MEASUREMENT = Measurement("hobbesian_trap", DEFINITIONS, _of)
