"""What a signal changes, by intervention: in what a state sees, everything else equal, and in what is sent in play.

The two are different questions. The first is what the receiver makes of the message alone: the message in its
observation is replaced, and nothing of what it stands for comes with it (the price of a burnt cost, the hands that a
pledge ties, the books that are opened). The second lets a signal be sent in play, with all that comes of it.
Mutual information of signal and action answers neither: a signal may go with what is done and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.state import Signal
from security_dilemma_training.action_modes import Around
from security_dilemma_training.analysis.situations import Situations, changed, strike_probability
from security_dilemma_training.policies import Bools, Floats, Policy
from security_dilemma_training.statistics import Z95, Interval

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Saying", "SignalEffect", "by_game", "signal_effects", "told"]


class SignalEffect(NamedTuple):
    """What the message of another state does to a state in crisis, all else as it is."""

    signal: str
    strike: float  # mean probability of striking where the other has just sent it
    difference: Interval  # of that probability to the one after silence; 95 % over games


def signal_effects(policy: Policy, config: RunConfig, situations: Situations, other: int = 1) -> list[SignalEffect]:
    """Return what each signal of another state does to the strike probability, everything else equal.

    In every situation the message is replaced by each signal in turn. Games count alike: the crises of one are averaged
    first. The interval is of these policies; another seed's may have another one.

    Args:
        policy: The policy of the receiver.
        config: The game it was trained for.
        situations: Crises.
        other: Whose message: that of state i + ``other``.

    Raises:
        ValueError: If there is no situation, or the policy does not tell its probabilities by observation.
    """
    if not len(situations.game):
        raise ValueError("there is no situation to ask about: play more games")
    strikes = {
        signal: by_game(situations, strike_probability(policy, config, told(config, situations, signal, other)))
        for signal in Signal
    }
    silent = strikes[Signal.SILENT]
    return [
        SignalEffect(signal.name.lower(), float(values.mean()), _mean(values - silent))
        for signal, values in strikes.items()
    ]


class Saying(Around):
    """A policy that always sends one signal, whatever it would have said, and moves as it does."""

    def __init__(self, policy: Policy, config: RunConfig, signal: Signal) -> None:
        """Let ``policy``, trained for ``config``, send nothing but ``signal``.

        Raises:
            ValueError: If the action mode is continuous, where a signal is a rate.
        """
        if config.game.action_mode == "continuous":
            raise ValueError("action_mode = 'continuous' has no signals by name: use 'multidiscrete' or 'discrete'")
        super().__init__(policy)
        self._sizes = component_sizes(config.game.n_states)
        self._flat, self._signal = config.game.action_mode == "discrete", int(signal)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the policy's actions with the signal in place of its own."""
        sent = np.array(self._policy.act(observations, mask, rng))
        parts = list(np.unravel_index(sent[..., 0], self._sizes)) if self._flat else list(np.moveaxis(sent, -1, 0))
        parts[SIGNAL_COMPONENT] = np.full_like(parts[0], self._signal)
        if self._flat:
            return np.asarray(np.ravel_multi_index(tuple(parts), self._sizes))[..., None]
        return np.stack(parts, axis=-1)


SIGNAL_COMPONENT = 1
"""Place of the signal in an action: move, signal, support."""


def told(config: RunConfig, situations: Situations, signal: Signal, other: int) -> Floats:
    """Return the observations of situations with another message of state i + ``other``, (rows, obs_dim)."""
    message: Mapping[str, float] = MappingProxyType(
        {f"other_{other}_{kind.name.lower()}": float(kind == signal) for kind in Signal}
    )
    return changed(config, situations.observations, message)


def by_game(situations: Situations, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of values (rows,) over the situations of each game, (games that have any,)."""
    _, place, counts = np.unique(situations.game, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.bincount(place, values) / counts
    return means


def _mean(values: NDArray[np.float64]) -> Interval:
    """The mean over games with its 95 % normal interval; one game has none."""
    estimate = float(values.mean())
    if len(values) < 2:
        return Interval(estimate, float("nan"), float("nan"))
    half = Z95 * float(values.std(ddof=1)) / len(values) ** 0.5
    return Interval(estimate, estimate - half, estimate + half)
