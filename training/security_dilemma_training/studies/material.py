"""Material payoff: what a game paid in goods that all states value, whatever else some of them value besides.

States that are paid for power or for routine have other units than those that are not; without these terms populations
of different motives compare. No term has a formula of its own: it is what its weight changes in
:func:`security_dilemma.payoffs.reward`, as in :mod:`security_dilemma.accounts`.
"""

from __future__ import annotations

import numpy as np

from security_dilemma.payoffs import reward
from security_dilemma.state import Action, State
from security_dilemma_training.trajectories import Floats, Trajectories
from security_dilemma_training.welfare import discounted_payoffs

__all__ = ["MOTIVES", "material_payoff", "motive_payoff"]

MOTIVES = ("power_weight", "routine_weight")
"""The weights of what is valued for its own sake and is told from trajectories."""


def material_payoff(trajectories: Trajectories) -> Floats:
    """Return the discounted payoff without what power and routine paid as such, (G, N).

    In units where an undisturbed peaceful future of one state is worth 1, with the tail of games that the time limit
    cut off, as in :func:`security_dilemma_training.welfare.discounted_payoffs`. What is conquered counts.

    Raises:
        ValueError: If states value each other's payoff (``prosocial_weight``): it mixes what they are paid.
    """
    motives = motive_payoff(trajectories)
    return discounted_payoffs(trajectories._replace(reward=trajectories.reward - motives))


def motive_payoff(trajectories: Trajectories) -> Floats:
    """Return what power and routine as such paid each state in each step, (T, G, N); 0 for the eliminated.

    Raises:
        ValueError: If states value each other's payoff.
    """
    t = trajectories
    if np.any(np.asarray(t.params.prosocial_weight) != 0):
        raise ValueError(
            f"prosocial_weight = {t.params.prosocial_weight!r} mixes the states' payoffs, so that material ones cannot "
            "be told apart: it must be 0 here"
        )
    before, after, action = _peaceful_steps(t)
    material = t.params.replace(**dict.fromkeys(MOTIVES, 0.0))
    paid = (reward(params, before, action, after, t.stages, t.war, fought=False) for params in (t.params, material))
    difference: Floats = np.subtract(*paid)
    return difference


def _peaceful_steps(t: Trajectories) -> tuple[State, State, Action]:
    """The states before and after each step, and the actions, as far as terms that no war touches ask for them."""
    before = t.start._replace(
        offensive=t.offensive,
        defensive=t.defensive,
        economy=t.economy,
        alive=t.alive,
        last_move=np.concatenate([t.start.last_move[None], t.move[:-1]]),
        steps=np.broadcast_to(np.arange(len(t.active))[:, None], t.active.shape),
    )
    nothing = np.zeros_like(t.offensive)
    action = Action(nothing, nothing, nothing, t.struck, t.signal, np.zeros_like(t.move))
    return before, before._replace(last_move=t.move), action
