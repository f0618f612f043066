"""Reassurance: what a state does when a rival that armed turns to conciliation, and what comes of a GRIT partner.

Whoever reacts to others meets others' reactions, so that what follows a conciliatory move in play need not follow from
it. Here it is an experiment: a rival arms openly for some steps and never strikes; then it either halves its arms in
every step with its books open, as in Osgood's (1962) initiatives, or arms on. Both games are of the same chance and the
same up to that step, so that a policy that does not react does exactly the same in both, and every difference is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, DISARM, OPEN, SILENT
from security_dilemma_training.action_modes import in_mode
from security_dilemma_training.metrics import ratio, war_rate
from security_dilemma_training.players import player
from security_dilemma_training.policies import Bools, Floats, Matched, Policy
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import OTHER, Subject
from security_dilemma_training.trajectories import Trajectories
from security_dilemma_training.welfare import discounted_payoff

__all__ = ["MEASUREMENT", "PROVOKED", "WINDOW", "Rival", "arming", "arms", "facing_one", "strikes"]

PROVOKED = 4
"""Steps in which the rival arms before it turns: two units of arms, less depreciation, of the default cap of three."""

WINDOW = 12
"""Steps after the turn in which arms are looked at."""

SINCE = PROVOKED + 1
"""The first step, from 0, at whose start the turn is seen."""

STREAM = OTHER + 40
"""Streams of chance of the experiment and of the games with a GRIT partner."""

DEFINITIONS = {
    "reassured_strikes": f"strike rate in the first crisis with a rival that armed for {PROVOKED} steps and then "
    "disarms in the open, less that where it arms on; below 0 a state is reassured, 0 is no reaction",
    "reassured_arming": f"share of the {WINDOW} steps after the turn in which a state arms, less that where the rival "
    "arms on; below 0 it answers restraint with restraint",
    "reassured_arms": f"its mean arms over these {WINDOW} steps, less those where the rival arms on, in units",
    "war_with_grit": "share of games between security seekers with one GRIT partner that see war before the time limit",
    "payoff_with_grit": "mean discounted payoff of a state whose partner plays GRIT, among seekers; peace is worth 1",
    "payoff_of_grit": "mean discounted payoff of that partner: below 1, what reassuring such a state costs",
    "survival_of_grit": "share of these games that the GRIT partner outlives",
}


class Rival:
    """Arms for attack for some steps, and then disarms in the open or arms on; it never strikes."""

    def __init__(self, n_states: int, *, conciliates: bool) -> None:
        """Take whether it turns to conciliation."""
        self._extra, self._conciliates = len(component_sizes(n_states)) - 2, conciliates
        self._age = 0

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Begin anew with all games; games that restart alone are over for the experiment."""
        del n_games
        if which is None:
            self._age = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return its move and signal for every state, and support for nobody."""
        del mask, rng
        turned = self._conciliates and self._age >= PROVOKED
        self._age += 1
        played = [DISARM, OPEN] if turned else [ARM_OFFENSIVELY, SILENT]
        return np.broadcast_to(np.array(played + [0] * self._extra), (*observations.shape[:-1], 2 + self._extra))


def facing_one(policy: Policy, other: Policy, games: int, n_states: int) -> tuple[Matched, Bools]:
    """Return a match of a policy with one state of another, whose place alternates, and where that one sits, (G, N)."""
    there = np.arange(n_states) == np.arange(games)[:, None] % n_states
    return Matched([policy, other], there.astype(int)), there


def strikes(trajectories: Trajectories, rival: Bools) -> float:
    """Return the share of states that strike in their first crisis with the rival after its turn was seen.

    Args:
        trajectories: Games with a :class:`Rival`.
        rival: (G, N), where it sits.
    """
    t = trajectories
    with_rival = (t.crisis & rival).any(axis=-1, keepdims=True) & t.crisis & ~rival & t.present
    met = with_rival[SINCE:]
    first = met & (met.cumsum(axis=0) == 1)
    return ratio((t.struck[SINCE:] & first).sum(), first.sum())


def arming(trajectories: Trajectories, rival: Bools) -> float:
    """Return the share of the steps after the turn in which the states beside the rival arm, of either kind."""
    t, window = trajectories, slice(SINCE, SINCE + WINDOW)
    there = (t.present & ~rival)[window]
    arms = np.isin(t.move, (ARM_DEFENSIVELY, ARM_OFFENSIVELY))[window]
    return ratio((arms & there).sum(), there.sum())


def arms(trajectories: Trajectories, rival: Bools) -> float:
    """Return the mean arms of the states beside the rival over the steps after the turn, in units."""
    t, window = trajectories, slice(SINCE, SINCE + WINDOW)
    there = (t.present & ~rival)[window]
    return ratio(np.where(there, t.arms[window], 0).sum(), there.sum())


def _turned(subject: Subject, *, conciliates: bool) -> tuple[Trajectories, Bools]:
    """Games with a rival that turns, or does not."""
    game = subject.config.game
    rival = in_mode(Rival(game.n_states, conciliates=conciliates), "multidiscrete", game.action_mode, game.n_states)
    policy, there = facing_one(subject.policy, rival, subject.games, game.n_states)
    return subject.play(policy, 0, STREAM), there


def _of(subject: Subject) -> Mapping[str, float]:
    if subject.config.game.stages:
        return dict.fromkeys(DEFINITIONS, float("nan"))  # stages have neither arms nor crises to come
    after, before = _turned(subject, conciliates=True), _turned(subject, conciliates=False)
    measured = {"reassured_strikes": strikes, "reassured_arming": arming, "reassured_arms": arms}
    found = {name: of(*after) - of(*before) for name, of in measured.items()}
    grit = player("grit", subject.config, trusted=False)
    policy, there = facing_one(subject.policy, grit, subject.games, subject.config.game.n_states)
    t = subject.play(policy, 0, STREAM + 1)
    outlived = there & (t.final_economy > 0) if t.war == "terminal" else there
    return found | {
        "war_with_grit": war_rate(t),
        "payoff_with_grit": discounted_payoff(t, ~there),
        "payoff_of_grit": discounted_payoff(t, there),
        "survival_of_grit": ratio(outlived.sum(), there.sum()),
    }


MEASUREMENT = Measurement("reassurance", DEFINITIONS, _of)
"""How states react to restraint."""
