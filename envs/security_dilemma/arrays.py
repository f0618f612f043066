"""The array alias and the few array idioms the rules share.

The rules are written once against the Python array API: every function reads its namespace from the arrays it is
given, so the same source runs on NumPy and JAX (and under ``array_api_strict`` in the tests).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "Array",
    "Value",
    "cast",
    "count",
    "facing",
    "is_off",
    "logistic",
    "namespace",
    "per_observer",
]

Array: TypeAlias = Any
"""An array of any array-API library."""

Value: TypeAlias = Any
"""A number, or an array with one value per state on its last axis."""


def namespace(array: Array) -> Any:
    """Return the array-API namespace of ``array``."""
    return array.__array_namespace__()


def cast(array: Array, dtype: Any) -> Array:
    """Return ``array`` as ``dtype``, by the array's own method where it has one: that is several times faster."""
    method = getattr(array, "astype", None)
    return method(dtype) if method is not None else namespace(array).astype(array, dtype)


def is_off(value: Value) -> bool:
    """Whether a field is switched off by the Python number 0.

    Python numbers are known before any array is made, so they may steer control flow; arrays and traced values never
    do. A term that is off costs nothing, and computing it anyway would give the same result.
    """
    return isinstance(value, int | float) and value == 0


def logistic(z: Array) -> Array:
    """Return ``1 / (1 + exp(-z))`` without overflow for any finite ``z``."""
    return 0.5 + 0.5 * namespace(z).tanh(0.5 * z)


def per_observer(value: Value) -> Value:
    """Align a field of the observing state with (..., observer, observed) arrays."""
    return value[..., None] if getattr(value, "ndim", 0) else value


@lru_cache
def _diagonal(n_states: int) -> Array:
    return np.eye(n_states, dtype=bool)


def count(flags: Array) -> Array:
    """Return how many of (..., N) flags are true, (..., 1) int."""
    xp = namespace(flags)
    ones = cast(flags, xp.int32)
    return ones[..., :1] + ones[..., 1:] if flags.shape[-1] == 2 else xp.sum(ones, axis=-1, keepdims=True)


def facing(x: Value, crisis: Array) -> Value:
    """Return for each state in crisis the value of its opponent.

    A state that is not in crisis gets its own value, so that logs and ratios stay finite (with two states, where
    nothing follows from it, it gets the other's).

    Args:
        x: (..., N) values, or a number, which is returned as it is.
        crisis: (..., N) bool, true for the two states of the crisis dyad.
    """
    if not getattr(x, "ndim", 0):
        return x
    n = crisis.shape[-1]
    if n == 2:
        return x[..., ::-1]
    xp = namespace(crisis)
    self_pair = xp.asarray(_diagonal(n))
    own = crisis[..., :, None]
    opponent = xp.where(self_pair, ~own, own & crisis[..., None, :])
    return xp.sum(xp.where(opponent, x[..., None, :], xp.zeros_like(x[..., None, :])), axis=-1)
