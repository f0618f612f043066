"""Tuned values: what learners take where a config says ``learner.tuned: true`` and leaves an option out.

The file holds them by algorithm and family of worlds, each with ``values`` and with how they were ``found``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from security_dilemma.params import WORLDS
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma_training.learner_sections import ALGORITHM_NAMES
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.writing import write_atomically

__all__ = ["FAMILIES", "TUNED_FILE", "family_of", "tuned_values", "write_tuned"]

FAMILIES = ("offence", "defence")
"""Families of worlds: offence has the advantage where the balance is above 0, defence elsewhere."""

TUNED_FILE = Path(__file__).with_name("tuned.yaml")

HEADER = """\
# Values found by `security-dilemma tune`, by algorithm and family of worlds; what is not here keeps its default.
# `found` says with how much effort; payoffs are those of fresh seeds among partners that do not learn (docs/tuning.md).
"""


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
    entry = (_tuned().get(algorithm) or {}).get(family) or {}
    return dict(entry.get("values") or {})


def write_tuned(algorithm: str, family: str, entry: Mapping[str, Any]) -> None:
    """Put an entry with ``values`` and ``found`` in place of the one that the file has, if any.

    Raises:
        ConfigError: If the file is damaged.
        OSError: If it cannot be written.
    """
    data = read_yaml(TUNED_FILE) if TUNED_FILE.exists() else {}
    data.setdefault(algorithm, {})[family] = dict(entry)
    ordered = {name: data[name] for name in ALGORITHM_NAMES if name in data}
    write_atomically(TUNED_FILE, HEADER + yaml.safe_dump(ordered, sort_keys=False))
    _tuned.cache_clear()


@functools.cache
def _tuned() -> dict[str, Any]:
    return read_yaml(TUNED_FILE)
