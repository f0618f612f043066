"""THEORY 6 and 7: reassurance by small first stakes, and costly signals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from security_dilemma.solver import GameTree, costly_signal, nash_conv, reassurance
from security_dilemma.stage_games import StageGame, with_stakes
from security_dilemma.theory import Window, reassurance_window, signal_window
from security_dilemma_training.theory.settings import MEASURES, Settings, window_points
from security_dilemma_training.theory.targets.crisis import EXACT
from security_dilemma_training.theory.targets.rows import Row, bisected, not_applicable, yes_or_no

__all__ = ["MOST_COST", "reassurance_game", "reassurance_rows", "signal_rows", "signalling_game", "window"]

MOST_COST = 3.0
"""Largest cost of a signal that is looked at, in units of the crisis' stake; beyond what any greed gains by a bluff."""

GRID = 61
"""Points at which a window is looked for before its ends are bisected."""


def reassurance_game(settings: Settings, first_stake: float) -> StageGame:
    """Return Kydd's reassurance game with a first stake in (0, 1); the rest is the second's."""
    return with_stakes(settings.game("kydd_reassurance", trust=settings.trust), (first_stake, 1 - first_stake))


def signalling_game(settings: Settings, cost: float) -> StageGame:
    """Return Fearon's signalling game with a cost in units of the crisis' stake; only the first state can afford it."""
    game = settings.game("costly_signal")
    (_, before), (_, crisis) = game.stages
    _, prohibitive = np.asarray(game.params.burn_cost)
    burn = np.array([cost * crisis / before, prohibitive])
    return game._replace(params=game.params.replace(burn_cost=burn, trust=np.array([settings.trust, 1.0])))


def reassurance_rows(settings: Settings) -> list[Row]:
    """THEORY 6: first stakes at which only greedy states strike at once."""

    def separates(stake: float) -> bool:
        tree = GameTree.build(reassurance_game(settings, stake))
        return nash_conv(tree, reassurance(tree)) <= EXACT

    theory, reason = window(settings, "reassurance")
    return _window_rows(6, "first stake", theory, reason, separates, 1.0, "reassurance")


def signal_rows(settings: Settings) -> list[Row]:
    """THEORY 7: costs that a security seeker pays to be told apart and a greedy state does not."""

    def separates(cost: float) -> bool:
        tree = GameTree.build(signalling_game(settings, cost))
        return nash_conv(tree, costly_signal(tree)) <= EXACT

    theory, reason = window(settings, "costly_signal")
    rows = _window_rows(7, "cost", theory, reason, separates, MOST_COST, "costly_signal")
    if reason is None:
        rows.append(yes_or_no(7, "a free message separates two types", False, separates(0.0)))
    return rows


def window(settings: Settings, experiment: str) -> tuple[Window | None, str | None]:
    """Return the window of an experiment, None where it is empty, and why theory says nothing, if so."""
    if not 0 < settings.trust < 1:
        return None, f"trust = {settings.trust:g}: both types must be possible"
    chance, cost, greed = settings.chance, settings.war_cost, settings.greed
    try:
        if experiment == "reassurance":
            return reassurance_window(chance, cost, greed, settings.trust), None
        return signal_window(chance, cost, greed), None
    except ValueError as error:
        return None, str(error)


def _window_rows(
    section: int,
    name: str,
    theory: Window | None,
    reason: str | None,
    separates: Callable[[float], bool],
    most: float,
    experiment: str,
) -> list[Row]:
    if reason is not None:
        return [not_applicable(section, f"window of the {name}", reason)]
    found = _found(separates, most)
    rows = [yes_or_no(section, f"a {name} separates the types", theory is not None, found is not None)]
    if theory is None:
        return rows
    for end, value, environment in zip(("least", "largest"), theory, found or (np.nan, np.nan), strict=True):
        rows.append(Row(section, f"{end} {name} that separates", value, environment))
    for point in window_points(*theory, 0.0, most):
        learned = (experiment, MEASURES[experiment].format(point))
        quantity = f"types that are apart stay apart at {name} {point:.4f}"
        rows.append(yes_or_no(section, quantity, point in theory, separates(point), learned))
    return rows


def _found(separates: Callable[[float], bool], most: float) -> tuple[float, float] | None:
    """Return the ends of the interval in (0, most) in which types separate; None if no point of a grid is in it."""
    grid = np.linspace(0, most, GRID)
    grid[0], grid[-1] = 1e-6 * most, (1 - 1e-6) * most
    inside = [place for place, point in enumerate(grid) if separates(float(point))]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    low = bisected(separates, float(grid[first - 1]), float(grid[first])) if first else 0.0
    high = bisected(separates, float(grid[last]), float(grid[last + 1])) if last + 1 < GRID else most
    return float(low or 0.0), float(high or most)
