"""Dynamics: how a game starts, how a step changes it, and when it ends.

Order in a step: strikes resolve on the stocks as they stand; purchases, disarmament, depreciation and the cap; the next
crisis and the reports are drawn.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from security_dilemma.arrays import Array, Value, cast, count, is_off, namespace
from security_dilemma.chance import Draws
from security_dilemma.combat import War, wage
from security_dilemma.params import Params
from security_dilemma.payoffs import military_burden
from security_dilemma.perception import perceive_balance, report
from security_dilemma.stages import Stages, enabled_moves
from security_dilemma.state import (
    ARM_DEFENSIVELY,
    ARM_OFFENSIVELY,
    BURN,
    DISARM,
    PLEDGE,
    STRIKE,
    Action,
    State,
)

__all__ = ["advance", "initial", "terminated"]


def initial(
    params: Params,
    draws: Draws,
    stages: Stages | None = None,
    *,
    intents: Array | None = None,
    offensive: Array | None = None,
    defensive: Array | None = None,
    balance: Array | None = None,
) -> State:
    """Return the start of a game.

    Args:
        params: The game's parameters.
        draws: Uses ``intent``, ``initiative``, ``balance`` and ``perception``; their shapes give batch and N.
        stages: The stages of a stage game, which starts in crisis.
        intents: (..., N), 1 for greedy and 0 for a security seeker, instead of the drawn intents.
        offensive: (..., N) offensive stocks instead of none.
        defensive: (..., N) defensive stocks instead of none.
        balance: (..., N) or (..., 1), the game's balance instead of the drawn one.
    """
    xp = namespace(draws.intent)
    dtype = draws.intent.dtype
    zeros = xp.zeros_like(draws.intent)
    pairs = draws.intent[..., :, None] * zeros[..., None, :]
    none = zeros > 0
    greedy = draws.intent >= params.trust if intents is None else zeros + cast(intents, dtype) > 0.5
    drawn = params.balance + params.balance_width * (2 * xp.asarray(draws.balance)[..., None] - 1)
    true_balance = zeros + (drawn if balance is None else balance)
    spread = params.initiative_width * (2 * draws.initiative - 1)
    nothing = cast(zeros, xp.int32)
    return State(
        offensive=zeros if offensive is None else zeros + offensive,
        defensive=zeros if defensive is None else zeros + defensive,
        economy=zeros + params.initial_economy,
        alive=~none,
        greed=cast(greedy, dtype) * params.greed,
        initiative=params.initiative_mean + spread,
        perceived_balance=perceive_balance(params, true_balance, draws.perception),
        balance=true_balance,
        dossier=pairs + 0.5,
        reported_arms=pairs,
        last_move=nothing,
        last_signal=nothing,
        pledged=none,
        support=pairs > 0,
        crisis=none if stages is None else ~none,
        struck=none,
        belligerent=none,
        won=none,
        steps=nothing[..., 0],
    )


def advance(
    params: Params,
    state: State,
    action: Action,
    draws: Draws,
    stages: Stages | None = None,
    war: str = "terminal",
    *,
    fought: bool = True,
) -> State:
    """Play one step.

    Args:
        params: The game's parameters.
        state: The state at the start of the step.
        action: What all states do.
        draws: Every random number of the step.
        stages: The stages of a stage game.
        war: ``terminal``: the loser is eliminated; ``scaled`` (stage games): play goes on.
        fought: False only where the caller knows that no state in crisis strikes; it skips combat.

    Returns:
        The state after the step. A finished game may be advanced further; it stays finished.
    """
    xp = namespace(state.offensive)
    action = _effective(state, action, stages, fought)
    strike = action.strike
    fight = wage(params, state, strike, draws.war) if fought else War(strike, strike, strike)
    defeated = fight.belligerent & ~fight.won
    alive = state.alive & ~defeated if fought and war == "terminal" else state.alive
    stocks = _restock(params, state, action, alive)
    economy = _economies(params, state, action, fight, alive) if fought or not is_off(params.growth) else state.economy
    living = cast(alive, xp.int32)
    signal = cast(action.signal, xp.int32) * living
    dossier, reported_arms = report(params, state.dossier, stocks, signal, draws)
    return State(
        offensive=stocks[0],
        defensive=stocks[1],
        economy=economy,
        alive=alive,
        greed=state.greed,
        initiative=state.initiative,
        perceived_balance=state.perceived_balance,
        balance=state.balance,
        dossier=dossier,
        reported_arms=reported_arms,
        last_move=_move(params, action, cast(state.alive, xp.int32)),
        last_signal=signal,
        pledged=signal == PLEDGE,
        support=_supports(state, action, alive),
        crisis=_next_crisis(params, alive, draws) if stages is None else state.crisis & _both(alive),
        struck=fight.struck,
        belligerent=fight.belligerent,
        won=fight.won,
        steps=state.steps + 1,
    )


def terminated(state: State, stages: Stages | None = None) -> Array:
    """Return who has come to an end: the eliminated, and everyone when the game is over, (..., N) bool."""
    xp = namespace(state.offensive)
    if state.alive.shape[-1] == 2:
        over = ~(state.alive & state.alive[..., ::-1])
    else:
        over = ~state.alive | (count(state.alive) <= 1)
    return over if stages is None else over | (xp.asarray(state.steps)[..., None] >= len(stages))


def _effective(state: State, action: Action, stages: Stages | None, fought: bool) -> Action:
    """The action as it takes effect: strikes only in crisis, no building by who strikes, only enabled moves."""
    dtype = state.offensive.dtype
    strike = action.strike & state.crisis
    offensive, defensive, disarm = action.build_offensive, action.build_defensive, action.disarm
    if stages is not None:
        enabled = enabled_moves(state, stages)
        strike = strike & enabled[..., STRIKE, None]
        offensive = offensive * cast(enabled[..., ARM_OFFENSIVELY, None], dtype)
        defensive = defensive * cast(enabled[..., ARM_DEFENSIVELY, None], dtype)
        disarm = disarm * cast(enabled[..., DISARM, None], dtype)
    if fought:
        at_peace = cast(~strike, dtype)
        offensive, defensive, disarm = offensive * at_peace, defensive * at_peace, disarm * at_peace
    return Action(offensive, defensive, disarm, strike, action.signal, action.support)


def _restock(params: Params, state: State, action: Action, alive: Array) -> tuple[Array, Array]:
    """Purchases, disarmament, depreciation and the cap: ``O' = (1-depreciation) O + build``; the dead have none."""
    xp = namespace(state.offensive)
    kept = (1 - params.depreciation) * (1 - 0.5 * action.disarm)
    offensive = kept * state.offensive + action.build_offensive
    defensive = kept * state.defensive + action.build_defensive
    total = offensive + defensive
    scale = params.arms_cap / xp.maximum(total, params.arms_cap)
    scale = scale * cast(alive, total.dtype)
    return offensive * scale, defensive * scale


def _economies(params: Params, state: State, action: Action, fight: War, alive: Array) -> Array:
    """Spoils are absorbed, then ``Y' = Y (1 + r (1 - κ(O+D) - burn_cost [burnt]))``; the dead have none."""
    xp = namespace(state.offensive)
    dtype = state.offensive.dtype
    economy = state.economy
    if not is_off(params.spoils):
        conquered = xp.sum(economy * cast(state.alive & ~alive, dtype), axis=-1, keepdims=True)
        economy = economy + params.spoils * conquered * cast(fight.won, dtype)
    if not is_off(params.growth):
        burnt = cast(action.signal == BURN, dtype)
        surplus = 1 - military_burden(params, state) - params.burn_cost * burnt
        growth = 1 + params.growth * surplus
        economy = economy * xp.maximum(growth, 0.0)  # no burden leaves less than nothing
    return economy * cast(alive, dtype)


def _move(params: Params, action: Action, living: Array) -> Array:
    """The move that took effect; of several rates at once (continuous mode) the largest, a tie going to arms.

    ``living`` is 1 for who is alive at the start of the step and 0 for the dead, whose move is to hold.
    """
    xp = namespace(living)
    offensive, defensive = action.build_offensive, action.build_defensive
    move = xp.where(offensive > defensive, ARM_OFFENSIVELY, ARM_DEFENSIVELY * cast(defensive > 0, xp.int32))
    disarm = params.build * action.disarm  # a rate, as what is built is a rate of the build limit
    move = xp.where(disarm > xp.maximum(offensive, defensive), DISARM, move)
    return xp.where(action.strike, STRIKE, move) * living


def _supports(state: State, action: Action, alive: Array) -> Array:
    """Who defends whom in the next step, (..., N, N) bool; only the living, and only with more than two states."""
    n = alive.shape[-1]
    if n == 2:
        return state.support
    xp = namespace(alive)
    both = cast(alive[..., :, None] & alive[..., None, :], xp.int32)
    return both * xp.asarray(_choices(n), dtype=xp.int32) == cast(action.support + 1, xp.int32)[..., None]


@lru_cache
def _choices(n: int) -> Array:
    """1 + how far j stands behind i, (N, N); 0 on the diagonal, which nobody's choice plus 1 equals."""
    return ((np.arange(n)[None, :] - np.arange(n)[:, None]) % n + 1) * ~np.eye(n, dtype=bool)


def _both(alive: Array) -> Array:
    """With two states: whether both are alive, for each, (..., 2) bool."""
    return alive & alive[..., ::-1]


def _next_crisis(params: Params, alive: Array, draws: Draws) -> Array:
    """Draw the crisis of the next step: with chance χ, one uniformly drawn dyad of living states, (..., N) bool.

    Where the rate differs by state, a dyad's is the mean of the two.
    """
    xp = namespace(alive)
    n = alive.shape[-1]
    happens = xp.asarray(draws.crisis)[..., None]
    dyad = _both(alive) if n == 2 else _drawn_dyad(alive, xp.asarray(draws.dyad)[..., None])
    return dyad & (happens < _dyad_mean(params.crisis_rate, dyad))


def _dyad_mean(value: Value, dyad: Array) -> Value:
    if not getattr(value, "ndim", 0):
        return value
    xp = namespace(dyad)
    inside = value * cast(dyad, value.dtype)
    return 0.5 * xp.sum(inside, axis=-1, keepdims=True)


def _drawn_dyad(alive: Array, draw: Array) -> Array:
    """The states of one uniformly drawn dyad of living states; none where fewer than two live, (..., N) bool."""
    xp = namespace(alive)
    dtype, last = draw.dtype, alive.ndim - 1
    members, ranks = (xp.asarray(table, dtype=dtype) for table in _dyads(alive.shape[-1]))
    # states and dyads stand first here, the games behind them
    states = xp.permute_dims(cast(alive, dtype), (last, *range(last)))
    living = cast(members.T @ xp.reshape(states, (states.shape[0], -1)) > 1.5, dtype)
    rank = ranks @ living
    place = xp.reshape(draw, (1, -1)) * rank[-1:, :]
    chosen = (rank > place) & (rank - living <= place)
    drawn = xp.reshape(members @ cast(chosen, dtype) > 0.5, states.shape)
    return xp.permute_dims(drawn, (*range(1, last + 1), 0))


@lru_cache
def _dyads(n: int) -> tuple[Array, Array]:
    """Which state is in which dyad, (N, dyads), and a matrix that counts dyads up to each, (dyads, dyads)."""
    first, second = np.triu_indices(n, 1)
    states = np.arange(n)[:, None]
    return (states == first) | (states == second), np.tril(np.ones((len(first), len(first))))
