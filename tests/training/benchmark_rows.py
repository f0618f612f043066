"""Rows of a benchmark's results, made up: seeds end at war or at peace."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any


def row(world: str, seed: int, war: float, **changed: Any) -> dict[str, Any]:
    """Return a row in which a share of games ended in war, with columns changed as given."""
    changes = json.dumps(changed.pop("changes", {}))
    identity = {"algorithm": "ppo", "scheme": "self_play", "world": world, "control": "none", "changes": changes}
    identity |= {name: changed.pop(name) for name in list(changed) if name in identity}
    steps = changed.pop("agent_steps", 1_000_000)
    config = hashlib.sha256(json.dumps([identity, steps]).encode()).hexdigest()
    values = {
        "key": hashlib.sha256(f"{config} {seed}".encode()).hexdigest(),
        "config_hash": config,
        "seed": seed,
        **identity,
        "agent_steps": steps,
        "payoff": 0.97 - 0.5 * war,
        "tragic_war_rate": war,
        "war_rate": min(1.0, war + 0.02),
        "welfare_loss": 0.03 + 0.4 * war,
        "arms_burden": 0.01 + 0.03 * war,
        "exploitability_security_seeker": math.nan,
        "exploitability_greedy": math.nan,
        "cpu_seconds": 60.0 + seed,
        "wall_seconds": 70.0 + seed,
        "engine": "local",
        "measured_by": "security-dilemma-training 0.1.0",
        "run": f"{world}/{identity['algorithm']}/seed_{seed}",
        "command": f"security-dilemma train {world}.yaml --seed {seed} learner.algorithm={identity['algorithm']}",
    }
    return values | changed


WARS = {
    ("ppo", "doubly_dangerous"): (0.9, 0.92, 0.91, 0.93, 0.9),
    ("a2c", "doubly_dangerous"): (0.9, 0.02, 0.01, 0.93, 0.03),
    ("ppo", "intense"): (0.0, 0.01, 0.0, 0.02, 0.0),
    ("a2c", "intense"): (0.02, 0.03, 0.01, 0.02, 0.03),
}
"""Tragic war rates of five seeds, the worlds not in Jervis's order."""


def some_rows() -> list[dict[str, Any]]:
    """Return rows of two learners in two worlds, and of one under a control."""
    rows = [
        row(world, seed, war, algorithm=algorithm)
        for (algorithm, world), wars in reversed(WARS.items())
        for seed, war in enumerate(wars)
    ]
    revealed = (0.9, 0.02, 0.03, 0.01, 0.02)
    rows += [row("doubly_dangerous", s, war, control="intent_revealed") for s, war in enumerate(revealed)]
    return rows
