"""Ready-made stage games: the models of the literature as finite games of this environment's own rules.

A stage game is two states, a short tuple of stages, each with its enabled moves and its stake, and the parameters that
make it the model it is named after. Every one has a config in ``configs/theory/`` and a section in the docs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from security_dilemma.arrays import Value
from security_dilemma.params import ParameterError, Params, nearest, parameter_faults
from security_dilemma.stages import Stages

__all__ = ["STAGE_GAMES", "StageGame", "stage_game"]


class StageGame(NamedTuple):
    """A stage game by name.

    Attributes:
        params: Its parameters.
        stages: (enabled moves, stake) of each stage.
        war: ``terminal``, or ``scaled``: each stage pays its stake times the crisis matrix.
        signals: The signals that the model knows, by stage; exact solutions consider no others.
        source: Whose model it is.
    """

    params: Params
    stages: Stages
    war: str
    signals: tuple[tuple[str, ...], ...]
    source: str

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Games``, ``parallel_env`` and ``record`` that make this game."""
        return {"params": self.params, "stages": self.stages, "war": self.war, "max_cycles": len(self.stages)}


CRISIS = ("hold", "strike")
"""The moves of a crisis."""

SILENCE = ("silent",)

EQUALS = Params(
    balance=1.0,
    war_cost=0.2,
    decisiveness=1.0,
    surge_attack=1.0,
    home_defence=1.0,
    trust=1.0,
    greed=1.0,
    posture_noise=0.0,
)
"""Two unarmed security seekers for whom one side's weapons are worth what the other's are: ``P = Λ(b)``."""


def _one_stage(source: str, **changes: Value) -> StageGame:
    return StageGame(EQUALS.replace(**changes), ((CRISIS, 1.0),), "terminal", (SILENCE,), source)


_CRISIS = _one_stage("Jervis (1978); Kydd (2005)")

STAGE_GAMES: MappingProxyType[str, StageGame] = MappingProxyType(
    {
        "crisis": _CRISIS,
        "stag_hunt": _CRISIS,
        "kydd_reassurance": StageGame(
            EQUALS.replace(trust=0.2), ((CRISIS, 0.4), (CRISIS, 0.6)), "scaled", (SILENCE, SILENCE), "Kydd (2000, 2005)"
        ),
        "baliga_sjostrom": _one_stage("Baliga & Sjöström (2004)", initiative_width=0.7),
        "costly_signal": StageGame(
            # burning costs .5 in units of the crisis' stake; only the first state can afford it
            EQUALS.replace(trust=np.array([0.2, 1.0]), burn_cost=np.array([4.5, 100.0])),
            ((("hold",), 0.1), (CRISIS, 0.9)),
            "terminal",
            (("silent", "burn"), SILENCE),
            "Fearon (1997)",
        ),
    }
)
"""Ready-made stage games by name."""


def stage_game(name: str, **changes: Value) -> StageGame:
    """Return a ready-made stage game with some parameters changed.

    Raises:
        ParameterError: Listing an unknown name, and every parameter that is unknown or outside its range.
    """
    faults = [] if name in STAGE_GAMES else [f"unknown stage game {name!r}: {nearest(name, STAGE_GAMES)}"]
    faults += parameter_faults(changes, 2)
    if faults:
        raise ParameterError(faults)
    game = STAGE_GAMES[name]
    return game._replace(params=game.params.replace(**changes))
