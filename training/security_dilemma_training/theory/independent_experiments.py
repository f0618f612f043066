"""Experiments of independent learners: what they reach, by name, one value for each seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from security_dilemma.theory import Window, misperception_cutoff
from security_dilemma_training.theory.armament import ArmamentLearners
from security_dilemma_training.theory.independent import IndependentLearners
from security_dilemma_training.theory.settings import (
    MEASURES,
    Settings,
    basin_starts,
    contagion_means,
    trust_levels,
    window_points,
)
from security_dilemma_training.theory.targets.arms import power_params
from security_dilemma_training.theory.targets.signals import MOST_COST, reassurance_game, signalling_game, window

__all__ = ["INDEPENDENT", "Experiment"]

Floats = NDArray[np.float64]
Experiment: TypeAlias = Callable[[Settings, int], dict[str, list[float]]]
"""Settings and number of seeds -> what was learned, by name (``MEASURES``), one value for each seed."""

RARE = 0.1
"""Initial strike probability of a start at peace."""

APART = 3.0
"""Log odds of a start at a profile: trembles of 5 %."""

STEADY: Mapping[str, Any] = MappingProxyType({"games": 512, "learning_rate": 4.0, "final_rate_share": 1.0})
LOOKS, UPDATES_BETWEEN = 20, 20
"""Learners that start at a profile: how often it is looked at whether they are still there, and updates in between."""

NEVER = 8.0
"""Log odds of what is never done: it costs more than any crisis is worth."""

VIEW_NOISE, VIEW_WIDTH = 0.2, 1.0
"""Noise of private views of the balance, and half-width of the true balances around the cut-off."""


def basin(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 3: whether security seekers end at war, by initial strike probability."""
    found = {}
    for start in basin_starts(settings):
        game = settings.game("crisis", trust=1.0)
        learners = IndependentLearners(game, seeds=seeds, games=128, learning_rate=2.0, initial_strike=start)
        strikes = learners.learn(200)[0][..., 0]
        found[MEASURES["basin"].format(start)] = _outcomes(strikes.mean(axis=-1) > 0.5)
    return found


def quantal_response(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 4: where security seekers with an entropy weight of 1/λ settle."""
    game = settings.game("crisis", trust=1.0)
    learners = IndependentLearners(game, seeds=seeds, entropy_weight=1 / settings.precision)
    strikes = learners.learn(400)[0][..., 0]
    return {MEASURES["quantal_response"]: strikes.mean(axis=-1).tolist()}


def fear_multiplier(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 5: the share of security seekers that strike, and their chance of war."""
    mean, width = settings.initiative_mean, settings.initiative_width
    game = settings.game("baliga_sjostrom", trust=1.0, initiative_mean=mean, initiative_width=width)
    learners = IndependentLearners(game, seeds=seeds, games=512, learning_rate=4.0)
    share = learners.learn(500)[0][..., 0, :].mean(axis=-1)
    war = 1 - (1 - share).prod(axis=-1)
    return {
        MEASURES["fear_multiplier"]: share.mean(axis=-1).tolist(),
        MEASURES["fear_multiplier_war"]: war.tolist(),
    }


def contagion(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 5: the share that strikes just below and above contagion, coming from peace.

    Fear spreads type by type, each gaining little: only learners that do not stop exploring at once follow it.
    """
    found = {}
    for mean in contagion_means(settings):
        width = settings.contagion_width
        game = settings.game("baliga_sjostrom", trust=1.0, initiative_mean=mean, initiative_width=width)
        options: dict[str, Any] = {"entropy_weight": 0.03, "final_entropy_share": 0.0, "initial_strike": RARE}
        learners = IndependentLearners(game, seeds=seeds, games=512, learning_rate=8.0, **options)
        share = learners.learn(2000)[0][..., 0, :].mean(axis=(-2, -1))
        found[MEASURES["contagion"].format(mean)] = share.tolist()
    return found


def trust_threshold(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 2 and 13: whether security seekers go to war among greedy states, by trust, coming from peace."""
    found = {}
    for trust in trust_levels(settings):
        game = settings.game("crisis", trust=trust)
        learners = IndependentLearners(game, seeds=seeds, learning_rate=4.0, initial_strike=RARE)
        strikes = learners.learn(500)[0][..., 0]
        found[MEASURES["trust_threshold"].format(trust)] = _outcomes(strikes.mean(axis=-1) > 0.5)
    return found


def reassurance(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 6: whether types that are apart at the start stay apart all the time, by the stake of the first stage."""
    found = {}
    for stake in _points(settings, "reassurance", 1.0):
        learners = IndependentLearners(reassurance_game(settings, stake), seeds=seeds, **STEADY)
        first, second = (
            learners.logits
        )  # [seed, state, greedy, action], [seed, state, greedy, was struck, struck, action]
        first[:, :, 0, 1], first[:, :, 1, 1] = -APART, APART
        second[..., 1] = APART
        second[:, :, 0, 0, :, 1] = -APART  # a security seeker that was not struck
        found[MEASURES["reassurance"].format(stake)] = _stay(learners, _reassured)
    return found


def _reassured(learners: IndependentLearners) -> NDArray[np.bool_]:
    """Whether only greedy states strike in the first stage, (seeds,)."""
    seeker, greedy = learners.strikes()[0].mean(axis=1).T
    apart: NDArray[np.bool_] = (seeker < 0.5) & (greedy > 0.5)
    return apart


def costly_signal(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 7: whether types that are apart at the start stay apart all the time, by the cost of the signal."""
    found = {}
    for cost in _points(settings, "costly_signal", MOST_COST):
        learners = IndependentLearners(signalling_game(settings, cost), seeds=seeds, **STEADY)
        first, second = learners.logits  # [seed, state, greedy, action], [seed, state, greedy, saw burn, burnt, action]
        first[:, 0, 0, 1], first[:, 0, 1, 1], first[:, 1, :, 1] = APART, -APART, -NEVER
        second[..., 1] = APART
        second[:, 0, 0, :, 1, 1] = -APART  # a security seeker that burnt
        second[:, 1, :, 1, :, 1] = -APART  # the receiver that saw it
        found[MEASURES["costly_signal"].format(cost)] = _stay(learners, _signalled)
    return found


def _signalled(learners: IndependentLearners) -> NDArray[np.bool_]:
    """Whether only a security seeker burns, and the receiver holds iff it does, (seeds,)."""
    seeker, greedy = learners.probabilities()[0][:, 0, :, 1].T
    silence, burn = learners.strikes()[1][:, 1, 0, :, 0].T
    apart: NDArray[np.bool_] = (seeker > 0.5) & (greedy < 0.5) & (silence > 0.5) & (burn < 0.5)
    return apart


def _stay(learners: IndependentLearners, apart: Callable[[IndependentLearners], NDArray[np.bool_]]) -> list[float]:
    """Look often: outside a window policies circle, and may be apart again when learning ends."""
    flags = np.ones_like(apart(learners))
    for _ in range(LOOKS):
        learners.learn(UPDATES_BETWEEN)
        flags = flags & apart(learners)
    return _outcomes(flags)


def power(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 10: what two, three and four states that value their share of power spend on it."""
    found = {}
    for n in (2, 3, 4):
        params = power_params(settings, settings.power_weight)
        burdens = ArmamentLearners(params, n_states=n, seeds=seeds).learn(400)
        found[MEASURES["power"].format(n)] = burdens.mean(axis=-1).tolist()
    return found


def cutoff(settings: Settings, seeds: int) -> dict[str, list[float]]:
    """THEORY 12: the perceived balance above which greedy states strike; types are views of it, in bins."""
    surge = float(np.log(settings.surge_attack / settings.home_defence))
    try:
        expected = misperception_cutoff(settings.greed, settings.war_cost, settings.decisiveness) - surge
    except ValueError:
        return {}
    centre = float(np.clip(expected, VIEW_WIDTH - 3, 3 - VIEW_WIDTH))
    views = {"balance": centre, "balance_width": VIEW_WIDTH, "balance_noise": VIEW_NOISE}
    learners = IndependentLearners(
        settings.game("crisis", trust=0.0, **views), seeds=seeds, games=1024, learning_rate=4.0
    )
    strikes = learners.learn(500)[0][:, :, 1].mean(axis=1)  # [seed, bin of the perceived balance]
    edges = np.array(learners.features[0][1].edges)
    width = edges[1] - edges[0]
    return {MEASURES["cutoff"]: (edges[0] - width + width * (1 - strikes).sum(axis=-1)).tolist()}


def _points(settings: Settings, experiment: str, most: float) -> tuple[float, ...]:
    limits: Window | None = window(settings, experiment)[0]
    return window_points(*limits, 0.0, most) if limits else ()


def _outcomes(flags: Any) -> list[float]:
    return [float(flag) for flag in flags]


INDEPENDENT: Mapping[str, Experiment] = MappingProxyType(
    {
        "basin": basin,
        "quantal_response": quantal_response,
        "fear_multiplier": fear_multiplier,
        "contagion": contagion,
        "trust_threshold": trust_threshold,
        "reassurance": reassurance,
        "costly_signal": costly_signal,
        "power": power,
        "cutoff": cutoff,
    }
)
"""Experiments of independent learners by name, those of ``MEASURES``."""
