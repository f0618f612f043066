"""A person as a policy: is shown what one state observes, and asked what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from security_dilemma.actions import component_sizes
from security_dilemma_training.by_hand.asking import Asker
from security_dilemma_training.by_hand.choices import Question, questions
from security_dilemma_training.by_hand.news import news
from security_dilemma_training.by_hand.screen import show_start, show_turn
from security_dilemma_training.by_hand.sight import Sight, Watcher
from security_dilemma_training.policies import Bools, Floats

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Person"]


class Person:
    """Plays one state of one game, in ``multidiscrete`` mode.

    Attributes:
        done: What it answered in each turn, one value for each question that was asked.
    """

    def __init__(self, config: RunConfig, seat: int, console: Console, asker: Asker, against: str) -> None:
        """Seat a person.

        Args:
            config: The game.
            seat: The state that it plays, from 0.
            console: Where it looks.
            asker: What asks it.
            against: Who plays the others.
        """
        self._config, self._against = config, against
        self._watcher = Watcher(config, seat)
        self._console, self._asker = console, asker
        self._seen: list[Sight] = []
        self._said: str | None = None
        self._told_of_end = False
        self.done: list[tuple[int, ...]] = []

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the action of the person's state, see :class:`security_dilemma_training.policies.Policy`.

        Raises:
            LeftError: If the person leaves.
        """
        del rng  # a person has chance of its own
        seat, n = self._watcher.seat, self._watcher.n_states
        actions = np.zeros((1, n, len(component_sizes(n))), np.int64)
        if mask[0, seat].any():
            actions[0, seat] = self._turn(observations[0, seat], mask[0, seat])
        elif not self._told_of_end:
            self._console.print("\nYou have been eliminated; the others play on.", markup=False)
            self._told_of_end = True
        return actions

    def _turn(self, observation: Floats, mask: Bools) -> tuple[int, ...]:
        sight = self._watcher.look(observation)
        if not self._seen:
            show_start(self._console, self._config, self._watcher, sight, self._against)
        told = news(self._seen[-1] if self._seen else None, sight)
        self._seen.append(sight)
        show_turn(self._console, self._watcher, self._seen, told, self._said, len(self.done))
        scaled = self._config.game.war == "scaled"
        asked = questions(sight, mask, self._watcher.params, self._watcher.seat, scaled=scaled)
        values = self._asked(asked)
        names = [_name(question, value) for question, value in zip(asked, values, strict=True)]
        self._said = names[1]
        ally = "" if len(names) < 3 or not values[2] else f", standing by {names[2]}"
        self._console.print(f"  You: {names[0].replace('_', ' ')}, {names[1]}{ally}.", markup=False, style="bold")
        return values

    def _asked(self, asked: list[Question]) -> tuple[int, ...]:
        """Ask what is open; where there is one answer only, it is given."""
        values = {question.name: question.choices[0].value for question in asked}
        still_open = [question for question in asked if len(question.choices) > 1]
        answers = self._asker.ask(still_open) if still_open else []
        self.done.append(tuple(answers))
        values |= {question.name: value for question, value in zip(still_open, answers, strict=True)}
        return tuple(values.values())


def _name(question: Question, value: int) -> str:
    return next(choice.name for choice in question.choices if choice.value == value)
