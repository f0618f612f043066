"""Scripted states that signal and listen for certain, and tell how likely they do what, as learned policies do."""

from __future__ import annotations

import numpy as np

from security_dilemma.actions import component_sizes
from security_dilemma.arrays import Array
from security_dilemma.state import BURN, HOLD, SILENT, STRIKE
from security_dilemma.strategies import Strategy, View

__all__ = ["CostlyListener", "CostlySignaller", "Separator"]


class _Told(Strategy):
    """A scripted state without memory, whose decisions can be asked for in any situation."""

    def probabilities(self, observations: Array) -> tuple[Array, ...]:
        """Return for each component of an action 1 for what it does and 0 for all else.

        Args:
            observations: (..., obs_dim).

        Returns:
            Moves (..., 5), signals (..., 5) and, with N > 2, support (..., N).
        """
        rows = observations.reshape(-1, 1, observations.shape[-1])
        view = View(np.repeat(rows, self.n_states, axis=1), self.roles, np.random.default_rng(0))
        moves = self.decide(view)
        parts = (moves, self.say(view, moves), np.zeros_like(moves))
        sizes = component_sizes(self.n_states)
        shares = (np.eye(size)[part[:, 0]] for size, part in zip(sizes, parts, strict=False))
        return tuple(share.reshape(*observations.shape[:-1], -1) for share in shares)


class CostlySignaller(_Told):
    """A security seeker burns in every step, a greedy state is silent; both hold, whatever the other says."""

    def decide(self, view: View) -> Array:
        """Hold."""
        return np.full(view.crisis.shape, HOLD)

    def say(self, view: View, moves: Array) -> Array:
        """Tell the type (Fearon 1997: sunk costs)."""
        del moves
        return np.where(view.own("greed") > 0, SILENT, BURN)


class CostlyListener(_Told):
    """Is silent, and strikes in a crisis unless the other has just burnt, whatever it is itself."""

    def decide(self, view: View) -> Array:
        """Strike who has not burnt."""
        return np.where(view.crisis & (view.rival(view.others("burn")) < 0.5), STRIKE, HOLD)


class Separator(CostlySignaller):
    """The separating profile: seekers burn and spare who has burnt; greedy states are silent and strike."""

    def decide(self, view: View) -> Array:
        """Strike whom it takes for greedy, and out of greed."""
        believed = view.rival(view.others("burn")) > 0.5
        return np.where(view.crisis & ((view.own("greed") > 0) | ~believed), STRIKE, HOLD)
