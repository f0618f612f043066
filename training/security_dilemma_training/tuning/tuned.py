"""Tuned values: what learners take where a config says ``learner.tuned: true`` and leaves an option out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from security_dilemma.params import WORLDS
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma_training.sources import read_yaml

__all__ = ["FAMILIES", "TUNED_FILE", "family_of", "tuned_values"]

FAMILIES = ("offence", "defence")
"""Families of worlds: offence has the advantage where the balance is above 0, defence elsewhere."""

TUNED_FILE = Path(__file__).with_name("tuned.yaml")


def family_of(data: Mapping[str, Any]) -> str:
    """Return the family of the world that the plain data of a config describe."""
    ready = STAGE_GAMES.get(str(data.get("stage_game")))
    params = ready.params if ready else WORLDS.get(str(data.get("world")), WORLDS["doubly_dangerous"])
    changes = data.get("params")
    balance = changes.get("balance", params.balance) if isinstance(changes, Mapping) else params.balance
    try:
        return "offence" if float(np.mean(np.asarray(balance, float))) > 0 else "defence"
    except (TypeError, ValueError):  # a faulty balance is told by the config
        return "offence"


def tuned_values(algorithm: str, family: str) -> dict[str, Any]:
    """Return the tuned options of an algorithm in a family of worlds, by name; empty where none were searched."""
    values: dict[str, Any] = (_tuned().get(algorithm) or {}).get(family) or {}
    return dict(values)


@functools.cache
def _tuned() -> dict[str, Any]:
    return read_yaml(TUNED_FILE)
