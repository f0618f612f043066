"""What determines the result of learning, and the hash by which it is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["config_hash", "determinants"]

IRRELEVANT = ("device", "torch_threads", "tuned", "lanes")
"""Options of a learner that change the rounding at most; tuned values themselves stand in its other options."""

NEUTRAL = {"reveal_intents": False, "signals": True, "backend": "sb3", "network": "mlp", "start_from": None}
"""Options of the game and the learner that change nothing at these values, so that a config that names them is the
same."""


def determinants(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines the result of learning, besides the seed, as plain data.

    These are the parameters themselves, whatever the world is called, the shape of the game, the learner, with whom it
    learns where that is not self-play, and the length of the training. Names, folders, logs and checkpoints change
    nothing; device and threads change the rounding only; the evaluation is done on the result.

    Args:
        resolved: What ``RunConfig.resolved`` returns, or has written to a file once.
    """
    given = {section: resolved.get(section) or {} for section in ("params", "game", "learner", "schedule")}
    params = {
        name: np.asarray(value, float).tolist() if value is not None else None
        for name, value in given["params"].items()
    }
    game, learner = (
        {name: value for name, value in given[section].items() if name not in NEUTRAL or value != NEUTRAL[name]}
        for section in ("game", "learner")
    )
    learner = {name: value for name, value in learner.items() if name not in IRRELEVANT}
    schedule = {"agent_steps": given["schedule"].get("agent_steps")}
    partners = dict(resolved.get("partners") or {})
    others = {"partners": partners} if partners.get("scheme", "self_play") != "self_play" else {}
    return {"params": params, "game": game, "learner": learner, "schedule": schedule} | others


def config_hash(resolved: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what determines the result of learning, see :func:`determinants`.

    It is one of the data, not of a config read from them: an option that is added later is not in older files.
    """
    return hashlib.sha256(json.dumps(determinants(resolved), sort_keys=True).encode()).hexdigest()
