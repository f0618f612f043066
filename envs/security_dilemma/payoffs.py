"""Payoffs: what a step pays, in units where an undisturbed peaceful future of one state is worth 1."""

from __future__ import annotations

from security_dilemma.arrays import Array, cast, count, facing, is_off, namespace
from security_dilemma.combat import attack_strength
from security_dilemma.params import Params
from security_dilemma.stages import Stages, remaining_stake, stake
from security_dilemma.state import BURN, Action, State

__all__ = ["last_survivor", "military_burden", "reward"]


def military_burden(params: Params, state: State) -> Array:
    """Return the share of the economy that arms cost per step, ``κ (O + D)``, (..., N)."""
    return params.upkeep * (state.offensive + state.defensive)


def last_survivor(next_state: State, war: str = "terminal") -> Array:
    """Whether a victor takes its undisturbed future at once: alone, or in a scaled stage, (..., 1) bool.

    Args:
        next_state: The state after the step.
        war: ``terminal`` or ``scaled``.
    """
    if war == "scaled":
        return namespace(next_state.won).ones_like(next_state.won[..., :1])
    return count(next_state.alive) == 1


def reward(
    params: Params,
    state: State,
    action: Action,
    next_state: State,
    stages: Stages | None = None,
    war: str = "terminal",
    *,
    fought: bool = True,
) -> Array:
    """Return what the step paid each state, (..., N); an eliminated state is paid nothing.

    A peaceful step pays ``(1-δ) Y (1 - κ(O+D) - burn_cost [burnt])``. The winner of a war gets ``g_i Y_j - c + h_i
    [struck] - audience_cost [struck under its pledge]``, the loser the same without conquest, and the last survivor
    its undisturbed future ``Y_i`` once. Kydd (2005) and Baliga & Sjöström (2004) give the crisis its form.

    Args:
        params: The game's parameters.
        state: The state at the start of the step; its stocks and economies are those that count.
        action: What all states did.
        next_state: The state after the step; it holds who struck and who won.
        stages: The stages of a stage game: a stake stands in for ``1-δ``, the stakes that remain scale a war.
        war: ``terminal``, or ``scaled``: each stage pays its stake times the crisis matrix.
        fought: False only where the caller knows that no game of the batch saw a war; it skips that work.
    """
    xp = namespace(state.offensive)
    dtype = state.offensive.dtype
    weight = 1 - params.discount if stages is None else stake(state, stages)
    flow = 1 - military_burden(params, state)
    if fought:
        settled = last_survivor(next_state, war)
        # bystanders are paid the step as in peace, and so is a victor who leaves others alive
        in_peace = ~next_state.belligerent | (next_state.won & ~settled)
        flow = flow * cast(in_peace, dtype)
    burnt = cast(action.signal == BURN, dtype)
    paid = weight * (state.economy * (flow - params.burn_cost * burnt))
    if fought:
        scale = 1 if stages is None else (stake if war == "scaled" else remaining_stake)(state, stages)
        paid = paid + scale * _war_payoff(params, state, next_state, settled, war)
    if not is_off(params.power_weight):
        paid = paid + params.power_weight * weight * _share_of_power(params, state)
    if not is_off(params.routine_weight):
        broken = cast(next_state.last_move != state.last_move, dtype)
        paid = paid - params.routine_weight * weight * broken
    alive = cast(state.alive, dtype)
    paid = paid * alive
    if not is_off(params.prosocial_weight):
        others = xp.sum(alive, axis=-1, keepdims=True) - alive
        rest = xp.sum(paid, axis=-1, keepdims=True) - paid
        mean = rest / xp.where(others > 0, others, xp.ones_like(others))
        paid = paid + params.prosocial_weight * mean * alive
    return paid


def _war_payoff(params: Params, state: State, next_state: State, settled: Array, war: str) -> Array:
    """What war pays or costs those at war and their supporters, at full stake, (..., N)."""
    dtype = state.offensive.dtype
    struck = cast(next_state.struck, dtype)
    conquered = facing(state.economy, state.crisis)
    future = state.economy if war == "scaled" else state.economy + params.spoils * conquered
    won = cast(next_state.won, dtype)
    gain = won * (state.greed * conquered + cast(settled, dtype) * future)
    breach = params.audience_cost * cast(state.pledged, dtype)
    paid = gain + struck * (state.initiative - breach)
    paid = paid - params.war_cost * cast(next_state.belligerent, dtype)
    if state.alive.shape[-1] > 2:
        paid = paid - params.support_cost * cast(_defends(state, next_state), dtype)
    return paid


def _defends(state: State, next_state: State) -> Array:
    """Who defends a state that is struck one-sidedly, the striker itself excepted, (..., N) bool."""
    xp = namespace(state.offensive)
    victim = next_state.belligerent & ~next_state.struck
    return xp.any(state.support & victim[..., None, :], axis=-1) & ~next_state.struck & state.alive


def _share_of_power(params: Params, state: State) -> Array:
    """Return ``E_att_i^k / Σ_j E_att_j^k`` over the living, (..., N)."""
    xp = namespace(state.offensive)
    power = attack_strength(params, state.offensive, state.defensive) ** params.decisiveness
    power = power * cast(state.alive, power.dtype)
    total = xp.sum(power, axis=-1, keepdims=True)
    return power / xp.where(total > 0, total, xp.ones_like(total))
