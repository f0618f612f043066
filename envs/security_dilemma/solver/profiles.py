"""Profiles of the literature, as rules that read an observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from security_dilemma.solver.enumeration import Floats
from security_dilemma.solver.tree import GameTree, Profile

__all__ = ["all_hold", "all_strike", "costly_signal", "greedy_strike", "profile_of", "reassurance"]


def profile_of(tree: GameTree, choose: Callable[[int, int, Mapping[str, float]], tuple[bool, bool]]) -> Profile:
    """Return the profile of a rule that says whether a state strikes and whether it burns.

    Args:
        tree: The game; a strike or a burnt cost that a stage does not offer is left out.
        choose: From (player, stage, observation by name of entry) to (strikes, burns).
    """

    def probabilities(player: int, stage: int, seen: Floats) -> Floats:
        strikes, burns = choose(player, stage, {name: float(seen[place]) for name, place in tree.entries.items()})
        offered = tree.stages[stage].choices
        strikes = strikes and any(choice.move.name == "STRIKE" for choice in offered)
        burns = burns and any(choice.signal.name == "BURN" for choice in offered)
        return tree.surely(stage, "strike" if strikes else "hold", "burn" if burns else "silent")

    return tree.profile(probabilities)


def all_hold(tree: GameTree) -> Profile:
    """Return the profile in which nobody ever strikes: peace, also among greedy states."""
    return profile_of(tree, lambda _player, _stage, _seen: (False, False))


def all_strike(tree: GameTree) -> Profile:
    """Return the profile in which everybody strikes in every stage: war out of fear (Jervis 1978)."""
    return profile_of(tree, lambda _player, _stage, _seen: (True, False))


def greedy_strike(tree: GameTree) -> Profile:
    """Return the profile in which greedy states strike and security seekers hold, whatever they saw (Kydd 2005)."""
    return profile_of(tree, lambda _player, _stage, seen: (seen["own_greed"] > 0, False))


def reassurance(tree: GameTree) -> Profile:
    """Return the separating profile of the reassurance game (Kydd 2000).

    Greedy states strike in every stage; security seekers hold in the first, and afterwards unless they were struck in
    the stage before.
    """
    return profile_of(
        tree, lambda _player, _stage, seen: (seen["own_greed"] > 0 or seen["other_1_struck_me"] > 0, False)
    )


def costly_signal(tree: GameTree, sender: int = 0) -> Profile:
    """Return the separating profile of a burnt cost before a crisis (Fearon 1997).

    Only a security seeker burns, and it holds in the crisis. The receiver holds in the crisis iff it saw the cost
    burnt. Greedy states strike.

    Args:
        tree: The game.
        sender: The state that signals; the other's intent should be known.
    """

    def choose(player: int, _stage: int, seen: Mapping[str, float]) -> tuple[bool, bool]:
        greedy = seen["own_greed"] > 0
        if player == sender:
            return greedy, not greedy
        return greedy or seen["other_1_burn"] == 0, False

    return profile_of(tree, choose)
