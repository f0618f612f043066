"""Welfare: what a game paid, beside the best that its states could have had together."""

from __future__ import annotations

import numpy as np

from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance, terminated
from security_dilemma.payoffs import reward
from security_dilemma.state import Action, Signal, State
from security_dilemma_training.metrics import ratio
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = ["best_joint_payoffs", "discounted_payoff", "discounted_payoffs", "welfare_loss"]

WINS, LOSES = -1.0, 2.0  # draws outside [0, 1), with which the dyad's first state wins or loses for certain
STRIKERS = ((True, False), (True, True), (False, True))  # whether the conqueror strikes, and whether its victim does


def discounted_payoffs(trajectories: Trajectories) -> Floats:
    """Return ``Σ_t δ^t r_t + δ^T Y``, the tail only where the time limit cut a living state off, (G, N).

    Stage games end by themselves and are not discounted.
    """
    t = trajectories
    paid = np.where(t.active[..., None], t.reward, 0).astype(float)
    powers = _discount(t) ** np.arange(len(paid))[:, None]
    tail = _discount(t) ** t.max_cycles * t.final_economy
    total: Floats = np.einsum("tgn,tn->gn", paid, np.broadcast_to(powers, (len(paid), paid.shape[-1])))
    return total + np.where(t.truncated, tail, 0)


def discounted_payoff(trajectories: Trajectories, who: Bools) -> float:
    """Return the mean discounted payoff of the states of ``who``."""
    return ratio(discounted_payoffs(trajectories)[who].sum(), who.sum())


def welfare_loss(trajectories: Trajectories) -> float:
    """Return ``1 - W / W*``: the share of the best joint payoff W* that was lost, over all games.

    W sums :func:`discounted_payoffs` over states and games, W* sums :func:`best_joint_payoffs`.
    """
    best = best_joint_payoffs(trajectories).sum()
    return 1 - ratio(discounted_payoffs(trajectories).sum(), best) if best > 0 else float("nan")


def best_joint_payoffs(trajectories: Trajectories) -> Floats:
    """Return the best joint payoff W* of each game, (G,), to a planner who dictates moves and the luck of war.

    The largest of these joint payoffs over the same time limit, all played out under the game's own rules:

    - unarmed, undisturbed peace: ``Σ_i [Σ_{t<T} δ^t (1-δ) Y_i (1+r)^t + δ^T Y_i (1+r)^T]``, with the defaults (no
      growth) ``Σ_i Y_i``, that is 1 for each state;
    - conquest at the first possible crisis, the second step, by the state that gains most from it: for two states
      ``(1-δ)(Y_w + Y_l) + δ [(g_w+ζ) Y_l + Y_w - 2c + h_w]`` without growth. It is jointly better only where a greedy
      victor values its victim's economy at more than the victim itself does and the costs of war on top. With more
      states the conqueror takes one of the others in each step from the second;
    - the same conquest where the victim strikes too, or strikes alone and loses: whoever strikes has its private
      benefit ``h``, so that where both gain by striking a planner lets both.
    """
    outcomes = [_dictated(trajectories, None)]
    for conqueror in range(trajectories.greedy.shape[-1]):
        outcomes += [_dictated(trajectories, conqueror, strikers) for strikers in STRIKERS]
    best: Floats = np.max(outcomes, axis=0)
    return best


def _discount(trajectories: Trajectories) -> Floats:
    return np.asarray(trajectories.params.discount if trajectories.stages is None else 1.0, float)


def _dictated(t: Trajectories, conqueror: int | None, strikers: tuple[bool, bool] = STRIKERS[0]) -> Floats:
    """Joint payoffs, (G,), where all hold but that a conqueror, if there is one, wins a war against each other."""
    state, total = t.start, np.zeros(t.greedy.shape)
    limit = t.max_cycles if t.stages is None else len(t.stages)
    for step in range(limit):
        state, action, draws = _orders(t, state, conqueror, strikers, step)
        after = advance(t.params, state, action, draws, t.stages, t.war)
        total += _discount(t) ** step * reward(t.params, state, action, after, t.stages, t.war)
        state = after
        if terminated(state, t.stages).all():
            break
    else:
        total += _discount(t) ** limit * state.economy
    joint: Floats = total.sum(axis=-1)
    return joint


def _orders(
    t: Trajectories, state: State, conqueror: int | None, strikers: tuple[bool, bool], step: int
) -> tuple[State, Action, Draws]:
    """The crisis, the moves and the luck of a step of :func:`_dictated`."""
    games, n = t.greedy.shape
    zeros, silent = np.zeros((games, n)), np.full((games, n), Signal.SILENT)
    strike = np.zeros((games, n), bool)
    luck = WINS
    if conqueror is not None and (t.stages is not None or 1 <= step < n):
        victim = (conqueror + (step if t.stages is None else 1)) % n
        strike[:, [conqueror, victim]] = strikers
        luck = WINS if conqueror < victim else LOSES
        crisis = np.broadcast_to(np.isin(np.arange(n), (conqueror, victim)), (games, n))
        state = state._replace(crisis=crisis & state.alive)
    pairs, once = np.zeros((games, n, n)), np.ones(games)
    draws = Draws(war=luck * once, crisis=once, dyad=0 * once, posture=pairs, arms=pairs)
    return state, Action(zeros, zeros, zeros, strike, silent, np.zeros_like(silent)), draws
