"""An episode as it is replayed: plain data that JSON can hold, of which a page draws everything.

Step t of a row is what stood at the start of step t and what was done and paid in it; the last step, at which nobody
acts any more, holds how the game ended: there deeds, payments and chances are None, as they are of a state that
has been eliminated. Views are those of the living of each other. Numbers have six significant digits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Episode", "Event", "StateRow", "ViewRow"]


class StateRow(NamedTuple):
    """One state in one step."""

    step: int
    state: str  # state_0, state_1, …
    intent: str  # security_seeker or greedy
    alive: bool
    offensive: float  # units of arms
    defensive: float  # units of arms
    economy: float
    crisis: bool  # in a crisis at the start of the step, in which a strike is possible
    pledged: bool  # a pledge not to strike first is in force
    strike_chance: float | None = None  # chance that a one-sided strike would win now; None where none is possible
    move: str | None = None  # the Move that took effect, lower case
    signal: str | None = None  # the Signal, lower case
    supports: str | None = None  # the state that it defends in the next step
    struck: bool | None = None
    belligerent: bool | None = None  # at war in the step
    won: bool | None = None  # won that war; None without a war
    win_chance: float | None = None  # the chance with which it won or lost that war; None without a war
    payoff: float | None = None  # of the step, undisturbed peaceful futures
    total: float | None = None  # discounted payoffs up to and with the step
    terms: dict[str, float] | None = None  # what the payoff is made of, by name, but for terms of 0; they sum to it
    why: str | None = None  # the same in words


class ViewRow(NamedTuple):
    """What one state makes of another in one step."""

    step: int
    observer: str
    observed: str
    dossier: float  # believed offensive share of the other's arms
    share: float  # its true offensive share
    reported_arms: float  # what is reported of its arms
    arms: float  # its true arms
    belief: float | None  # probability that the other is greedy, where there is one, given all that the observer saw


class Event(NamedTuple):
    """Something worth telling."""

    step: int
    kind: str  # crisis, signal, support, strike, war, end
    states: tuple[str, ...]
    text: str  # a sentence


class Episode(NamedTuple):
    """One recorded game."""

    title: str  # the world, and who plays
    world: str
    players: tuple[str, ...]  # who plays each state
    seed: int
    intents: tuple[str, ...]
    params: dict[str, Any]  # all parameters by name
    max_cycles: int
    stages: tuple[str, ...]  # the names of the stages of a stage game: the moves that each enables
    outcome: str  # how it ended, in a sentence
    belief_kind: str | None  # what the beliefs are: exact, probe, or None
    states: tuple[StateRow, ...]  # by step, then state
    views: tuple[ViewRow, ...]  # by step, observer, observed
    events: tuple[Event, ...]  # by step
    chosen: str | None = None  # how the episode was chosen from many, in a sentence; None: by its seed alone

    @property
    def n_states(self) -> int:
        """Number of states N."""
        return len(self.intents)

    @property
    def steps(self) -> int:
        """Number of steps played."""
        return self.states[-1].step
