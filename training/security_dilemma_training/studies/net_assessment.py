"""Net assessment of arms: what states can do where all have a weapon, against where none has it.

Whether a weapon is offensive cannot be read from the weapon, and a state cannot judge its safety by its own arms alone:
what counts is what each side can do when both have it, held against when neither does (Lynn-Jones 1995; Glaser &
Kaufmann 1998; Glaser 2010). There are two missions. *To conquer* is to win a war that one begins by a one-sided strike;
*to hold* is to win the war that the other begins so. With C and H their chances with the weapon, and C0, H0 without,

    net assessment = (C - C0) - (H - H0),

in (-2, 2): what is gained in taking less what is gained in holding. Where it is above 0 the arms of all leave each
less safe, as in the security dilemma; below 0 they make all safer; at 0 nobody has gained. Between equals
``H = 1 - C``, so that it is ``2 (C - C0)``. All chances are those of the rules of combat.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.arrays import facing
from security_dilemma.combat import attack_probability, attack_strength, defence_strength
from security_dilemma.params import Params
from security_dilemma_training.metrics import ratio
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories

__all__ = ["MEASUREMENT", "WEAPONS", "Missions", "missions", "net_assessment", "of_arms_in_being"]

WEAPONS: Mapping[str, float] = MappingProxyType({"offensive": 1.0, "mixed": 0.5, "defensive": 0.0})
"""Kinds of weapons by the share of a stock that is offensive."""

Floats = NDArray[np.float64]


class Missions(NamedTuple):
    """What each state can do, against all others alike and without support."""

    conquer: Floats  # (N,), chance C to win a war begun by one's own one-sided strike
    hold: Floats  # (N,), chance H to win a war begun by the other's one-sided strike


def missions(params: Params, offensive: ArrayLike, defensive: ArrayLike, n_states: int = 2) -> Missions:
    """Return what each state can do with given stocks, by the rules of combat.

    Args:
        params: The game's parameters; fields may differ by state. The balance is the parameter: of a game whose true
            balance varies, the middle.
        offensive: Offensive stocks O in units, broadcast to (N,).
        defensive: Defensive stocks D in units, broadcast to (N,).
        n_states: N.

    Raises:
        ValueError: If a stock is below 0.
    """
    stocks = [np.broadcast_to(np.asarray(x, float), (n_states,)) for x in (offensive, defensive)]
    for name, values in zip(("offensive", "defensive"), stocks, strict=True):
        if not (values >= 0).all():
            raise ValueError(f"{name} = {values.tolist()} must not be below 0: stocks are units of arms")
    params = params.cast(float)
    attack, defence = attack_strength(params, *stocks), defence_strength(params, *stocks)
    balance, steepness = (
        np.broadcast_to(np.asarray(x, float), (n_states,))[:, None] for x in (params.balance, params.decisiveness)
    )
    chance = attack_probability(params.replace(decisiveness=steepness), balance, attack[:, None], defence)
    others = ~np.eye(n_states, dtype=bool)
    return Missions(chance.mean(axis=1, where=others), 1 - chance.mean(axis=0, where=others))


def net_assessment(params: Params, stock: float, offensive_share: float, n_states: int = 2) -> Floats:
    """Return ``(C - C0) - (H - H0)`` of each state where all have a stock of a weapon against where none has any, (N,).

    Args:
        params: The game's parameters.
        stock: Units of arms of each state, above 0; more than ``arms_cap`` cannot be had.
        offensive_share: Share of the stock that is offensive, in [0, 1]; see :data:`WEAPONS`.
        n_states: N.

    Raises:
        ValueError: If an argument is outside its range.
    """
    cap = float(np.min(params.arms_cap))
    if not 0 < stock <= cap:
        raise ValueError(f"stock = {stock!r} must be in (0, {cap:g}]: no state can have more than arms_cap")
    if not 0 <= offensive_share <= 1:
        raise ValueError(f"offensive_share = {offensive_share!r} must be in [0, 1]")
    armed = missions(params, stock * offensive_share, stock * (1 - offensive_share), n_states)
    unarmed = missions(params, 0.0, 0.0, n_states)
    change: Floats = (armed.conquer - unarmed.conquer) - (armed.hold - unarmed.hold)
    return change


def of_arms_in_being(trajectories: Trajectories) -> float:
    """Return the net assessment of the arms that states have in their crises, by the true balance of each game.

    The mean over crises of both states' ``(C - C0) - (H - H0)``, which is twice the mean of ``C - C0`` over the states
    in crisis: what one conquers the other does not hold. NaN without a crisis. Support is left out of C0 and is part of
    C, so that with more than two states support counts as well.
    """
    t = trajectories
    there = t.crisis & t.present
    none = np.zeros(there.shape)
    params = t.params.cast(float)
    attack, defence = attack_strength(params, none, none), defence_strength(params, none, none)
    balance = np.broadcast_to(np.asarray(t.start.balance, float), there.shape)
    without = attack_probability(params, balance, attack, facing(defence, t.crisis))
    return ratio(2 * float((t.strike_chance - without)[there].sum()), float(there.sum()))


DEFINITIONS = {
    **{
        f"net_assessment_{kind}": f"what all gain in conquest less in holding where all have {kind} arms up to the cap "
        "against where none has any, by the rules, in (-2, 2)"
        for kind in WEAPONS
    },
    "differentiation": "net assessment of offensive less that of defensive arms, by the rules; 0: they do the same",
    "net_assessment_in_being": "net assessment of the arms that seekers have in their crises, in (-2, 2); 0: unarmed",
}


def _net_assessment(subject: Subject) -> Mapping[str, float]:
    params, n_states = subject.config.resolved_params(), subject.config.game.n_states
    cap = float(np.min(params.arms_cap))
    found = {kind: float(net_assessment(params, cap, share, n_states).mean()) for kind, share in WEAPONS.items()}
    return {
        **{f"net_assessment_{kind}": value for kind, value in found.items()},
        "differentiation": found["offensive"] - found["defensive"],
        "net_assessment_in_being": of_arms_in_being(subject.seekers),
    }


MEASUREMENT = Measurement("net_assessment", DEFINITIONS, _net_assessment)
