"""What one state sees of a game, by name, and what it can make of it; read from its own observation alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from security_dilemma.params import PARAMETERS
from security_dilemma.perception import observation_table, posture_share
from security_dilemma.state import Signal
from security_dilemma.strategies.view import Roles, View
from security_dilemma_training.policies import Floats

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Other", "Sight", "Watcher"]


class Other(NamedTuple):
    """What a state sees of another."""

    name: str  # state_0, state_1, …
    alive: bool
    crisis: bool  # in crisis with the seeing state
    arms: float  # reported
    dossier: float  # believed offensive share
    economy: float
    signal: str  # the last one, lower case
    struck_me: bool
    supports_me: bool
    supported: bool
    greed: float | None  # None where intents are not revealed
    chance: float  # that a one-sided strike at it wins, by the seeing state's own estimate
    threat: float  # that a one-sided strike by it wins, by the same


class Sight(NamedTuple):
    """What a state sees in one step."""

    greed: float
    initiative: float
    offensive: float
    defensive: float
    economy: float
    perceived_balance: float
    pledged: bool
    crisis: bool
    stage: int | None  # of a stage game, from 0
    others: tuple[Other, ...]  # in the order i+1, i+2, …

    @property
    def arms(self) -> float:
        """Own arms, offensive plus defensive."""
        return self.offensive + self.defensive

    @property
    def share(self) -> float:
        """Own offensive share, as a report without noise would have it."""
        return float(posture_share(np.float64(self.offensive), np.float64(self.defensive)))

    @property
    def rival(self) -> Other | None:
        """The state in crisis with this one, if there is one."""
        return next((other for other in self.others if other.crisis), None)


class Watcher:
    """Reads the observations of one state."""

    def __init__(self, config: RunConfig, seat: int) -> None:
        """Look out for a state.

        Args:
            config: The game.
            seat: Which state, from 0.
        """
        game = config.game
        self.n_states, self.seat = game.n_states, seat
        params, options = config.resolved_params(), {"reveal_intents": game.reveal_intents}
        table = observation_table(params, game.n_states, game.stages, game.max_cycles, **options)
        self._names = [entry.name for entry in table]
        self._roles = Roles.of(params, game.n_states, game.stages, game.max_cycles, **options)
        shape = (game.n_states,)
        self.params = {name: np.broadcast_to(getattr(params, name), shape)[seat].item() for name in _numbers(config)}
        self.trust = np.delete(np.broadcast_to(np.asarray(params.trust, float), shape), seat)  # (N - 1,), of the others

    def look(self, observation: Floats) -> Sight:
        """Return what is seen.

        Args:
            observation: (obs_dim,), of the state itself.
        """
        seen = dict(zip(self._names, np.asarray(observation, float).tolist(), strict=True))
        rows = np.zeros((1, self.n_states, len(self._names)))
        rows[0, self.seat] = observation
        view = View(rows, self._roles, np.random.default_rng(0))
        chance, threat = view.chance[0, self.seat], view.threat[0, self.seat]
        stages = [k for k in range(len(self._names)) if seen.get(f"stage_{k}", 0) > 0.5]
        return Sight(
            **{name: seen[f"own_{name}"] for name in Sight._fields[:6]},
            pledged=seen["own_pledge"] > 0.5,
            crisis=seen["own_crisis"] > 0.5,
            stage=stages[0] if stages else None,
            others=tuple(
                self._other(seen, k, float(chance[k - 1]), float(threat[k - 1])) for k in range(1, self.n_states)
            ),
        )

    def _other(self, seen: Mapping[str, float], k: int, chance: float, threat: float) -> Other:
        about = f"other_{k}_"
        flags = ("alive", "crisis", "struck_me", "supports_me", "supported")
        names = [signal.name.lower() for signal in Signal]
        return Other(
            name=f"state_{(self.seat + k) % self.n_states}",
            **{flag: seen[about + flag] > 0.5 for flag in flags},
            arms=seen[about + "arms"],
            dossier=seen[about + "dossier"],
            economy=seen[about + "economy"],
            signal=next((name for name in names if seen[about + name] > 0.5), names[0]),
            greed=seen.get(about + "greed"),
            chance=chance,
            threat=threat,
        )


def _numbers(config: RunConfig) -> list[str]:
    params = config.resolved_params()
    return [name for name in PARAMETERS if getattr(params, name) is not None]
