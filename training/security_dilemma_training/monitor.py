"""What happens in the games while a learner trains in them: sums over a rollout, kept cheap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma import Games, State
from security_dilemma.arrays import Array, cast, namespace
from security_dilemma.spaces import INTENTS
from security_dilemma.state import Signal

__all__ = ["BY_INTENT", "OF_GAMES", "Monitor", "scalars", "tally"]

OF_GAMES = ("ended", "at_war", "returns", "returned")
"""What is counted of games: that ended, that saw war; the sum of their states' returns, and of how many."""

BY_INTENT = ("steps", "crises", "strikes", "arms", "offensive", "armed", *(kind.name.lower() for kind in Signal))
"""What is summed over the steps of living states by intent; offensive is the offensive share of arms."""


def tally(before: State, struck: Array, signal: Array) -> dict[str, Array]:
    """Return the sums of one step over all games and living states by intent, (2,) each, named in ``BY_INTENT``.

    Args:
        before: The states before the step, (..., N).
        struck: (..., N) bool, who struck in it.
        signal: (..., N) signals of the step.
    """
    xp = namespace(before.offensive)
    dtype = before.offensive.dtype
    arms = before.offensive + before.defensive
    armed = arms > 0
    share = before.offensive / xp.where(armed, arms, xp.ones_like(arms))
    greedy = before.greed > 0
    rows = [before.alive, before.crisis, struck, arms, share, armed, *(signal == kind for kind in Signal)]
    whose = (before.alive & ~greedy, before.alive & greedy)
    counted, who = (xp.stack([xp.reshape(cast(row, dtype), (-1,)) for row in part]) for part in (rows, whose))
    sums = counted @ xp.permute_dims(who, (1, 0))
    return {name: sums[place] for place, name in enumerate(BY_INTENT)}


def scalars(games: Mapping[str, float], by_intent: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return the scalars of what was counted; rates without a base are left out.

    Args:
        games: Sums named in ``OF_GAMES``.
        by_intent: Sums named in ``BY_INTENT``, (2,) each.
    """
    found = _ratios({"games/discounted_return": (games["returns"], games["returned"])})
    found |= _ratios({"games/wars_per_game": (games["at_war"], games["ended"])})
    for place, intent in enumerate(INTENTS):
        sums = {name: float(values[place]) for name, values in by_intent.items()}
        rows = {
            f"strike_rate_in_crisis/{intent}": (sums["strikes"], sums["crises"]),
            f"arms/{intent}": (sums["arms"], sums["steps"]),
            f"offensive_share/{intent}": (sums["offensive"], sums["armed"]),
        }
        signals = [kind.name.lower() for kind in Signal]
        found |= _ratios(rows | {f"signal/{intent}_{name}": (sums[name], sums["steps"]) for name in signals})
    return found


class Monitor:
    """Counts wars, strikes, arms and signals by intent, and discounted returns, between two readings.

    Args:
        games: The games to watch.
    """

    def __init__(self, games: Games) -> None:
        """Start with nothing counted."""
        self._gamma = 1.0 if games.stages is not None else np.asarray(games.params.discount)
        shape = (games.n_games, games.n_states)
        self._return, self._weight = np.zeros(shape), np.ones(shape)
        self._clear()

    def _clear(self) -> None:
        self._games = dict.fromkeys(OF_GAMES, 0.0)
        self._by_intent = {name: np.zeros(2) for name in BY_INTENT}

    def update(self, before: State, now: State, rewards: NDArray[Any], info: dict[str, Any]) -> None:
        """Count one step.

        Args:
            before: The state before the step.
            now: The state after it, restarted games included.
            rewards: (n_games, n_states).
            info: The step's info, with the final states of the games that ended.
        """
        over, final = info["ended"], info["final_state"]
        struck, signal, fought = (np.array(x) for x in (now.struck, now.last_signal, now.belligerent))
        struck[over], signal[over], fought[over] = final.struck, final.last_signal, final.belligerent
        self._return += self._weight * rewards
        self._weight *= self._gamma
        self._games["ended"] += over.size
        self._games["at_war"] += int(np.sum(fought.any(axis=-1)))
        self._games["returns"] += float(self._return[over].sum())
        self._games["returned"] += over.size * self._return.shape[1]
        self._return[over], self._weight[over] = 0.0, 1.0
        for name, sums in tally(before, struck, signal).items():
            self._by_intent[name] += sums

    def read(self) -> dict[str, float]:
        """Return the scalars since the last reading, and start counting anew; rates without a base are left out."""
        found = scalars(self._games, self._by_intent)
        self._clear()
        return found

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a checkpoint needs."""
        sums = {"monitor.games": np.array([*self._games.values()])}
        sums["monitor.by_intent"] = np.stack([*self._by_intent.values()])
        return sums | {"monitor.return": self._return, "monitor.weight": self._weight}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Go on from :meth:`state_arrays`."""
        self._return, self._weight = arrays["monitor.return"].copy(), arrays["monitor.weight"].copy()
        self._games = dict(zip(self._games, arrays["monitor.games"].tolist(), strict=True))
        self._by_intent = dict(zip(self._by_intent, arrays["monitor.by_intent"].copy(), strict=True))


def _ratios(rows: dict[str, tuple[float, float]]) -> dict[str, float]:
    return {name: float(part / whole) for name, (part, whole) in rows.items() if whole}
