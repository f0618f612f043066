"""Alliances: who stands by whom, for how long, on which side, and who leaves the burden to others.

Support in force in a step was chosen in the step before, and it is over after it. What is measured begins with the
second step, in which support can first be in force, and ends where fewer than three states live. Each null is what
states would show that support as often as they do, and draw whom among the living others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from security_dilemma.combat import attack_strength
from security_dilemma.strategies.alliances import standing_out
from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies import allied_wars
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.studies.support import able, defends, pacts
from security_dilemma_training.trajectories import Trajectories

__all__ = [
    "MEASUREMENT",
    "Balancing",
    "FreeRiding",
    "Pacts",
    "balancing",
    "free_riding",
    "least_arms_share",
    "pact_rates",
    "support_rate",
]


class Pacts(NamedTuple):
    """Pacts: two states that defend each other in the same step."""

    rate: float  # share of states' steps in a pact
    chance: float  # the same if those who support anyone drew whom
    renewal: float  # share of pacts that are in force in the next step, of those whose partners live on among three
    duration: float  # mean length of a pact in steps; one that an elimination or the time limit cuts short counts


class Balancing(NamedTuple):
    """On which side support is given where another state than the supporter stands out as the strongest."""

    balancing: float  # share that goes to others than the strongest
    bandwagoning: float  # share that goes to the strongest
    chance: float  # share that would go to others than the strongest if it were drawn


class FreeRiding(NamedTuple):
    """Being defended and defending nobody."""

    share: float  # share of the steps of a defended state in which it defends nobody
    everyone: float  # share of all states' steps in which they defend nobody: the null, where the two have no relation


def support_rate(trajectories: Trajectories) -> float:
    """Return the share of states' steps in which they defend another."""
    return ratio(defends(trajectories).any(axis=-1).sum(), able(trajectories).sum())


def pact_rates(trajectories: Trajectories) -> Pacts:
    """Return how many pacts there are, how many there would be by chance, and how long they last.

    Of m supporters among n living states that draw whom to defend, a given two choose each other with chance
    ``1/(n-1)²``, so that ``m (m-1) / (n-1)²`` states are expected in a pact.
    """
    can, chosen, pact = able(trajectories), defends(trajectories), pacts(trajectories)
    living, supporters = can.sum(axis=-1), chosen.any(axis=-1).sum(axis=-1)
    expected = supporters * (supporters - 1) / np.maximum(living - 1, 1) ** 2
    live_on = can[1:, ..., :, None] & can[1:, ..., None, :]
    begun = pact[1:] & ~pact[:-1]  # none is in force in the first step
    return Pacts(
        ratio(pact.any(axis=-1).sum(), can.sum()),
        ratio(expected.sum(), can.sum()),
        ratio((pact[1:] & pact[:-1]).sum(), (pact[:-1] & live_on).sum()),
        ratio(pact.sum(), begun.sum()),
    )


def balancing(trajectories: Trajectories) -> Balancing:
    """Return which side is supported, of the supports of states that another one stands out over as the strongest.

    Strength is what a state can bring to an attack, ``eA + O + f D``, when the support is chosen; the strongest stands
    out if it is stronger than each of the others (:func:`security_dilemma.strategies.alliances.standing_out`) and lives
    when the support is in force. Drawn among the n - 1 others, support goes to it with chance ``1/(n-1)``.
    """
    t = trajectories
    strongest = standing_out(attack_strength(t.params, t.offensive, t.defensive), t.present)[:-1]
    can = able(t)[1:]
    strongest = strongest & can
    chosen = defends(t)[1:]
    given = chosen.any(axis=-1) & strongest.any(axis=-1, keepdims=True) & ~strongest
    joined = (chosen & strongest[..., None, :]).any(axis=-1) & given
    others = np.maximum(can.sum(axis=-1, keepdims=True) - 1, 1)
    bandwagoning, total = ratio(joined.sum(), given.sum()), given.sum()
    return Balancing(1 - bandwagoning, bandwagoning, 1 - ratio((given / others).sum(), total))


def free_riding(trajectories: Trajectories) -> FreeRiding:
    """Return how often states that are defended defend nobody, and how often states do so in general."""
    can, chosen = able(trajectories), defends(trajectories)
    idle, defended = can & ~chosen.any(axis=-1), chosen.any(axis=-2)
    return FreeRiding(ratio((idle & defended).sum(), defended.sum()), ratio(idle.sum(), can.sum()))


def least_arms_share(trajectories: Trajectories) -> float:
    """Return the mean share of a pact's arms that the lesser armed of the two has; ½ where both bear the same.

    It is a mean over the steps of pacts that have any arms.
    """
    arms, pact = trajectories.arms, np.triu(pacts(trajectories))
    first, second = np.broadcast_arrays(arms[..., :, None], arms[..., None, :])
    total = (first + second)[pact]
    least = np.minimum(first, second)[pact]
    return ratio((least[total > 0] / total[total > 0]).sum(), (total > 0).sum())


DEFINITIONS: Mapping[str, str] = {
    "support_rate": "share of states' steps in which they defend another",
    "pact_rate": "share of states' steps in a pact: two that defend each other",
    "pact_excess": "pact_rate less what it would be if those who support anyone drew whom; 0 without pacts on purpose",
    "pact_renewal": "share of pacts that are in force in the next step as well, if both partners live on",
    "pact_duration": "mean length of a pact in steps, cut short by an elimination or the time limit",
    "balancing_share": "share of supports, of states that another outdoes, that go to others than the strongest",
    "bandwagoning_share": "share of supports, of states that another outdoes, that go to the strongest",
    "balancing_excess": "balancing_share less what it would be if supporters drew whom; 0: neither side is sought",
    "free_riding": "share of the steps of a defended state in which it defends nobody",
    "free_riding_excess": "free_riding less the share of all states' steps without support; 0: no relation",
    "least_arms_share": "mean share of a pact's arms that the lesser armed partner has; .5: an equal burden",
}


def _alliances(subject: Subject) -> Mapping[str, float]:
    t = subject.drawn
    pact, side, riding = pact_rates(t), balancing(t), free_riding(t)
    return {
        "support_rate": support_rate(t),
        "pact_rate": pact.rate,
        "pact_excess": pact.rate - pact.chance,
        "pact_renewal": pact.renewal,
        "pact_duration": pact.duration,
        "balancing_share": side.balancing,
        "bandwagoning_share": side.bandwagoning,
        "balancing_excess": side.balancing - side.chance,
        "free_riding": riding.share,
        "free_riding_excess": riding.share - riding.everyone,
        "least_arms_share": least_arms_share(t),
        **allied_wars.measure(t),
    }


MEASUREMENT = Measurement(
    "alliances",
    {name: f"{text}; under the prior" for name, text in {**DEFINITIONS, **allied_wars.DEFINITIONS}.items()},
    _alliances,
)
"""Alliances in games under the prior; NaN with two states."""
