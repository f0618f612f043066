"""What a learner is tuned for: its payoff against partners that do not learn.

In self-play, payoff says which equilibrium was selected, and not how well was learned: options that lead to peace
would be found, or with another measure those that lead to war, and a benchmark with them would find what had been put
in. So a learner is tuned on single-agent problems, in which more payoff is better learning and nothing else. It plays
one state of each game among scripted states, drawn alike from :data:`PANEL`, in both worlds of a family. The panel asks
for different answers: a dove can be left in peace or conquered, a hawk strikes whenever it can, tit for tat answers in
kind, a deterrer is armed and strikes back, and which of them it meets the learner can only see from what they do. Its
own intent is drawn from the prior. The score is its mean discounted payoff, where an undisturbed peace is worth 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from security_dilemma.params import WORLDS
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.players import player
from security_dilemma_training.playing import drawn_intents, play
from security_dilemma_training.policies import Matched
from security_dilemma_training.runs import Run
from security_dilemma_training.welfare import discounted_payoffs

if TYPE_CHECKING:
    from security_dilemma_training.policies import Policy

__all__ = ["PANEL", "WORLDS_OF", "panel_config", "panel_payoff", "score"]

PANEL = ("dove", "hawk", "tit_for_tat", "deterrer")
"""The scripted states among which a learner is tuned."""

WORLDS_OF: Mapping[str, tuple[str, ...]] = {
    "offence": tuple(name for name, params in WORLDS.items() if np.mean(params.balance) > 0),
    "defence": tuple(name for name, params in WORLDS.items() if np.mean(params.balance) <= 0),
}
"""Jervis's worlds by family."""

INTENTS_STREAM = 3
"""Keeps the draw of intents apart from the games' chance."""


def panel_config(algorithm: str, options: Mapping[str, Any], world: str, agent_steps: int) -> RunConfig:
    """Return the config of a learner among the panel.

    Args:
        algorithm: The learner's.
        options: What its section says besides.
        world: One of Jervis's worlds.
        agent_steps: Steps of the learner; none is lost to checkpoints in between.

    Raises:
        ConfigError: If the options do not fit together.
    """
    data = {
        "world": world,
        "learner": {"algorithm": algorithm, **options},
        "partners": {"scheme": "frozen", "policies": list(PANEL)},
        "schedule": {"agent_steps": agent_steps, "checkpoint_every": max(1, agent_steps // 4)},
        "output": {"tensorboard": False},
    }
    return parse(data, RunConfig)


def panel_payoff(policy: Policy, config: RunConfig, games: int, seed: int) -> float:
    """Return the mean discounted payoff of a policy that plays one state of each game among the panel.

    Its seat alternates over the games, so do the partners of each seat, and intents are drawn from the prior.

    Args:
        policy: Of the config's games.
        config: The game.
        games: Fresh games.
        seed: Their seed.
    """
    states = config.game.n_states
    numbers = np.arange(games)
    seats = 1 + (numbers[:, None] // states + np.arange(states)) % len(PANEL)
    seats[numbers, numbers % states] = 0
    matched = Matched([policy, *(player(name, config, trusted=False) for name in PANEL)], seats)
    intents = drawn_intents(config, games, int(np.random.SeedSequence([seed, INTENTS_STREAM]).generate_state(1)[0]))
    played = play(matched, config, n_games=games, intents=intents, seed=seed)
    return float(discounted_payoffs(played)[numbers, numbers % states].mean())


def score(folder: Path, config: RunConfig, seed: int, games: int, report: Callable[[float, str], None]) -> float:
    """Train a run, or go on with it, and return its payoff among the panel in fresh games.

    Args:
        folder: The run's.
        config: Of :func:`panel_config`.
        seed: The run's, and together with the evaluation's that of the games that measure it.
        games: Games that measure it.
        report: Called with the share done and a message.

    Raises:
        CheckpointError: If the training diverged.
    """
    from security_dilemma_training.learners import load_policy
    from security_dilemma_training.train import train

    run = Run.create(folder, config, seed)
    train(run, report)
    stream = int(np.random.SeedSequence([config.evaluation.seed, seed]).generate_state(1)[0])
    return panel_payoff(load_policy(run), config, games, stream)
