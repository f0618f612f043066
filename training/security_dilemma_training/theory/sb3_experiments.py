"""Stable-baselines3 learners held against theory: each experiment trains real runs and reads what they learned.

What varies within an experiment, as its last argument, is that of the settings unless given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from security_dilemma.payoffs import military_burden
from security_dilemma.stage_games import StageGame, with_stakes
from security_dilemma.state import Move, Signal
from security_dilemma.theory import Window, crisis_payoffs, reassurance_window, signal_window, war_chance
from security_dilemma_training.config import RunConfig
from security_dilemma_training.learners import LearnedPolicy, build_games
from security_dilemma_training.theory.sb3_stage_games import (
    Rule,
    after,
    at_start,
    learned,
    run_config,
    stage_config,
    strikes,
)
from security_dilemma_training.theory.settings import (
    MEASURES,
    Settings,
    basin_starts,
    contagion_means,
    trust_levels,
    window_points,
)
from security_dilemma_training.theory.targets.arms import power_params
from security_dilemma_training.theory.targets.signals import MOST_COST

__all__ = ["EXPERIMENTS", "Experiment"]

Experiment = Callable[[Settings, int, Path], dict[str, float]]
"""One seed of one experiment: settings, seed and folder of its runs -> what was learned, by name (``MEASURES``)."""

LEARNER: Mapping[str, Any] = MappingProxyType(
    {
        "slots": 2048,
        "n_steps": 1,
        "batch_size": 2048,
        "n_epochs": 4,
        "learning_rate": 1e-2,
        "hidden_sizes": [32],
        "entropy_coefficient": 0.0,
    }
)
"""PPO that settles in a crisis within seconds: each update one step of many games, as one batch."""

ANNEALED: Mapping[str, Any] = MappingProxyType(
    {**LEARNER, "entropy_coefficient": 0.1, "entropy_final_share": 0.0, "normalize_advantage": False}
)
"""The same with logit responses of a precision that grows from 10 without limit; types differ, so it must explore."""

PREPARED: Mapping[str, Any] = MappingProxyType(
    {
        **LEARNER,
        "slots": 1024,
        "n_steps": 2,
        "learning_rate": 3e-3,
        "gae_lambda": 1.0,
        "entropy_coefficient": 0.01,
        "entropy_final_share": 0.0,
    }
)
"""Slower, for two stages begun near a profile; without some entropy rare deviations are given up untried."""

ARMING: Mapping[str, Any] = MappingProxyType({**LEARNER, "n_steps": 8})
"""The same for arms of any amount, whose spread the learner narrows as it goes."""

RARE = 0.02
"""Initial strike probability of a start at peace."""

ARMED_GAMES = 1000
"""Games in which arms are measured."""

INITIATIVES = 1000
"""Private benefits of striking at which a policy is read."""

SEEKER, GREEDY = 0, 1


def basin(settings: Settings, seed: int, folder: Path, starts: Sequence[float] | None = None) -> dict[str, float]:
    """THEORY 3: whether security seekers end at war, by initial strike probability."""
    game = settings.game("crisis", trust=1.0)
    found = {}
    for start in starts or basin_starts(settings):
        learner = {**LEARNER, "initial_strike_probability": start}
        policy = learned(stage_config(f"basin_from_{start:.4f}", game, learner, 40), seed, folder)
        found[MEASURES["basin"].format(start)] = float(strikes(policy, at_start(game)) > 0.5)
    return found


def quantal_response(settings: Settings, seed: int, folder: Path) -> dict[str, float]:
    """THEORY 4: where an entropy weight of ``1/λ`` settles; four of the five moves are a hold."""
    game = settings.game("crisis", trust=1.0)
    learner = {**ANNEALED, "entropy_coefficient": 1 / settings.precision, "entropy_final_share": 1.0}
    policy = learned(stage_config("quantal_response", game, learner, 100), seed, folder)
    return {MEASURES["quantal_response_of_five_moves"]: strikes(policy, at_start(game))}


def fear_multiplier(settings: Settings, seed: int, folder: Path) -> dict[str, float]:
    """THEORY 5: the share of security seekers that strike where the private benefit of striking varies."""
    game = _hawkish(settings, settings.initiative_mean, settings.initiative_width)
    policy = learned(stage_config("fear_multiplier", game, ANNEALED, 100), seed, folder)
    share = strikes(policy, at_start(game, initiatives=INITIATIVES))
    return {MEASURES["fear_multiplier"]: share, MEASURES["fear_multiplier_war"]: war_chance(share)}


def contagion(settings: Settings, seed: int, folder: Path, means: Sequence[float] | None = None) -> dict[str, float]:
    """THEORY 5: the share that strikes just below and above contagion, where at first dominant hawks alone do."""
    found = {}
    payoffs = crisis_payoffs(settings.chance, settings.war_cost)

    def hawks(seen: Mapping[str, Any]) -> tuple[Any, Any]:
        strike = seen["own_initiative"] > payoffs.hold_hold - payoffs.strike_hold
        return np.where(strike, int(Move.STRIKE), int(Move.HOLD)), np.zeros(strike.shape)

    for mean in means or contagion_means(settings):
        game = _hawkish(settings, mean, settings.contagion_width)
        learner = {**PREPARED, "slots": 2048, "n_steps": 1}
        policy = learned(stage_config(f"contagion_{mean:.4f}", game, learner, 100), seed, folder, hawks)
        found[MEASURES["contagion"].format(mean)] = strikes(policy, at_start(game, initiatives=INITIATIVES))
    return found


def _hawkish(settings: Settings, mean: float, width: float) -> StageGame:
    return settings.game("baliga_sjostrom", trust=1.0, initiative_mean=mean, initiative_width=width)


def trust_threshold(
    settings: Settings, seed: int, folder: Path, levels: Sequence[float] | None = None
) -> dict[str, float]:
    """THEORY 2 and 13: whether security seekers go to war among greedy states, by trust, coming from peace."""
    found = {}
    for trust in levels or trust_levels(settings):
        game = settings.game("crisis", trust=trust)
        learner = {**ANNEALED, "initial_strike_probability": RARE}
        policy = learned(stage_config(f"trust_{trust:.4f}", game, learner, 100), seed, folder)
        found[MEASURES["trust_threshold"].format(trust)] = float(strikes(policy, at_start(game)) > 0.5)
        found[f"greedy_strike_at_{trust:.4f}"] = strikes(policy, at_start(game, greedy=True))
    return found


def reassurance(settings: Settings, seed: int, folder: Path, stakes: Sequence[float] | None = None) -> dict[str, float]:
    """THEORY 6: whether types stay apart that are apart at the start, by the stake of the first stage."""
    limits = reassurance_window(settings.chance, settings.war_cost, settings.greed, settings.trust)
    found: dict[str, float] = {}
    for stake in stakes or _points(limits, 1.0):
        game = with_stakes(settings.game("kydd_reassurance", trust=settings.trust), (stake, 1 - stake))
        policy = learned(stage_config(f"first_stake_{stake:.4f}", game, PREPARED, 100), seed, folder, _reassuring)
        read = _reassured(policy, game)
        found |= {f"{name}_at_{stake:.4f}": value for name, value in read.items()}
        apart = read["seeker"] < 0.5 < read["greedy"] and read["after_hold"] < 0.5
        found[MEASURES["reassurance"].format(stake)] = float(apart)
    return found


def _points(limits: Window | None, most: float) -> tuple[float, ...]:
    return window_points(*limits, 0.0, most) if limits else ()


def _reassuring(seen: Mapping[str, Any]) -> tuple[Any, Any]:
    """Greedy states strike; security seekers hold unless they were struck (Kydd 2000)."""
    strike = (seen["own_greed"] > 0) | (seen["other_1_struck_me"] > 0)
    return np.where(strike, int(Move.STRIKE), int(Move.HOLD)), np.zeros(strike.shape)


def _reassured(policy: LearnedPolicy, game: StageGame) -> dict[str, float]:
    """Strikes of both types in the first stage, and of a seeker in the second after both held."""
    held = [(Move.HOLD, Signal.SILENT)] * 2
    return {
        "seeker": strikes(policy, at_start(game)),
        "greedy": strikes(policy, at_start(game, greedy=True)),
        "after_hold": strikes(policy, after(game, (SEEKER, SEEKER), held)[:1]),
    }


def costly_signal(
    settings: Settings, seed: int, folder: Path, costs: Sequence[float] | None = None
) -> dict[str, float]:
    """THEORY 7: whether types stay apart that are apart at the start, by the cost of the signal."""
    limits = signal_window(settings.chance, settings.war_cost, settings.greed)
    found: dict[str, float] = {}
    for cost in costs or _points(limits, MOST_COST):
        # half of the stake before the crisis and half in it, so that a burnt cost is a share of either
        trust = np.array([settings.trust, 1.0])
        game = with_stakes(settings.game("costly_signal", trust=trust, burn_cost=cost), (0.5, 0.5))
        policy = learned(stage_config(f"signal_{cost:.4f}", game, PREPARED, 100), seed, folder, _signalling(game))
        read = _signalled(policy, game)
        found |= {f"{name}_at_{cost:.4f}": value for name, value in read.items()}
        apart = read["seeker_burns"] > 0.5 > read["greedy_burns"] and read["after_burn"] < 0.5 < read["after_silence"]
        found[MEASURES["costly_signal"].format(cost)] = float(apart)
    return found


def _signalling(game: StageGame) -> Rule:
    """A security seeker that sends burns and holds; one that receives holds iff the other burnt (Fearon 1997)."""
    views = game.params.balance + np.asarray(game.params.balance_bias)  # by which a state knows its place

    def rule(seen: Mapping[str, Any]) -> tuple[Any, Any]:
        greedy, sender = seen["own_greed"] > 0, seen["own_perceived_balance"] < views.mean()
        strike = greedy | (~sender & (seen["other_1_burn"] == 0))
        burn = sender & ~greedy & (seen["stage_0"] > 0)
        return np.where(strike, int(Move.STRIKE), int(Move.HOLD)), np.where(burn, int(Signal.BURN), int(Signal.SILENT))

    return rule


def _signalled(policy: LearnedPolicy, game: StageGame) -> dict[str, float]:
    """How likely each type of sender burns, and the receiver strikes after a burnt cost and after silence."""
    held, burnt = (Move.HOLD, Signal.SILENT), (Move.HOLD, Signal.BURN)
    burns = {
        f"{name}_burns": float(policy.probabilities(after(game, (intent, SEEKER))[0])[1][Signal.BURN])
        for name, intent in (("seeker", SEEKER), ("greedy", GREEDY))
    }
    receiver = {
        f"after_{name}": strikes(policy, after(game, (SEEKER, SEEKER), (sent, held))[1:])
        for name, sent in (("burn", burnt), ("silence", held))
    }
    return burns | receiver


def power(settings: Settings, seed: int, folder: Path, numbers: Sequence[int] = (2, 3, 4)) -> dict[str, float]:
    """THEORY 10: what 2, 3 and 4 states that value their share of power spend on it, as a share of the economy."""
    # arms are bought anew in each step and only attack, the future hardly counts: one purchase at a time is judged
    params = power_params(settings, settings.power_weight)
    params = params.replace(depreciation=0.999, discount=0.1, distinguishability=1.0, burn_cost=0.0)
    found = {}
    for n_states in numbers:
        shape = {"n_states": n_states, "max_cycles": 8, "action_mode": "continuous"}
        learner = {**ARMING, "slots": 256 * n_states, "batch_size": 256 * n_states * ARMING["n_steps"]}
        config = run_config(f"power_of_{n_states}", params, shape, learner, 150)
        found[MEASURES["power"].format(n_states)] = _burden(learned(config, seed, folder), config)
    return found


def _burden(policy: LearnedPolicy, config: RunConfig) -> float:
    """The mean burden of arms over the second half of many games."""
    games = build_games(config, ARMED_GAMES, 0)
    rng, observations, burdens = np.random.default_rng(0), games.reset(0), []
    for step in range(config.game.max_cycles - 1):
        observations, *_ = games.step(policy.act(observations, games.action_mask(), rng))
        if 2 * step >= config.game.max_cycles:
            burdens.append(float(military_burden(games.params, games.state).mean()))
    return float(np.mean(burdens))


EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "basin": basin,
        "quantal_response": quantal_response,
        "fear_multiplier": fear_multiplier,
        "contagion": contagion,
        "trust_threshold": trust_threshold,
        "reassurance": reassurance,
        "costly_signal": costly_signal,
        "power": power,
    }
)
"""Experiments of stable-baselines3 learners by name, those of ``MEASURES``."""
