"""Combat: who is at war and who wins.

``P = Λ(k [b + ln(E_att / E_def)])`` is a logistic contest in the log of the force ratio, that is a ratio contest with
decisiveness k (Hirshleifer 1989), shifted by the offence-defence balance b (Glaser & Kaufmann 1998).
"""

from __future__ import annotations

from typing import NamedTuple

from security_dilemma.arrays import Array, cast, count, facing, logistic, namespace
from security_dilemma.params import Params
from security_dilemma.state import State

__all__ = [
    "War",
    "attack_probability",
    "attack_strength",
    "defence_strength",
    "mutual_probability",
    "strike_probability",
    "wage",
    "win_chance",
]


class War(NamedTuple):
    """The war of a step, if there is one."""

    struck: Array  # (..., N) bool
    belligerent: Array  # (..., N) bool
    won: Array  # (..., N) bool


def attack_strength(params: Params, offensive: Array, defensive: Array) -> Array:
    """Return ``E_att = eA + O + f D``: what a state brings to an attack, in units of arms, (..., N)."""
    return params.surge_attack + offensive + params.fungibility * defensive


def defence_strength(params: Params, offensive: Array, defensive: Array, support: Array | None = None) -> Array:
    """Return ``E_def = eD + D + f O``: what a state brings to its defence, in units of arms, (..., N).

    Args:
        params: The game's parameters.
        offensive: (..., N) offensive stocks.
        defensive: (..., N) defensive stocks.
        support: (..., N, N) bool, ``[i, j]``: i defends j and adds its own home defence to j's.
    """
    own = params.home_defence + defensive + params.fungibility * offensive
    if support is None:
        return own
    xp = namespace(own)
    return own + xp.sum(xp.where(support, own[..., :, None], xp.zeros_like(own[..., :, None])), axis=-2)


def attack_probability(params: Params, balance: Array, attack: Array, defence: Array) -> Array:
    """Return ``Λ(k [b + ln(E_att / E_def)])``: the chance that a one-sided strike wins."""
    return logistic(params.decisiveness * (balance + namespace(attack).log(attack / defence)))


def mutual_probability(decisiveness: Array, attack: Array, other_attack: Array) -> Array:
    """Return ``Λ(k ln(E_att_i / E_att_j))``: the chance to win when both strike; no one has the defender's edge."""
    return logistic(decisiveness * namespace(attack).log(attack / other_attack))


def strike_probability(params: Params, state: State) -> Array:
    """Return the chance of each state to win if it struck its opponent now and were not struck, (..., N).

    With more than two states it has a meaning for states in crisis only.
    """
    support = None
    if state.alive.shape[-1] > 2:
        # a striker does not defend its own victim
        support = state.support & ~(state.crisis[..., :, None] & state.crisis[..., None, :])
    defence = defence_strength(params, state.offensive, state.defensive, support)
    attack = attack_strength(params, state.offensive, state.defensive)
    return attack_probability(params, state.balance, attack, facing(defence, state.crisis))


def win_chance(params: Params, state: State, strike: Array) -> Array:
    """Return the chance of each state to win the war of a step, (..., N); meaningless for who is not at war.

    Args:
        params: The game's parameters. Where decisiveness differs by state, a one-sided strike uses the striker's and
            a mutual one the mean of the two.
        state: The state at the start of the step.
        strike: (..., N) bool, true only for states in crisis.
    """
    xp = namespace(strike)
    crisis = state.crisis
    one_sided = strike_probability(params, state)
    attack = attack_strength(params, state.offensive, state.defensive)
    k = params.decisiveness
    mutual = mutual_probability(0.5 * (k + facing(k, crisis)), attack, facing(attack, crisis))
    both = strike & _struck_at(strike, crisis)
    return xp.where(both, mutual, xp.where(strike, one_sided, 1 - facing(one_sided, crisis)))


def wage(params: Params, state: State, strike: Array, draw: Array) -> War:
    """Resolve the strikes of the crisis dyad on the stocks as they stand.

    Args:
        params: The game's parameters.
        state: The state at the start of the step.
        strike: (..., N) bool, true only for states in crisis.
        draw: (...,) uniform; the dyad's first state wins where it is below that state's chance.
    """
    xp = namespace(strike)
    crisis = state.crisis
    belligerent = strike | _struck_at(strike, crisis)
    chance = win_chance(params, state, strike)
    first_wins, first = _first_wins(chance, crisis, xp.asarray(draw)[..., None])
    # the order of where's arguments keeps the games on the last axis of memory
    won = xp.where(belligerent & first, first_wins, belligerent & ~first_wins)
    return War(struck=strike, belligerent=belligerent, won=won)


def _struck_at(strike: Array, crisis: Array) -> Array:
    """Which states are struck by their opponent, (..., N) bool."""
    if strike.shape[-1] == 2:
        return facing(strike, crisis)
    xp = namespace(strike)
    return crisis & (count(strike) > cast(strike, xp.int32))


def _first_wins(chance: Array, crisis: Array, draw: Array) -> tuple[Array, Array]:
    """Whether the dyad's first state wins, (..., 1), and which state is the first, (..., N)."""
    xp = namespace(crisis)
    n = crisis.shape[-1]
    if n == 2:
        return draw < chance[..., :1], xp.asarray([True, False])
    first = crisis & (xp.cumulative_sum(cast(crisis, xp.int32), axis=-1) == 1)
    first_chance = xp.sum(xp.where(first, chance, xp.zeros_like(chance)), axis=-1, keepdims=True)
    return draw < first_chance, first
