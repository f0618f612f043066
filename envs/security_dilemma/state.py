"""The nouns of the model: moves, signals, actions and the true state of a game."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from security_dilemma.arrays import Array

__all__ = ["Action", "Move", "Signal", "State"]


class Move(IntEnum):
    """What a state does with its forces in a step."""

    HOLD = 0
    ARM_DEFENSIVELY = 1
    ARM_OFFENSIVELY = 2
    DISARM = 3
    STRIKE = 4


class Signal(IntEnum):
    """What a state says in a step."""

    SILENT = 0
    ASSURE = 1
    BURN = 2
    PLEDGE = 3
    OPEN = 4


# The same numbers as plain ints: arrays compare with those at once, and with members of an enumeration slowly.
HOLD, ARM_DEFENSIVELY, ARM_OFFENSIVELY, DISARM, STRIKE = map(int, Move)
SILENT, ASSURE, BURN, PLEDGE, OPEN = map(int, Signal)


class Action(NamedTuple):
    """What all states do in a step, in canonical form; action modes are adapters onto it.

    Leading ``...`` axes are batch axes.
    """

    build_offensive: Array  # (..., N) float, units of offensive arms bought
    build_defensive: Array  # (..., N) float, units of defensive arms bought
    disarm: Array  # (..., N) float in [0, 1], 1 halves both stocks
    strike: Array  # (..., N) bool, counts only in a crisis
    signal: Array  # (..., N) int, a Signal
    support: Array  # (..., N) int, k defends state i+k in the next step; 0 nobody


class State(NamedTuple):
    """The true state of a game, intents included.

    Leading ``...`` axes are batch axes. ``[i, j]`` axes read: state i about, or towards, state j.
    """

    offensive: Array  # (..., N) float, offensive stock O
    defensive: Array  # (..., N) float, defensive stock D
    economy: Array  # (..., N) float, Y
    alive: Array  # (..., N) bool
    greed: Array  # (..., N) float, g: 0 for a security seeker
    initiative: Array  # (..., N) float, h: private benefit of striking
    perceived_balance: Array  # (..., N) float, a leader's private view of the balance
    balance: Array  # (..., N) float, the game's balance b (equal unless the parameter differs by state)
    dossier: Array  # (..., N, N) float in [0, 1], believed offensive share
    reported_arms: Array  # (..., N, N) float, reported offensive plus defensive stock
    last_move: Array  # (..., N) int, the Move that took effect
    last_signal: Array  # (..., N) int, a Signal
    pledged: Array  # (..., N) bool, a pledge is in force
    support: Array  # (..., N, N) bool, i defends j in this step
    crisis: Array  # (..., N) bool, true for both states of the crisis dyad
    struck: Array  # (..., N) bool, struck in the last step
    belligerent: Array  # (..., N) bool, was at war in the last step
    won: Array  # (..., N) bool, won that war
    steps: Array  # (...,) int, steps played
