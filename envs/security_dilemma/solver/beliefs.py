"""Exact beliefs: what a Bayesian makes of the other's intent, given what both states do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from security_dilemma.solver.enumeration import Floats
from security_dilemma.solver.payoffs import history_reach, require_player, sum_by
from security_dilemma.solver.tree import GameTree, Profile

__all__ = ["Beliefs", "posteriors"]


class Beliefs(NamedTuple):
    """A state's beliefs at its information sets of one stage."""

    greedy: Floats  # (information sets,) probability that the other is greedy; NaN where the other's play excludes it
    reach: Floats  # (information sets,) probability of getting there


def posteriors(tree: GameTree, profile: Profile, player: int) -> list[Beliefs]:
    """Return the Bayesian probability that the other is greedy, by stage and information set.

    With perfect recall own actions tell nothing about the other, so a belief holds also where only a deviation of one's
    own leads (reach 0). Where the other's behaviour or chance never leads, Bayes' rule gives no belief: NaN.

    Args:
        tree: The game.
        profile: What both states do.
        player: Whose beliefs, 0 or 1.

    Raises:
        ValueError: If the player is another, or the profile is not one of the tree.
    """
    require_player(player)
    tree.checked(profile)
    beliefs = []
    reaches = zip(history_reach(tree, profile), history_reach(tree, profile, without=player), strict=True)
    for stage, (reach, open_reach) in zip(tree.stages, reaches, strict=True):
        sets, size = stage.sets[:, player], stage.n_sets(player)
        total = sum_by(sets, open_reach, size)
        greedy = sum_by(sets, open_reach * stage.greedy[:, 1 - player], size)
        belief = np.divide(greedy, total, out=np.full(size, np.nan), where=total > 0)
        beliefs.append(Beliefs(belief, sum_by(sets, reach, size)))
    return beliefs
