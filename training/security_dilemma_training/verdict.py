"""The verdict on a world: did learned security seekers spiral into war, and is that what theory expects?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from security_dilemma import theory
from security_dilemma.combat import attack_probability, attack_strength, defence_strength
from security_dilemma.params import PARAMETERS, WORLDS, Params
from security_dilemma_training.statistics import Interval, few_seeds, wilson_interval

__all__ = [
    "Agreement",
    "Ending",
    "Expectation",
    "Outcome",
    "Verdict",
    "alike",
    "ceiling",
    "ending",
    "expectation",
    "expectation_of_equals",
    "judge",
    "outcome_of",
    "outside_theory",
    "parity_chances",
]

WAR_AT_LEAST, PEACE_AT_MOST = 0.8, 0.2
"""A seed ends at war, or at peace, where its tragic war rate is at least, or at most, this share of the highest rate
that the horizon allows. Learned outcomes are bimodal, below .2 or close to the ceiling, so that little hangs on where
between them the lines are drawn; what lies between the lines has not settled, or mixes both, and is called neither."""

NEARLY_ALL = 0.9
"""A world spirals, or does not, if at least this share of its seeds ends at war, or at peace: one seed in ten may
stray. Otherwise it is split if seeds end at war and at peace, and at most half of them in between; else unsettled."""

DISTURBING = (
    *("initiative_mean", "initiative_width", "balance_width", "balance_bias", "balance_noise", "spoils"),
    *("power_weight", "routine_weight", "prosocial_weight"),
)
"""Parameters that must be 0 for the theory of two equal states in a crisis to say anything."""


class Ending(StrEnum):
    """How a seed ends."""

    WAR = "at war"
    PEACE = "at peace"
    BETWEEN = "in between"


class Outcome(StrEnum):
    """What becomes of a world over its seeds."""

    SPIRAL = "spiral"
    NO_SPIRAL = "no spiral"
    SPLIT = "split over seeds"
    UNSETTLED = "unsettled"
    NONE = "no verdict"


class Agreement(StrEnum):
    """How an outcome stands to theory."""

    IN_LINE = "in line with the expectation"
    AGAINST = "against the expectation"
    TOO_FEW = "too few seeds to hold against the expectation"
    OPEN = "no prediction to hold it against"


class Expectation(NamedTuple):
    """What is expected of a world, by theory or, for some of Jervis's, by what prototypes of this model learned."""

    outcome: Outcome | None  # None: it is open
    reason: str


class Verdict(NamedTuple):
    """The verdict on a world."""

    outcome: Outcome
    endings: tuple[Ending, ...]  # of each seed
    at_war: Interval  # share of seeds at war, with its 95 % Wilson interval
    expectation: Expectation
    agreement: Agreement
    words: str  # all of it in words


JERVIS: dict[str, Expectation] = {
    "doubly_dangerous": Expectation(
        Outcome.SPIRAL, "offence has the advantage and postures tell nothing: seekers behave like aggressors"
    ),
    "intense": Expectation(Outcome.NO_SPIRAL, "defence has the advantage: arms may be bought, striking is dominated"),
    "not_intense": Expectation(
        Outcome.SPLIT,
        "offence has the advantage but postures can be told apart: in prototypes of this model a part of the seeds "
        "found reassurance",
    ),
    "doubly_safe": Expectation(Outcome.NO_SPIRAL, "defence has the advantage and postures can be told apart"),
}
"""What is expected of Jervis's (1978) worlds by name. That seeds split in ``not_intense`` is no theorem: it comes from
prototypes of this model, in which distinguishability had to be learned."""

IMPOSSIBLE = Expectation(None, "no war is possible within the horizon")
"""Of a world without crises, or of a horizon of one step."""


def ceiling(params: Mapping[str, Any], horizon: int, stages: object = None) -> float:
    """Return the highest tragic war rate within a horizon of steps, ``1 - (1-χ)^(horizon-1)``; 0: no war is possible.

    The first step of a game is never a crisis, but every stage of a stage game is one.
    """
    return 1.0 if stages else 1 - (1 - float(np.mean(params["crisis_rate"]))) ** (horizon - 1)


def parity_chances(params: Mapping[str, Any]) -> list[float]:
    """Return the chances that a one-sided strike wins between equals unarmed, all offensive and all defensive.

    With ``(eA + O + f D) / (eD + D + f O)`` monotone along every line of postures, the extremes over all equal postures
    within the cap are among these three.

    Args:
        params: Every parameter by name, the same for all states.
    """
    equal = Params(**alike(params))
    offensive, defensive = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) * equal.arms_cap
    attack, defence = (strength(equal, offensive, defensive) for strength in (attack_strength, defence_strength))
    chances: list[float] = attack_probability(equal, equal.balance, attack, defence).tolist()
    return chances


def alike(params: Mapping[str, Any]) -> dict[str, float | None]:
    """Return one number for each parameter, of states that are equals but may have their values in a list."""
    return {
        name: value if value is None or isinstance(value, float) else float(np.mean(value))
        for name, value in params.items()
    }


def expectation(params: Mapping[str, Any], n_states: int = 2, stages: object = None) -> Expectation:
    """Return what is expected of security seekers.

    Jervis's worlds by name; else, for two equal states, what holds at every equal posture that they can attain: where
    the chance P that a one-sided strike wins is at most ½, striking is dominated; where it is above, peace and war are
    both equilibria above the minimum trust m; below it fear of the greedy makes seekers strike, if the greedy strike
    for certain (Kydd 2005). Where postures differ in this, there is no prediction.

    Args:
        params: Every parameter by name; lists hold one value per state.
        n_states: Number of states.
        stages: The stages, if it is a stage game.
    """
    outside = outside_theory(params, n_states, stages)
    if outside:
        return Expectation(None, outside)
    for name, world in WORLDS.items():
        if all(_same(params[field], getattr(world, field)) for field in PARAMETERS):
            return JERVIS[name]
    return expectation_of_equals(params)


def expectation_of_equals(params: Mapping[str, Any]) -> Expectation:
    """Return what the closed forms expect of two equal security seekers, whether or not the world has a name.

    Args:
        params: Every parameter by name, such that :func:`outside_theory` has nothing to say.
    """
    return _of_equals(
        parity_chances(params), *(float(np.mean(params[name])) for name in ("war_cost", "greed", "trust"))
    )


def outside_theory(params: Mapping[str, Any], n_states: int = 2, stages: object = None) -> str | None:
    """Return why the theory of a crisis of two equal states says nothing, or None where it does.

    Args:
        params: Every parameter by name; lists hold one value per state.
        n_states: Number of states.
        stages: The stages, if it is a stage game.
    """
    if n_states != 2 or stages:
        return "theory's expectation is for repeated crises of two states"
    if any(np.ndim(value) and len(set(np.ravel(value).tolist())) > 1 for value in params.values()):
        return "the states differ, and theory's expectation is for equals"
    what = ", ".join(name for name in DISTURBING if np.any(params[name]))
    return f"no prediction is known to this report with {what}" if what else None


def judge(
    rates: Sequence[float], params: Mapping[str, Any], *, horizon: int, n_states: int = 2, stages: object = None
) -> Verdict:
    """Return the verdict on a world from the tragic war rates of its seeds; none where no war is possible.

    Args:
        rates: One for each seed.
        params: Every parameter by name.
        horizon: Steps within which a war counts as tragic, at most the time limit.
        n_states: Number of states.
        stages: The stages, if it is a stage game.

    Raises:
        ValueError: If there is no seed.
    """
    highest = ceiling(params, horizon, stages)
    endings = tuple(ending(rate, highest) for rate in rates)
    at_war = wilson_interval(endings.count(Ending.WAR), len(endings))
    outcome = outcome_of(endings) if highest else Outcome.NONE
    expected = expectation(params, n_states, stages) if highest else IMPOSSIBLE
    agreement = _agreement(outcome, expected.outcome, at_war, len(endings))
    words = _words(outcome, endings, at_war, expected, agreement)
    return Verdict(outcome, endings, at_war, expected, agreement, words)


def ending(rate: float, highest: float) -> Ending:
    """Return how a seed ends, by its tragic war rate and the highest that is possible."""
    if rate <= PEACE_AT_MOST * highest:
        return Ending.PEACE
    return Ending.WAR if rate >= WAR_AT_LEAST * highest else Ending.BETWEEN


def outcome_of(endings: Sequence[Ending]) -> Outcome:
    """Return what becomes of a world over its seeds."""
    war, peace, between = (endings.count(kind) for kind in Ending)
    if war >= NEARLY_ALL * len(endings):
        return Outcome.SPIRAL
    if peace >= NEARLY_ALL * len(endings):
        return Outcome.NO_SPIRAL
    return Outcome.SPLIT if war and peace and between <= len(endings) / 2 else Outcome.UNSETTLED


def _same(value: Any, other: Any) -> bool:
    if value is None or other is None:
        return value is other
    return bool(np.all(np.abs(np.asarray(value, float) - np.asarray(other, float)) < 1e-9))


def _of_equals(chances: Sequence[float], war_cost: float, greed: float, trust: float) -> Expectation:
    """What holds at the extremes of P: fear suffices at all of them if it does at the lowest."""
    low, high = min(chances), max(chances)
    if not theory.is_stag_hunt(high):
        return Expectation(Outcome.NO_SPIRAL, f"P ≤ {high:.2f}: between equal security seekers striking is dominated")
    if not theory.is_stag_hunt(low):
        return Expectation(None, f"P is {low:.2f} to {high:.2f}: whether striking is dominated hangs on the postures")
    if greed <= theory.predation_threshold(low, war_cost):
        return Expectation(None, f"P ≥ {low:.2f}, the greedy need not strike: peace and war are both equilibria")
    minimum = theory.minimum_trust(low, war_cost)
    if trust < minimum:
        reason = f"P ≥ {low:.2f}, and trust {trust:g} is below its minimum {minimum:.2f}: fear of the greedy suffices"
        return Expectation(Outcome.SPIRAL, reason)
    return Expectation(None, f"P ≥ {low:.2f}, trust above its minimum {minimum:.2f}: peace and war are both equilibria")


def _allows(at_war: Interval, expected: Outcome) -> bool:
    """Whether the interval of the share of seeds at war reaches into what is expected."""
    if expected is Outcome.SPIRAL:
        return at_war.high >= NEARLY_ALL
    if expected is Outcome.NO_SPIRAL:
        return at_war.low <= 1 - NEARLY_ALL
    return at_war.low < NEARLY_ALL and at_war.high > 1 - NEARLY_ALL


def _agreement(outcome: Outcome, expected: Outcome | None, at_war: Interval, seeds: int) -> Agreement:
    if expected is None:
        return Agreement.OPEN
    if outcome is expected:
        return Agreement.IN_LINE
    return Agreement.TOO_FEW if few_seeds(seeds) and _allows(at_war, expected) else Agreement.AGAINST


def _words(
    outcome: Outcome, endings: tuple[Ending, ...], at_war: Interval, expected: Expectation, agreement: Agreement
) -> str:
    n = len(endings)
    if outcome is Outcome.NONE:
        return f"{outcome.capitalize()}: {expected.reason}."
    counts = ", ".join(f"{endings.count(kind)} {kind}" for kind in Ending)
    words = (
        f"{outcome.capitalize()}: of {n} seed{'s' * (n > 1)}, {counts}; the share of seeds at war is "
        f"{at_war.estimate:.2f} (95 % interval {at_war.low:.2f} to {at_war.high:.2f}). "
    )
    if expected.outcome is None:
        words += f"Theory makes no prediction ({expected.reason})."
    else:
        words += f"Expected: {expected.outcome} ({expected.reason}). {agreement.capitalize()}."
    if agreement is Agreement.AGAINST and expected.outcome and _allows(at_war, expected.outcome):
        words += " The interval does not rule the expected outcome out."
    few = few_seeds(n)
    return f"{words} {few[0].upper()}{few[1:]}." if few else words
