"""Chain-ganging and buck-passing: who is with a state that is struck, and whether that goes with the perceived balance.

Christensen & Snyder (1990) have allies follow each other into war where leaders believe that offence has the advantage,
and leave the fighting to others where they believe that defence has. Here support is given before it is known who will
be struck, so that both are matters of standing commitment, not of a choice in the crisis. Only one-sided strikes count:
in a war that both begin no support is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from security_dilemma.combat import defence_strength
from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies.support import able, defends
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = [
    "DEFINITIONS",
    "Bystanders",
    "buck_passers",
    "chain_gangs",
    "correlation",
    "measure",
    "pact_kept",
    "support_correlation",
]

FEWEST = 10
"""Observations below which no correlation is given."""


class Bystanders(NamedTuple):
    """What third states did at one-sided strikes: K observations, one for each of some third states and strike."""

    defended: Bools  # (K,), it defends the victim in the step of the strike
    chance: Floats  # (K,), chance of that if it supported as many as it does, but drew whom
    perceived: Floats  # (K,), its perceived balance
    first: Bools  # (K,), nobody has been eliminated so far


def chain_gangs(trajectories: Trajectories) -> Bystanders:
    """Return what allies did: third states that defended the victim in the step before it was struck."""
    allied = np.zeros_like(able(trajectories))
    allied[1:] = _beside(defends(trajectories)[:-1], _victim(trajectories)[1:])
    return _bystanders(trajectories, allied)


def buck_passers(trajectories: Trajectories) -> Bystanders:
    """Return what third states did that were threatened as well, by a striker that they could have resisted together.

    Threatened is who alone is no better defended than the victim is alone, ``eD + D + f O``: the striker would have won
    against it with the same chance, or a better one.
    """
    t = trajectories
    alone = defence_strength(t.params, t.offensive, t.defensive)
    of_victim = np.where(_victim(t), alone, 0).sum(axis=-1, keepdims=True)
    return _bystanders(t, alone <= of_victim)


def pact_kept(trajectories: Trajectories) -> float:
    """Return the share of pacts that hold when it comes to it.

    Of the third states that were in a pact with the victim in the step before it was struck one-sidedly, it is the
    share that defends it in the step of the strike.
    """
    chosen = defends(trajectories)
    partner = np.zeros_like(able(trajectories))
    partner[1:] = _beside((chosen & chosen.swapaxes(-1, -2))[:-1], _victim(trajectories)[1:])
    found = _bystanders(trajectories, partner)
    return ratio(found.defended.sum(), found.defended.size)


def support_correlation(trajectories: Trajectories) -> float:
    """Return the correlation over states between their perceived balance and the share of their steps with support.

    Steps after an elimination do not count: there are fewer to support then, and more eliminations where offence has
    the advantage in fact.
    """
    can = able(trajectories) & trajectories.present.all(axis=-1, keepdims=True)
    steps = can.sum(axis=0)
    share = (defends(trajectories).any(axis=-1) & can).sum(axis=0) / np.maximum(steps, 1)
    return correlation(trajectories.start.perceived_balance[steps > 0], share[steps > 0])


def correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Return Pearson's correlation; NaN of fewer than :data:`FEWEST` pairs, or where one of the two does not vary."""
    pairs = np.asarray([x, y], float)
    if pairs.shape[-1] < FEWEST or (np.ptp(pairs, axis=-1) == 0).any():
        return float("nan")
    return float(np.corrcoef(pairs)[0, 1])


DEFINITIONS: Mapping[str, str] = {
    "chain_ganging": "share of a struck state's allies of the step before that defend it when it is struck",
    "chain_ganging_excess": "chain_ganging less what it would be if supporters drew whom; 0: no loyalty",
    "pact_kept": "share of the partners of a pact of the step before that defend a struck state",
    "buck_passing": "share of third states as exposed as the victim of a strike that leave it undefended",
    "buck_passing_excess": "buck_passing less what it would be if supporters drew whom; 0: no more than that",
    "support_correlation": "correlation over states of perceived balance and share of steps with support, all alive",
    "chain_ganging_correlation": "correlation over allies of the struck of perceived balance and defending, all alive",
    "buck_passing_correlation": "correlation over exposed states of perceived balance and not defending, all alive",
}


def measure(trajectories: Trajectories) -> dict[str, float]:
    """Return every metric of :data:`DEFINITIONS`."""
    allies, exposed = chain_gangs(trajectories), buck_passers(trajectories)
    stood, left = (
        ratio(allies.defended.sum(), allies.defended.size),
        ratio((~exposed.defended).sum(), exposed.chance.size),
    )
    return {
        "chain_ganging": stood,
        "chain_ganging_excess": stood - ratio(allies.chance.sum(), allies.chance.size),
        "pact_kept": pact_kept(trajectories),
        "buck_passing": left,
        "buck_passing_excess": left - ratio((1 - exposed.chance).sum(), exposed.chance.size),
        "support_correlation": support_correlation(trajectories),
        "chain_ganging_correlation": correlation(allies.perceived[allies.first], allies.defended[allies.first]),
        "buck_passing_correlation": correlation(exposed.perceived[exposed.first], ~exposed.defended[exposed.first]),
    }


def _victim(trajectories: Trajectories) -> Bools:
    """Who is struck one-sidedly, (T, G, N): at war without having struck."""
    return trajectories.belligerent & ~trajectories.struck & trajectories.present


def _beside(chosen: Bools, victim: Bools) -> Bools:
    """Who defends the victim, (T, G, N)."""
    return np.asarray((chosen & victim[..., None, :]).any(axis=-1))


def _bystanders(trajectories: Trajectories, among: Bools) -> Bystanders:
    """What third states of ``among`` (T, G, N) did at one-sided strikes."""
    t, victim, can, chosen = trajectories, _victim(trajectories), able(trajectories), defends(trajectories)
    third = among & can & ~t.belligerent & victim.any(axis=-1, keepdims=True)
    others = np.maximum(can.sum(axis=-1, keepdims=True) - 1, 1)
    perceived = np.broadcast_to(t.start.perceived_balance, third.shape)
    first = np.broadcast_to(t.present.all(axis=-1, keepdims=True), third.shape)
    chance: Floats = chosen.any(axis=-1) / others
    return Bystanders(_beside(chosen, victim)[third], chance[third], perceived[third], first[third])
