"""What makes a stage game infinite, or too large, to be solved exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from security_dilemma.params import nearest, params_faults
from security_dilemma.stage_games import StageGame
from security_dilemma.stages import SIGNAL_NAMES, game_faults

__all__ = ["MAX_TRANSITIONS", "finite_faults", "require_few"]

MAX_TRANSITIONS = 500_000
"""Most plays of one stage that are enumerated; the states of so many take some hundred megabytes."""

MAX_INITIATIVES = 1000


def require_few(n_histories: int, n_actions: int, stage: int) -> None:
    """Refuse a stage with too many plays.

    Raises:
        ValueError: Naming their number and the limit.
    """
    count = 2 * n_histories * n_actions**2
    if count > MAX_TRANSITIONS:
        raise ValueError(
            f"stage {stage} has up to {count} plays ({n_histories} histories, {n_actions} actions a state), more than "
            f"{MAX_TRANSITIONS}: take fewer initiatives, stages, moves or signals"
        )


def finite_faults(game: StageGame, initiatives: int) -> list[str]:
    """Return everything that is invalid, or that makes the game infinite: noise that a state could learn from."""
    if not isinstance(game, StageGame):
        return [f"game = {game!r} must be a StageGame: see stage_game(name)"]
    params = game.params
    faults = game_faults(2, len(game.stages), game.stages, game.war) + params_faults(params, 2)
    if faults:
        return faults
    if isinstance(initiatives, bool) or not isinstance(initiatives, int) or not 1 <= initiatives <= MAX_INITIATIVES:
        faults.append(f"initiatives = {initiatives!r} must be a whole number in [1, {MAX_INITIATIVES}]")
    if game.action_mode == "continuous":
        faults.append("action_mode = 'continuous' has endlessly many actions: solve it in 'multidiscrete'")
    faults += _signal_faults(game)
    endless = [name for name in ("balance_width", "balance_noise") if _any_above(getattr(params, name))]
    if _arms_are_seen(game):
        endless += ["arms_noise"] * _any_above(params.arms_noise)
        endless += ["posture_noise"] * (_any_above(params.posture_noise) and _any_above(params.visibility))
    faults += [
        f"{name} = {getattr(params, name)!r} must be 0: with it there are endlessly many types or reports"
        for name in endless
    ]
    return faults


def _signal_faults(game: StageGame) -> list[str]:
    if len(game.signals) != len(game.stages):
        return [f"signals = {game.signals!r} must have one entry for each of the {len(game.stages)} stages"]
    faults = []
    for place, names in enumerate(game.signals):
        unknown = [name for name in names if name not in SIGNAL_NAMES]
        faults += [f"signals[{place}]: unknown signal {name!r}: {nearest(name, SIGNAL_NAMES)}" for name in unknown]
        if "silent" not in names:
            faults.append(f"signals[{place}] = {names!r} must include 'silent'")
    return faults


def _arms_are_seen(game: StageGame) -> bool:
    """Whether a stage before the last enables arming: only then do reports have something to tell."""
    return any(move.startswith("arm_") for moves, _ in game.stages[:-1] for move in moves)


def _any_above(value: Any) -> bool:
    return bool(np.any(np.asarray(value) > 0))
