"""What a learned policy is worth among the partners that it learned with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from security_dilemma_training import metrics, welfare
from security_dilemma_training.playing import drawn_intents, play
from security_dilemma_training.policies import Policy
from security_dilemma_training.responses.best_response_env import Seated
from security_dilemma_training.schemes.company import Company
from security_dilemma_training.schemes.partnered import PARTNER_STREAM, given_members, pool_members
from security_dilemma_training.schemes.seats import seats_in_turn

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["against_partners"]


def against_partners(policy: Policy, config: RunConfig, folder: Path, games: int, seed: int) -> dict[str, float]:
    """Play fresh games in which one state plays the policy and its partners, drawn as in training, the others.

    Args:
        policy: What was learned.
        config: What it was trained for, in the scheme ``population`` or ``frozen``.
        folder: The run folder, which holds a population's pool.
        games: Number of games; intents are drawn with the params' trust, the learner's seat alternates.
        seed: Seed of the games and of all chance.

    Returns:
        ``payoff``, the policy's mean discounted payoff, and ``war_rate``, the share of games that see war before the
        time limit.

    Raises:
        ConfigError: If a partner cannot be had.
        RunError: If a partner is a run folder that is damaged.
        CheckpointError: If the pool is missing or damaged, or a partner is a run that is not trained yet.
    """
    n_states = config.game.n_states
    seats = seats_in_turn(games, n_states)
    company = Company(given_members(config), seats, n_states, np.random.default_rng([seed, PARTNER_STREAM]))
    if config.partners.scheme == "population":
        for member in pool_members(config, folder):
            company.add(len(company.members), member)
    seated = Seated(company, policy, seats, seed)
    intents = drawn_intents(config, games, seed)
    played = play(seated, config, n_games=games, intents=intents, seed=seed)
    learner = np.arange(n_states) == seats[:, None]
    return {"payoff": welfare.discounted_payoff(played, learner), "war_rate": metrics.war_rate(played)}
