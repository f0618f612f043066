"""What scripted states have in common: what they see and remember, and how their decisions become actions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from security_dilemma.actions import component_sizes
from security_dilemma.arrays import Array
from security_dilemma.params import ParameterError, Params, params_faults
from security_dilemma.stages import Stages, game_faults
from security_dilemma.state import HOLD, SILENT, Move
from security_dilemma.strategies.view import Roles, View

__all__ = ["Strategy"]


class Strategy(ABC):
    """A scripted state, for all states of many games at once; it knows the parameters, and observations alone.

    Each state of each game decides by itself, from its own row of the observations and what it remembers of that row's
    past. Where there are several others, it looks at one rival (:meth:`View.rival`). Actions are ``multidiscrete``.

    A subclass says what to do in :meth:`decide`, and may say something in :meth:`say` and defend another in
    :meth:`defend`.

    Attributes:
        remembers: Names of what the strategy keeps in ``memory``.
        signal: What it says where :meth:`say` does not say otherwise.
        memory: What it remembers, by name, (G, N, N - 1) each, about the others; zero when a game starts.
        age: Steps that each game has been seen for, (G, 1); zero in the first.
    """

    remembers: ClassVar[tuple[str, ...]] = ()
    signal: ClassVar[int] = SILENT

    def __init__(
        self,
        params: Params,
        n_states: int = 2,
        stages: Stages | None = None,
        max_cycles: int = 64,
        *,
        reveal_intents: bool = False,
    ) -> None:
        """Prepare for a game of these parameters and this shape.

        Where intents are revealed it plays as it does otherwise: no strategy looks at the others' greed.

        Raises:
            ParameterError: Listing every parameter outside its range and every fault of the shape of the game.
        """
        war = "terminal"  # which of the two it is makes no difference to what is observed
        faults = game_faults(n_states, max_cycles, stages, war, reveal_intents=reveal_intents)
        faults += params_faults(params, n_states)
        if faults:
            raise ParameterError(faults)
        self.params, self.n_states = params.cast(np.float64), n_states
        self.roles = Roles.of(self.params, n_states, stages, max_cycles, reveal_intents=reveal_intents)
        self.memory: dict[str, Array] = {}
        self.age: Array = np.zeros((0, 1), int)
        self._seen: Array = np.zeros((0, n_states, len(self.roles.places)))

    def restart(self, n_games: int, which: Array | None = None) -> None:
        """Forget.

        Args:
            n_games: Number of games that will be seen.
            which: Indices of the games that have started anew; None: all.

        Raises:
            ValueError: If ``which`` is given and another number of games has been seen so far.
        """
        if which is None:
            pairs = (n_games, self.n_states, self.n_states - 1)
            self.memory = {name: np.zeros(pairs) for name in self.remembers}
            self.age = np.zeros((n_games, 1), int)
            self._seen = np.zeros((n_games, self.n_states, len(self.roles.places)))
            return
        self._require(n_games)
        for kept in (*self.memory.values(), self.age):
            kept[which] = 0

    def memory_arrays(self) -> dict[str, Array]:
        """Return all that is remembered of the games so far, as for a checkpoint."""
        return {"age": self.age, "seen": self._seen} | {f"memory.{name}": kept for name, kept in self.memory.items()}

    def remember(self, arrays: Mapping[str, Array]) -> None:
        """Go on from :meth:`memory_arrays`."""
        self.age, self._seen = np.array(arrays["age"]), np.array(arrays["seen"])
        self.memory = {name: np.array(arrays[f"memory.{name}"]) for name in self.remembers}

    def act(self, observations: Array, mask: Array, rng: np.random.Generator) -> Array:
        """Return the actions of all states; the first call after the making starts all games.

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which actions have their effect, as ``info["action_mask"]``; any other move becomes a hold.
            rng: The only source of chance.

        Returns:
            (n_games, n_states, n_components) integers.

        Raises:
            ValueError: If the number of games is not that of the last :meth:`restart`, or the observations are those
                of another number of states or of other stages.
        """
        observations = np.asarray(observations)
        expected = (self.n_states, len(self.roles.places))
        if observations.shape[1:] != expected:
            raise ValueError(
                f"observations have shape {observations.shape}, not (n_games, {expected[0]} states, {expected[1]} "
                "entries): make the strategy with the n_states, stages and reveal_intents of the game"
            )
        if not self.age.size:
            self.restart(len(observations))
        self._require(len(observations))
        # in the first step nothing has happened yet: before was as now
        before = View(np.where(self.age[..., None] > 0, self._seen, observations), self.roles, rng)
        view = View(observations, self.roles, rng, before)
        moves = self.decide(view)
        signals = self.say(view, moves)
        self._seen, self.age = np.array(observations), self.age + 1
        allowed = np.take_along_axis(mask[..., : len(Move)], moves[..., None], axis=-1)[..., 0]
        parts = [np.where(allowed, moves, HOLD), np.broadcast_to(signals, moves.shape)]
        parts += [self.defend(view)] * (len(component_sizes(self.n_states)) - 2)
        return np.stack(parts, axis=-1)

    @abstractmethod
    def decide(self, view: View) -> Array:
        """Return the moves, (G, N) integers."""

    def say(self, view: View, moves: Array) -> Array:
        """Return the signals that go with the moves, (G, N) integers; everyone's :attr:`signal`, if not overridden."""
        del view
        return np.full_like(moves, self.signal)

    def defend(self, view: View) -> Array:
        """Return whom to defend in the next step: k for state i+k and 0 for nobody, (G, N); nobody, if not overridden.

        It is asked with more than two states only, after :meth:`decide` and :meth:`say`.
        """
        return np.zeros_like(view.crisis, int)

    def _require(self, n_games: int) -> None:
        if n_games != len(self.age):
            raise ValueError(f"{n_games} games where restart() was told of {len(self.age)}: restart({n_games}) first")
