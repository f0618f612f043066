"""What happens in the games while a learner trains in them: sums over a rollout, kept cheap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma import Games, State
from security_dilemma.spaces import INTENTS
from security_dilemma.state import Signal

__all__ = ["Monitor"]


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
        self._games = dict.fromkeys(("ended", "at_war", "returns", "returned"), 0.0)
        names = ("steps", "crises", "strikes", "arms", "offensive", "armed", *(kind.name.lower() for kind in Signal))
        self._by_intent = {name: np.zeros(2) for name in names}

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
        greedy = before.greed > 0
        arms = before.offensive + before.defensive
        armed = arms > 0
        share = before.offensive / np.where(armed, arms, 1)
        for intent, whose in enumerate((before.alive & ~greedy, before.alive & greedy)):
            sums = {"steps": whose, "crises": whose & before.crisis, "strikes": whose & struck, "armed": whose & armed}
            for name, flags in sums.items():
                self._by_intent[name][intent] += np.count_nonzero(flags)
            self._by_intent["arms"][intent] += arms[whose].sum()
            self._by_intent["offensive"][intent] += share[whose].sum()
            for kind, count in zip(Signal, np.bincount(signal[whose], minlength=len(Signal)), strict=True):
                self._by_intent[kind.name.lower()][intent] += count

    def read(self) -> dict[str, float]:
        """Return the scalars since the last reading, and start counting anew; rates without a base are left out."""
        games, sums = self._games, self._by_intent
        scalars = _ratios({"games/discounted_return": (games["returns"], games["returned"])})
        scalars |= _ratios({"games/wars_per_game": (games["at_war"], games["ended"])})
        for place, intent in enumerate(INTENTS):
            steps = sums["steps"][place]
            rows = {
                f"strike_rate_in_crisis/{intent}": (sums["strikes"][place], sums["crises"][place]),
                f"arms/{intent}": (sums["arms"][place], steps),
                f"offensive_share/{intent}": (sums["offensive"][place], sums["armed"][place]),
            }
            rows |= {f"signal/{intent}_{kind.name.lower()}": (sums[kind.name.lower()][place], steps) for kind in Signal}
            scalars |= _ratios(rows)
        self._clear()
        return scalars

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
