"""The few cells into which a table divides what a state observes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.perception import observation_table
from security_dilemma.state import Signal

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Cells"]

Ints = NDArray[np.intp]
Columns = dict[str, NDArray[Any]]


class Cells:
    """Numbers what a state observes by what matters most to it.

    These are: whether it is in crisis, whether it is greedy, its own arms, and of its rival the reported arms and the
    dossier; the private benefit of striking where it varies between states; whether the rival is greedy where that is
    revealed; and in stage games the stage, the rival's last signal and whether it struck. The rival is the other state
    in the crisis, or else the living one with the most arms. Arms are divided by their share of the cap, dossiers and
    benefits by their range, into equal parts. What is left out, such as signals outside stage games, is not told apart.

    Attributes:
        sizes: Number of values of each of these, by name.
    """

    def __init__(self, config: RunConfig, cells: int) -> None:
        """Divide numbers into ``cells`` parts."""
        game, params = config.game, config.resolved_params()
        table = observation_table(
            params, game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents
        )
        self._places = {entry.name: entry.place for entry in table}
        self._others = range(1, game.n_states)
        self._cap = float(np.max(params.arms_cap))
        width = float(np.max(params.initiative_width))
        lowest = float(np.min(np.asarray(params.initiative_mean) - params.initiative_width))
        highest = float(np.max(np.asarray(params.initiative_mean) + params.initiative_width))
        self._initiatives = (lowest, max(highest - lowest, 1e-9))
        self._stages = [f"stage_{k}" for k in range(len(game.stages or ()))]
        self._cells = cells
        self.sizes = {"crisis": 2, "greedy": 2, "own_arms": cells, "arms": cells, "dossier": cells}
        self.sizes |= {"initiative": cells} if width > 0 or highest > lowest else {}
        self.sizes |= {"rival_greedy": 2} if game.reveal_intents else {}
        self.sizes |= {"stage": len(self._stages), "signal": len(Signal), "struck": 2} if self._stages else {}

    @property
    def count(self) -> int:
        """Number of cells."""
        return int(np.prod(list(self.sizes.values())))

    def __call__(self, observations: NDArray[Any]) -> Ints:
        """Return the cell of every observation, (...,), of observations (..., obs_dim)."""
        rows = observations.reshape(-1, observations.shape[-1])
        rival, (lowest, span) = self._rival(rows), self._initiatives
        readers: dict[str, Callable[[], NDArray[Any]]] = {
            "crisis": lambda: self._own(rows, "own_crisis") > 0,
            "greedy": lambda: self._own(rows, "own_greed") > 0,
            "own_arms": lambda: self._part(
                (self._own(rows, "own_offensive") + self._own(rows, "own_defensive")) / self._cap
            ),
            "arms": lambda: self._part(self._of(rows, rival, "arms") / self._cap),
            "dossier": lambda: self._part(self._of(rows, rival, "dossier")),
            "initiative": lambda: self._part((self._own(rows, "own_initiative") - lowest) / span),
            "rival_greedy": lambda: self._of(rows, rival, "greed") > 0,
            "stage": lambda: rows[:, [self._places[name] for name in self._stages]].argmax(axis=1),
            "signal": lambda: np.stack([self._of(rows, rival, kind.name.lower()) for kind in Signal]).argmax(axis=0),
            "struck": lambda: self._of(rows, rival, "struck_me") > 0,
        }
        digits = tuple(np.asarray(readers[name](), np.intp) for name in self.sizes)
        numbers: Ints = np.ravel_multi_index(digits, tuple(self.sizes.values())).reshape(observations.shape[:-1])
        return numbers

    def _own(self, rows: NDArray[Any], name: str) -> NDArray[Any]:
        column: NDArray[Any] = rows[:, self._places[name]]
        return column

    def _of(self, rows: NDArray[Any], rival: Ints, name: str) -> NDArray[Any]:
        """What is observed of the rival."""
        columns = np.array([self._places[f"other_{k}_{name}"] for k in self._others])
        values: NDArray[Any] = rows[np.arange(len(rows)), columns[rival]]
        return values

    def _rival(self, rows: NDArray[Any]) -> Ints:
        """Which of the others is the rival, counted from 0."""
        alive, crisis, arms = (
            rows[:, [self._places[f"other_{k}_{name}"] for k in self._others]] for name in ("alive", "crisis", "arms")
        )
        rival: Ints = np.where(crisis > 0, np.inf, np.where(alive > 0, arms, -1.0)).argmax(axis=1)
        return rival

    def _part(self, share: NDArray[Any]) -> Ints:
        """Which of the equal parts of [0, 1] numbers fall into."""
        return np.clip((share * self._cells).astype(np.intp), 0, self._cells - 1)
