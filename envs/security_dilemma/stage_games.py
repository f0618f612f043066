"""Ready-made stage games: the models of the literature as finite games of this environment's own rules.

A stage game is two states, a short tuple of stages, each with its enabled moves and its stake, and the parameters that
make it the model it is named after. Every one has a config in ``configs/theory/`` and a section in
``docs/stage_games.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from security_dilemma.actions import ActionMode
from security_dilemma.arrays import Value
from security_dilemma.params import ParameterError, Params, nearest, parameter_faults
from security_dilemma.stages import Stages, game_faults

__all__ = ["STAGE_GAMES", "StageGame", "stage_game", "with_stakes"]


class StageGame(NamedTuple):
    """A stage game by name.

    Attributes:
        params: Its parameters.
        stages: (enabled moves, stake) of each stage.
        war: ``terminal``, or ``scaled``: each stage pays its stake times the crisis matrix.
        signals: The signals that the model knows, by stage; exact solutions consider no others.
        source: Whose model it is.
        action_mode: What an agent sends; ``continuous`` games have no exact solution by enumeration.
    """

    params: Params
    stages: Stages
    war: str
    signals: tuple[tuple[str, ...], ...]
    source: str
    action_mode: ActionMode = "multidiscrete"

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Games``, ``parallel_env`` and ``record`` that make this game."""
        shape = {"params": self.params, "stages": self.stages, "war": self.war, "max_cycles": len(self.stages)}
        return shape if self.action_mode == "multidiscrete" else shape | {"action_mode": self.action_mode}


CRISIS = ("hold", "strike")
"""The moves of a crisis."""

SILENCE = ("silent",)

RACE_STAGES = 40

EQUALS = Params(
    balance=1.0,
    war_cost=0.2,
    decisiveness=1.0,
    surge_attack=1.0,
    home_defence=1.0,
    trust=1.0,
    greed=1.0,
    depreciation=0.0,
    posture_noise=0.0,
    intelligence_rate=1.0,
    burn_cost=0.0,
    audience_cost=0.0,
)
"""Two unarmed security seekers for whom one side's weapons are worth what the other's are: ``P = Λ(b)``.

Signals cost nothing and bind nobody, so that a model without signals is not changed by them.
"""


def _silent(source: str, stages: Stages, war: str = "terminal", **changes: Value) -> StageGame:
    return StageGame(EQUALS.replace(**changes), stages, war, (SILENCE,) * len(stages), source)


def _costly_signal() -> StageGame:
    """The first state may burn; burning costs the second more than any crisis is worth, and its type is known.

    A cost in units of the crisis' stake is ``burn_cost`` times 0.1 / 0.9: here ½. The second state's view of the
    balance is off by one, on which no rule depends: it tells a network that plays both states which of them it is.
    """
    return StageGame(
        EQUALS.replace(trust=np.array([0.2, 1.0]), burn_cost=np.array([4.5, 45.0]), balance_bias=np.array([0.0, 1.0])),
        ((("hold",), 0.1), (CRISIS, 0.9)),
        "terminal",
        (("silent", "burn"), SILENCE),
        "Fearon (1997)",
    )


_CRISIS = _silent("Jervis (1978); Kydd (2005)", ((CRISIS, 1.0),))

STAGE_GAMES: MappingProxyType[str, StageGame] = MappingProxyType(
    {
        "crisis": _CRISIS,
        "stag_hunt": _CRISIS,
        "kydd_reassurance": _silent("Kydd (2000, 2005)", ((CRISIS, 0.4), (CRISIS, 0.6)), "scaled", trust=0.2),
        "baliga_sjostrom": _silent("Baliga & Sjöström (2004)", ((CRISIS, 1.0),), initiative_width=0.7),
        "costly_signal": _costly_signal(),
        "jackson_morelli": _silent(
            "Jackson & Morelli (2009)",
            ((("hold", "arm_defensively", "arm_offensively"), 0.1), (CRISIS, 0.9)),
            balance=-0.2,
            distinguishability=1.0,
            trust=0.0,
            war_cost=0.3,
            build=2.0,
            upkeep=0.1,
        ),
        "warning_time": _silent(
            "Jervis (1978)",
            ((("hold", "arm_offensively"), 0.05), (("hold", "arm_defensively"), 0.05), (CRISIS, 0.9)),
            balance=-0.2,
            distinguishability=1.0,
            trust=0.5,
            war_cost=0.3,
            build=2.0,
            upkeep=0.1,
        ),
        "richardson": _silent(
            "Richardson (1960)",
            ((("hold", "arm_defensively", "arm_offensively", "disarm"), 1 / RACE_STAGES),) * RACE_STAGES,
            greed=0.8,
            home_defence=0.5,
            build=10.0,
            depreciation=0.5,
            arms_cap=20.0,
        )._replace(action_mode="continuous"),
    }
)
"""Ready-made stage games by name."""


def stage_game(name: str, **changes: Value) -> StageGame:
    """Return a ready-made stage game with some parameters changed.

    Args:
        name: One of :data:`STAGE_GAMES`.
        **changes: Parameters by name: a number, or one number per state.

    Raises:
        ParameterError: Listing an unknown name, and every parameter that is unknown or outside its range.
    """
    faults = [] if name in STAGE_GAMES else [f"unknown stage game {name!r}: {nearest(name, STAGE_GAMES)}"]
    faults += parameter_faults(changes, 2)
    if faults:
        raise ParameterError(faults)
    game = STAGE_GAMES[name]
    arrays = {key: np.asarray(value, float) for key, value in changes.items() if np.ndim(value)}
    return game._replace(params=game.params.replace(**changes | arrays))


def with_stakes(game: StageGame, stakes: Sequence[float]) -> StageGame:
    """Return a stage game with other stakes.

    Args:
        game: A stage game.
        stakes: One for each stage, each above 0, summing to 1.

    Raises:
        ParameterError: Listing every fault of the stakes.
    """
    given = list(stakes)
    if len(given) != len(game.stages):
        raise ParameterError([f"stakes {given} are {len(given)} for {len(game.stages)} stages: give one for each"])
    stages = tuple((moves, stake) for (moves, _), stake in zip(game.stages, given, strict=True))
    faults = game_faults(2, len(stages), stages, game.war)
    if faults:
        raise ParameterError(faults)
    return game._replace(stages=stages)
