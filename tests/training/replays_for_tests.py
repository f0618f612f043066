"""Episodes to show in tests, by scripted states."""

from __future__ import annotations

from typing import Any

from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.players import player
from security_dilemma_training.policies import Matched, Policy
from security_dilemma_training.replay.episode import Episode, Event, StateRow
from security_dilemma_training.replay.recording import record_episode
from tests.training.players import Scripted

__all__ = [
    "DOVE",
    "HAWK",
    "SEEKERS",
    "a_race",
    "a_stage_game",
    "config_of",
    "many_states",
    "played",
    "recorded",
    "rows_of",
    "told",
]

SEEKERS = "security_seeker"
HAWK = Scripted(Move.STRIKE)
DOVE = Scripted(Move.HOLD)


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


def config_of(**changes: Any) -> RunConfig:
    """Return games in which every step but the first is a crisis, unless changes say otherwise."""
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    base = {"world": "doubly_dangerous", "params": {"crisis_rate": 1.0}, "learner": learner}
    return parse(base | changes, RunConfig)


def recorded(policy: Policy, config: RunConfig | None = None, **asked: Any) -> Episode:
    """Return a recorded game of security seekers."""
    asked = dict[str, Any](seed=0, intents=SEEKERS) | asked
    return record_episode(config or config_of(), policy, title="a title", players=("a", "b"), **asked)


def rows_of(episode: Episode, state: str) -> list[StateRow]:
    """Return the rows of one state."""
    return [row for row in episode.states if row.state == state]


def told(episode: Episode, kind: str) -> list[Event]:
    """Return the events of one kind."""
    return [event for event in episode.events if event.kind == kind]
