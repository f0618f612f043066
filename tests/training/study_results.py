"""Studies without training: a small config, and results made up as a rule says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from security_dilemma_training.config import parse
from security_dilemma_training.studies.results import Results
from security_dilemma_training.studies.study_config import StudyConfig
from tests.training.runs_for_tests import merged

TINY: dict[str, Any] = {
    "question": "Does trust keep the peace?",
    "expectation": "More trust, less war (Kydd 2005).",
    "caveats": ["Nothing of states."],
    "name": "trial",
    "world": "doubly_dangerous",
    "seeds": 2,
    "learner": {"backend": "sb3", "device": "cpu", "slots": 16, "n_steps": 8, "batch_size": 64, "hidden_sizes": [8]},
    "schedule": {"agent_steps": 256},
    "evaluation": {"games": 20},
    "conditions": {
        "trusting": {"params": {"trust": 0.9}},
        "fearful": {"label": "in fear", "params": {"trust": 0.2}},
        "later": {"after": "fearful", "params": {"trust": 0.9}},
        "meet_grit": {"players": ["fearful", "grit"]},
        "hawks": {"players": "hawk"},
    },
    "comparisons": [
        {"metric": "at_war", "condition": "hawks", "against": "trusting", "expected": "higher", "why": "they strike"},
        {"metric": "arms", "condition": "later", "against": "trusting"},
    ],
}
"""Two conditions that learn, one that learns on, and two that are only played."""

Rule = Callable[[str, int], Mapping[str, float | None] | None]
"""The metrics of a condition and seed, or None where it is missing."""


def tiny(folder: Path | str = "out", **changes: Any) -> StudyConfig:
    """Return the small study, in a folder."""
    return parse(merged(merged(TINY, changes), {"output": {"folder": str(folder)}}), StudyConfig)


def made_up(rule: Rule, folder: Path | str = "out", **changes: Any) -> Results:
    """Return the small study with results as a rule says; metrics that it leaves out have nothing to be measured on."""
    asked = tiny(folder, **changes)
    values = {}
    for condition in asked.conditions:
        for seed in asked.seeds:
            found = rule(condition, seed)
            if found is not None:
                values[condition, seed] = dict.fromkeys(asked.definitions) | dict(found)
    return Results(asked, values)
