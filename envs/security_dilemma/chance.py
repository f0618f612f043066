"""Chance: every random number of a game, drawn apart from the rules that use it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from security_dilemma.arrays import Array

__all__ = ["Draws", "draw", "draw_start", "draw_step"]


class Draws(NamedTuple):
    """Random numbers of the start of a game and of one step; only adapters draw them.

    ``U`` is uniform on [0, 1), ``Z`` standard normal. Leading ``...`` axes are batch axes. What a caller does not need
    may be None.
    """

    intent: Array = None  # (..., N) U, start: greedy where U >= trust
    initiative: Array = None  # (..., N) U, start: private benefit of striking
    balance: Array = None  # (...,) U, start: the game's balance
    perception: Array = None  # (..., N) Z, start: private views of the balance
    war: Array = None  # (...,) U, the dyad's first state wins where U < its chance
    crisis: Array = None  # (...,) U, whether the next step is a crisis
    dyad: Array = None  # (...,) U, whose crisis
    posture: Array = None  # (..., N, N) Z, noise of i's report on j's posture
    arms: Array = None  # (..., N, N) Z, noise of i's report on j's arms
    strike: Array = None  # (..., N) U, continuous mode: strikes where U < strike probability


def draw_start(
    rng: np.random.Generator, n_states: int, batch: tuple[int, ...] = (), dtype: DTypeLike = np.float32
) -> Draws:
    """Draw what the start of a game needs; see :func:`draw`."""
    uniform = rng.random((2 * n_states + 1, *batch), dtype=dtype)  # type: ignore[arg-type]
    intent, initiative = uniform[:n_states], uniform[n_states:-1]
    perception = rng.standard_normal((n_states, *batch), dtype=dtype)  # type: ignore[arg-type]
    return Draws(intent=_last(intent), initiative=_last(initiative), balance=uniform[-1], perception=_last(perception))


def draw_step(
    rng: np.random.Generator,
    n_states: int,
    batch: tuple[int, ...] = (),
    dtype: DTypeLike = np.float32,
    *,
    arms: bool = True,
    strike: bool = True,
) -> Draws:
    """Draw what one step needs; ``arms`` and ``strike`` may be left out where nothing uses them. See :func:`draw`."""
    war, crisis, dyad = rng.random((3, *batch), dtype=dtype)  # type: ignore[arg-type]
    pairs = (n_states, n_states, *batch)
    posture = rng.standard_normal((1 + arms, *pairs), dtype=dtype)  # type: ignore[arg-type]
    return Draws(
        war=war,
        crisis=crisis,
        dyad=dyad,
        posture=_last_pair(posture[0]),
        arms=_last_pair(posture[1]) if arms else None,
        strike=_last(rng.random((n_states, *batch), dtype=dtype)) if strike else None,  # type: ignore[arg-type]
    )


def draw(
    rng: np.random.Generator, n_states: int = 2, batch: tuple[int, ...] = (), dtype: DTypeLike = np.float32
) -> Draws:
    """Draw every random number of a start and of one step.

    Args:
        rng: The generator; the only owner of chance.
        n_states: Number of states N.
        batch: Shape of the batch axes, as in ``(n_games,)``.
        dtype: float32 or float64.

    Returns:
        Draws whose arrays are views with the states on the last axis over memory that has the games on its last axis:
        element-wise rules then run along the games, which is what makes large batches fast.
    """
    start = draw_start(rng, n_states, batch, dtype)
    step = draw_step(rng, n_states, batch, dtype)
    return start._replace(**{name: value for name, value in step._asdict().items() if value is not None})


def _last(x: Array) -> Array:
    """Move the leading state axis to the end, as a view."""
    return np.moveaxis(x, 0, -1) if x.ndim > 1 else x


def _last_pair(x: Array) -> Array:
    """Move the two leading state axes to the end, as a view."""
    return np.moveaxis(x, (0, 1), (-2, -1)) if x.ndim > 2 else x
