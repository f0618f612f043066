"""Ranges of validity: one clear error where a closed form does not hold."""

from __future__ import annotations

import numpy as np

from security_dilemma.params import PARAMETERS

__all__ = ["require", "require_chance", "require_parameter"]


def require(condition: bool, message: str) -> None:
    """Raise a ValueError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(message)


def require_chance(chance: float) -> None:
    """Require a probability."""
    require(0 <= chance <= 1, f"chance = {chance!r} must be in [0, 1]")


def require_parameter(name: str, value: float) -> None:
    """Require that ``value`` is one number in the range of the parameter ``name``."""
    allowed = PARAMETERS[name]
    if np.ndim(value):
        raise ValueError(f"{name} = {value!r} must be one number: closed forms are of two equal states")
    if not allowed.contains(value):
        raise ValueError(f"{name} = {value!r} is outside {allowed}: {allowed.meaning}")
