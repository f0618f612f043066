"""Action modes: adapters from what an agent sends onto the canonical :class:`Action`.

``multidiscrete`` (default): move and signal, and with more than two states whom to support. ``discrete``: the flattened
product of these, the last component running fastest. ``continuous``: offensive and defensive build rate, disarm rate,
burn rate and strike probability, each in [0, 1].
"""

from __future__ import annotations

from math import prod
from typing import Literal, TypeAlias

from security_dilemma.arrays import Array, cast, namespace
from security_dilemma.chance import Draws
from security_dilemma.params import Params
from security_dilemma.stages import Signals, Stages, allowed_signals, enabled_moves
from security_dilemma.state import (
    ARM_DEFENSIVELY,
    ARM_OFFENSIVELY,
    BURN,
    DISARM,
    HOLD,
    SILENT,
    STRIKE,
    Action,
    Move,
    Signal,
    State,
)

__all__ = ["ACTION_MODES", "CONTINUOUS_COMPONENTS", "ActionMode", "action_mask", "component_sizes", "decode"]

ActionMode: TypeAlias = Literal["multidiscrete", "discrete", "continuous"]
ACTION_MODES: tuple[ActionMode, ...] = ("multidiscrete", "discrete", "continuous")
CONTINUOUS_COMPONENTS = ("build_offensive", "build_defensive", "disarm", "burn", "strike")


def component_sizes(n_states: int) -> tuple[int, ...]:
    """Return the number of values of each discrete component: move, signal and, with N > 2, support."""
    return (len(Move), len(Signal), n_states) if n_states > 2 else (len(Move), len(Signal))


def decode(
    params: Params,
    state: State,
    actions: Array,
    draws: Draws,
    mode: ActionMode = "multidiscrete",
    *,
    signals: Signals = True,
) -> Action:
    """Turn what agents sent into a canonical action.

    Args:
        params: The game's parameters.
        state: The state at the start of the step.
        actions: (..., N, components): integers, one component in ``discrete`` mode; floats in ``continuous`` mode.
        draws: ``continuous`` mode uses ``strike``.
        mode: The action mode.
        signals: Which signals there are: all (True), none (False) or those named. Any other counts as silence, costs
            nothing and binds nobody.
    """
    xp = namespace(actions)
    dtype = state.offensive.dtype
    if mode == "continuous":
        return _decode_continuous(params, cast(actions, dtype), draws, signals)
    sizes = component_sizes(state.alive.shape[-1])
    if mode == "discrete":
        parts = [actions[..., 0] // prod(sizes[k + 1 :]) % sizes[k] for k in range(len(sizes))]
    else:
        parts = [actions[..., k] for k in range(len(sizes))]
    move = parts[0]
    return Action(
        build_offensive=params.build * cast(move == ARM_OFFENSIVELY, dtype),
        build_defensive=params.build * cast(move == ARM_DEFENSIVELY, dtype),
        disarm=cast(move == DISARM, dtype),
        strike=move == STRIKE,
        signal=_said(parts[1], signals),
        support=parts[2] if len(parts) > 2 else xp.zeros_like(move),
    )


def _decode_continuous(params: Params, actions: Array, draws: Draws, signals: Signals) -> Action:
    xp = namespace(actions)
    offensive, defensive, disarm, burn, strike = (actions[..., k] for k in range(len(CONTINUOUS_COMPONENTS)))
    silent = cast(xp.zeros_like(burn), xp.int32)
    return Action(
        build_offensive=params.build * offensive,
        build_defensive=params.build * defensive,
        disarm=disarm,
        strike=draws.strike < strike,
        signal=_said(xp.where(burn >= 0.5, xp.full_like(silent, BURN), silent), signals),
        support=silent,
    )


def _said(sent: Array, signals: Signals) -> Array:
    """The signals with silence in place of those that there are not."""
    allowed = allowed_signals(signals)
    if all(allowed):
        return sent
    xp = namespace(sent)
    said = xp.zeros_like(sent)
    for kind in Signal:
        if allowed[kind] and kind != SILENT:
            said = xp.where(sent == int(kind), sent, said)
    return said


def action_mask(
    state: State, mode: ActionMode = "multidiscrete", stages: Stages | None = None, *, signals: Signals = True
) -> Array:
    """Return which actions have their effect: strikes only in crisis, nothing for the eliminated.

    Of the signals those that ``signals`` allows have their effect, and silence.

    Returns:
        bool, (..., N, sum of component sizes) for ``multidiscrete``, one part per component; (..., N, number of
        actions) for ``discrete``; (..., N, 5) for ``continuous``, one flag per rate.
    """
    xp = namespace(state.alive)
    alive = state.alive
    moves = [alive] * len(Move)
    if stages is not None:
        enabled = enabled_moves(state, stages)
        moves = [alive & (enabled[..., k, None] | (k == HOLD)) for k in range(len(Move))]
    moves[STRIKE] = moves[STRIKE] & state.crisis
    nobody, allowed = xp.zeros_like(alive), allowed_signals(signals)
    if mode == "continuous":
        order = (ARM_OFFENSIVELY, ARM_DEFENSIVELY, DISARM)
        burns = alive if allowed[BURN] else nobody
        return xp.stack([*(moves[k] for k in order), burns, moves[STRIKE]], axis=-1)
    support = _support_mask(alive)
    if mode == "multidiscrete":
        return xp.stack([*moves, *(alive if heard else nobody for heard in allowed), *support], axis=-1)
    product = xp.stack([move if heard else nobody for move in moves for heard in allowed], axis=-1)
    if support:
        product = product[..., None] & xp.stack(support, axis=-1)[..., None, :]
        product = xp.reshape(product, (*alive.shape, product.shape[-2] * product.shape[-1]))
    return product


def _support_mask(alive: Array) -> list[Array]:
    """For N > 2: whether each state may support nobody, i+1, i+2, …; each (..., N) bool."""
    n = alive.shape[-1]
    if n == 2:
        return []
    xp = namespace(alive)
    return [alive & xp.concat([alive[..., k:], alive[..., :k]], axis=-1) for k in range(n)]
