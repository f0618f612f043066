"""Expected payoffs, best responses and exact exploitability, by passes over the stages of a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from security_dilemma.solver.enumeration import Floats, Ints
from security_dilemma.solver.tree import Behaviour, GameTree, Profile

__all__ = [
    "BestResponse",
    "action_values",
    "best_response",
    "expected_payoffs",
    "expected_payoffs_by_intent",
    "gains",
    "gains_by_intent",
    "history_reach",
    "nash_conv",
    "replaced",
    "require_player",
    "sum_by",
]

ROUNDING = 1e-9
"""Largest loss from a best response, in units of the largest payoff, that is put down to rounding."""


class BestResponse(NamedTuple):
    """A pure best response of one state."""

    value: float  # its expected payoff
    behaviour: Behaviour


def expected_payoffs(tree: GameTree, profile: Profile) -> Floats:
    """Return what both states expect before they know their types, (2,)."""
    tree.checked(profile)
    total = np.zeros(2)
    for stage, reach in zip(tree.stages, _transition_reach(tree, profile), strict=True):
        total += reach @ stage.transitions.payoff
    return total


def expected_payoffs_by_intent(tree: GameTree, profile: Profile) -> Floats:
    """Return what each state expects as a security seeker and as a greedy state, (2 states, 2 intents).

    NaN stands for an intent that a state cannot have.
    """
    tree.checked(profile)
    total, weight = np.zeros((2, 2)), np.zeros((2, 2))
    for stage, reach in zip(tree.stages, _transition_reach(tree, profile), strict=True):
        for player in range(2):
            intent = stage.greedy[stage.transitions.history, player].astype(int)
            total[player] += np.bincount(intent, reach * stage.transitions.payoff[:, player], 2)
    for player in range(2):
        weight[player] = np.bincount(tree.stages[0].greedy[:, player].astype(int), tree.prior, 2)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)


def best_response(tree: GameTree, profile: Profile, player: int) -> BestResponse:
    """Return a best response to what the other does, by backward induction over information sets.

    Information sets are taken with the other's and chance's probability of reaching them. Where those are 0, and among
    equally good actions, the first is chosen.

    Args:
        tree: The game.
        profile: Only the other's behaviour counts.
        player: 0 or 1.

    Raises:
        ValueError: If the player is another, or the profile is not one of the tree.
    """
    require_player(player)
    tree.checked(profile)
    values = action_values(tree, profile, player, lambda _stage, value: value.max(axis=-1))
    behaviour = tuple(np.eye(value.shape[-1])[value.argmax(axis=-1)] for value in values)
    return BestResponse(float(values[0].max(axis=-1).sum()), behaviour)


def gains(tree: GameTree, profile: Profile) -> Floats:
    """Return what each state alone would gain by a best response, before it knows its type, (2,).

    Raises:
        AssertionError: If a best response loses by more than rounding, which only an error in this package can bring.
    """
    now = expected_payoffs(tree, profile)
    gain = np.array([best_response(tree, profile, player).value for player in range(2)]) - now
    largest = max(float(np.abs(stage.transitions.payoff).max()) for stage in tree.stages)
    assert np.all(gain >= -ROUNDING * max(1.0, largest)), f"a best response loses: {gain}"
    return np.maximum(gain, 0.0)


def gains_by_intent(tree: GameTree, profile: Profile) -> Floats:
    """Return what each state would gain by a best response, by its intent, (2 states, 2 intents)."""
    gain = np.zeros((2, 2))
    now = expected_payoffs_by_intent(tree, profile)
    for player in range(2):
        best = replaced(profile, player, best_response(tree, profile, player).behaviour)
        gain[player] = expected_payoffs_by_intent(tree, best)[player] - now[player]
    return gain


def nash_conv(tree: GameTree, profile: Profile) -> float:
    """Return NashConv, the sum of both states' gains from a best response (Lanctot et al. 2017).

    It is 0 in a (Bayesian) Nash equilibrium and positive elsewhere.

    Raises:
        AssertionError: See :func:`gains`.
    """
    return float(gains(tree, profile).sum())


def require_player(player: int) -> None:
    """Refuse a player that is not one of the two.

    Raises:
        ValueError: Naming it.
    """
    if player not in (0, 1):
        raise ValueError(f"player = {player!r} must be 0 or 1")


def replaced(profile: Profile, player: int, behaviour: Behaviour) -> Profile:
    """Return the profile with one state's behaviour replaced."""
    return (behaviour, profile[1]) if player == 0 else (profile[0], behaviour)


def action_values(
    tree: GameTree, profile: Profile, player: int, value_of: Callable[[int, Floats], Floats]
) -> list[Floats]:
    """Return what each action is worth from its stage on, times the probability that others let it be reached.

    Args:
        tree: The game.
        profile: The other's behaviour.
        player: 0 or 1.
        value_of: From a stage and its action values (information sets, actions) to the values of the information sets:
            the largest for a best response, the mean over own behaviour for a given one.

    Returns:
        By stage, (information sets, actions).
    """
    reaches = _transition_reach(tree, profile, without=player)
    values: list[Floats] = []
    later = np.zeros(0)
    for place in reversed(range(len(tree.stages))):
        stage, n_actions = tree.stages[place], tree.n_actions(place)
        steps = stage.transitions
        size = stage.n_sets(player) * n_actions
        sequence = stage.sets[steps.history, player] * n_actions + steps.actions[:, player]
        value = sum_by(sequence, reaches[place] * steps.payoff[:, player], size)
        if place + 1 < len(tree.stages):
            value += sum_by(tree.stages[place + 1].parents[player], later, size)
        values.append(value.reshape(-1, n_actions))
        later = value_of(place, values[-1])
    return values[::-1]


def history_reach(tree: GameTree, profile: Profile, without: int | None = None) -> list[Floats]:
    """Return the probability of every history at the start of each stage, each (H,).

    Args:
        tree: The game.
        profile: What both states do.
        without: A state whose own behaviour is left out, as if it played towards the history for certain.
    """
    reach = [tree.prior]
    for place, weight in enumerate(_transition_reach(tree, profile, without)[:-1]):
        following = tree.stages[place].transitions.following
        going = following >= 0
        reach.append(sum_by(following[going], weight[going], len(tree.stages[place + 1].sets)))
    return reach


def sum_by(index: Ints, weight: Floats, size: int) -> Floats:
    """Return the sums of the weights (T,) that have each index, (size,)."""
    return np.bincount(index, weight, size).astype(float, copy=False)


def _transition_reach(tree: GameTree, profile: Profile, without: int | None = None) -> list[Floats]:
    """The probability of every transition of each stage; see :func:`history_reach`."""
    reaches: list[Floats] = []
    now = tree.prior
    for place, stage in enumerate(tree.stages):
        steps = stage.transitions
        weight = now[steps.history] * steps.chance
        for player in {0, 1} - {without}:
            weight = weight * profile[player][place][stage.sets[steps.history, player], steps.actions[:, player]]
        reaches.append(weight)
        if place + 1 < len(tree.stages):
            going = steps.following >= 0
            now = sum_by(steps.following[going], weight[going], len(tree.stages[place + 1].sets))
    return reaches
