"""Episodes to show in tests, by scripted states."""

from __future__ import annotations

from typing import Any

from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.players import player
from security_dilemma_training.policies import Matched
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.recording import record_episode

__all__ = ["a_race", "a_stage_game", "many_states", "played"]

SEEKERS = "security_seeker"


def played(*strategies: str, seed: int = 0, intents: Any = SEEKERS, title: str = "a title", **changes: Any) -> Episode:
    """Return an episode of scripted states, one for each state or one for all."""
    base = {} if "stage_game" in changes else {"world": "doubly_dangerous"}
    config = parse(base | changes, RunConfig)
    policies = [player(name, config, trusted=False) for name in strategies]
    policy = policies[0] if len(policies) == 1 else Matched(policies)
    who = strategies if len(strategies) > 1 else strategies * config.game.n_states
    return record_episode(config, policy, seed=seed, intents=intents, title=title, players=who)


def a_race(**changes: Any) -> Episode:
    """Return an arms race of two security seekers that war in step 11 ends."""
    return played("offensive_realist", "hawk", **({"seed": 1} | changes))


def a_stage_game() -> Episode:
    """Return the one-shot crisis, in which nobody has arms."""
    return played("hawk", stage_game="crisis")


def many_states() -> Episode:
    """Return a game of four states of which some are eliminated."""
    return played("random", seed=3, intents=[SEEKERS, "greedy", SEEKERS, SEEKERS], game={"n_states": 4})
