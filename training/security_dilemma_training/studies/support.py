"""Who defends whom in a step: what the measures of alliances have in common."""

from __future__ import annotations

import numpy as np

from security_dilemma_training.trajectories import Bools, Trajectories

__all__ = ["able", "defends", "pacts"]


def able(trajectories: Trajectories) -> Bools:
    """Return who could be defending another, (T, G, N): the living among three or more, from the second step on."""
    present = trajectories.present
    can: Bools = present & (present.sum(axis=-1, keepdims=True) > 2)
    can[0] = False
    return can


def defends(trajectories: Trajectories) -> Bools:
    """Return which state defends which in each step, (T, G, N, N) as [supporter, supported]."""
    states = np.arange(trajectories.support.shape[-1])
    chosen: Bools = (trajectories.support[..., None] == states) & able(trajectories)[..., None]
    return chosen


def pacts(trajectories: Trajectories) -> Bools:
    """Return which two states defend each other in each step, (T, G, N, N), symmetric."""
    chosen = defends(trajectories)
    mutual: Bools = chosen & chosen.swapaxes(-1, -2)
    return mutual
