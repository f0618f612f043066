"""Trajectories of several states that are written down by hand, and states that follow a plan of support."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.params import Params
from security_dilemma.state import HOLD, SILENT
from security_dilemma_training.trajectories import Bools, Floats, Trajectories, record

__all__ = ["Plan", "by_hand", "war_of"]


class Plan:
    """Holds, and defends by plan: row t says for each state whom it chooses in step t, by index; -1: nobody."""

    def __init__(self, plan: ArrayLike) -> None:
        self.plan, self.step = np.asarray(plan), 0

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        self.step = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        games, n = observations.shape[:2]
        chosen = self.plan[min(self.step, len(self.plan) - 1)]
        self.step += 1
        places = np.where(chosen < 0, 0, (chosen - np.arange(n)) % n)
        parts = [np.full((games, n), HOLD), np.full((games, n), SILENT), np.broadcast_to(places, (games, n))]
        return np.stack(parts, axis=-1)


def by_hand(support: ArrayLike, params: Params | None = None, **fields: ArrayLike) -> Trajectories:
    """One game in which nothing happens but what is given.

    Args:
        support: (T, N), whom each state defends in each step, by index; -1: nobody.
        params: The parameters.
        fields: Other fields, each (T, N) or (N,).
    """
    plan = np.asarray(support)
    steps, n = plan.shape
    calm = (params or Params()).replace(crisis_rate=0.0)
    t = record(calm, Plan([[-1] * n]), n_games=1, intents=0, seed=0, n_states=n, max_cycles=steps)
    given: dict[str, Any] = {
        name: np.broadcast_to(np.asarray(value), (steps, n))[:, None] for name, value in fields.items()
    }
    given["alive"] = given.get("alive", t.alive)
    return t._replace(support=plan[:, None], **given)


def war_of(steps: int, n: int, step: int, striker: int, victim: int) -> dict[str, NDArray[Any]]:
    """The fields of one one-sided strike that fails: the striker loses."""
    fields = {name: np.zeros((steps, n), bool) for name in ("struck", "belligerent", "won", "crisis")}
    for name, states in (("struck", [striker]), ("won", [victim])):
        fields[name][step, states] = True
    for name in ("belligerent", "crisis"):
        fields[name][step, [striker, victim]] = True
    return fields
