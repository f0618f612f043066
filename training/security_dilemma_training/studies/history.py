"""Historical analogues: what becomes of them as they stand, with states that are greedy as their files say.

The measures of :mod:`security_dilemma_training.studies.outcome` are of games among security seekers, of which a case
with a sure revisionist has none; those here are of games under the prior.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from security_dilemma_training.metrics import mean_arms, war_per_crisis, war_rate
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject

__all__ = ["MEASUREMENT"]

DEFINITIONS = {
    "case_war_rate": "share of games under the prior that see war within the horizon",
    "case_war_per_crisis": "wars over crises, in games under the prior",
    "case_arms": "mean arms of a living state under the prior, in units",
}


def _history(subject: Subject) -> Mapping[str, float]:
    played = subject.drawn
    return {
        "case_war_rate": war_rate(played, subject.config.evaluation.horizon),
        "case_war_per_crisis": war_per_crisis(played),
        "case_arms": mean_arms(played, np.ones_like(played.greedy)),
    }


MEASUREMENT = Measurement("history", DEFINITIONS, _history)
