"""Causal controls: the same training and seeds with one thing changed, and which share of the wars goes with it.

A control is an intervention on the world that is learned in, so what it shows is its total effect: on what states learn
as well as on how they play. What it cannot tell:

- With security seekers alone peace is always an equilibrium, and which one a seed ends in is decided early. A seed ends
  at war or at peace; a control shifts how many do, and no single seed shows its effect.
- Pairs share their seed. Where a control leaves what is observed alone they also start from the same weights; with
  ``intent_revealed`` the network sees more and begins elsewhere, so that pairing takes out little noise.
- Shares of different controls do not add up: two causes that are both needed would each explain all wars.
- Where offence has the advantage war is an equilibrium even between states known to be security seekers (a stag hunt,
  Jervis 1978; the reciprocal fear of surprise attack, Schelling 1960). Wars that stay when intents are revealed are due
  to uncertainty about what the other will do, which no control takes away, rather than about what it wants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from security_dilemma.params import nearest
from security_dilemma_training.comparisons import paired_difference
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.statistics import Interval, few_seeds

__all__ = ["CONTROLS", "Control", "WarShare", "controlled", "war_share"]

RESAMPLES = 10_000


class Control(NamedTuple):
    """One thing changed.

    Attributes:
        name: As the benchmark and its table name it.
        changes: What it sets in a config, by section and key.
        identifies: What the difference to the uncontrolled training is the effect of, in one sentence.
    """

    name: str
    changes: Mapping[str, Mapping[str, Any]]
    identifies: str


class WarShare(NamedTuple):
    """What a control does to the wars of one world, with 95 % paired bootstrap intervals over seeds."""

    share: Interval  # of the wars without the control, those that are gone under it; below 0 where it makes more
    difference: Interval  # of the mean war rates, without less under: wars per game that are gone
    seeds: int  # pairs
    remarks: tuple[str, ...]  # what has to be said with it, in words


def _control(name: str, identifies: str, **changes: Mapping[str, Any]) -> Control:
    return Control(
        name, MappingProxyType({section: MappingProxyType(keys) for section, keys in changes.items()}), identifies
    )


CONTROLS: Mapping[str, Control] = MappingProxyType(
    {
        control.name: control
        for control in (
            _control("none", "nothing is changed: what the others are compared with"),
            _control(
                "intent_revealed",
                "uncertainty about intent: each state sees the others' greed, and all else stays as uncertain as it is",
                game={"reveal_intents": True},
            ),
            _control(
                "signals_off",
                "signalling: nobody can assure, burn, pledge or open its arsenal, whatever is sent",
                game={"signals": False},
            ),
            _control(
                "posture_noise_off",
                "noise of reports: postures are read as exactly as distinguishability lets them through; where that is "
                "0 nothing of them ever gets through, and what the noise hides is nothing",
                params={"posture_noise": 0.0, "arms_noise": 0.0},
            ),
            _control(
                "postures_revealed",
                "uncertainty about postures: everyone knows at once and exactly what everyone has; weapons stay as "
                "fungible as they are",
                params={
                    "visibility_override": 1.0,
                    "posture_noise": 0.0,
                    "arms_noise": 0.0,
                    "intelligence_rate": 1.0,
                    "worst_case": 0.0,
                },
            ),
            _control(
                "trust_known",
                "the existence of greedy states: it is common knowledge that everyone is a security seeker; only games "
                "among these can be compared, since payoffs under the prior are of another prior",
                params={"trust": 1.0},
            ),
        )
    }
)
"""The controls by name.

Between two security seekers ``intent_revealed`` and ``trust_known`` leave the same game, so where their effects on
tragic wars differ it is learning that differs: under the first it also goes on among the greedy.
"""


def controlled(config: Mapping[str, Any], control: str) -> dict[str, Any]:
    """Return a config under a control.

    Args:
        config: The plain data of a :class:`security_dilemma_training.config.RunConfig`, before it is parsed; what it
            says of the keys that the control sets gives way. It stays as it is.
        control: One of :data:`CONTROLS`.

    Raises:
        ConfigError: If there is no such control, or a section that it changes holds no keys.
    """
    if control not in CONTROLS:
        raise ConfigError([Fault("control", f"= {control!r} is unknown: {nearest(control, CONTROLS)}")])
    changed = dict(config)
    for section, keys in CONTROLS[control].changes.items():
        given = changed.get(section)
        if given is not None and not isinstance(given, Mapping):
            raise ConfigError([Fault(section, f"= {given!r} must hold `key: value` lines for control {control!r}")])
        changed[section] = {**(given or {}), **keys}
    return changed


def war_share(without: Mapping[int, float], under: Mapping[int, float], *, seed: int = 0) -> WarShare:
    """Return which share of the wars is due to what a control takes away, ``(w - u) / w`` of mean war rates.

    Seeds are resampled, each with both of its rates. A resample without a war has no share; it counts as the least
    favourable value for either bound, so that few seeds at war cannot make an interval narrow.

    Args:
        without: War rate by seed, without the control; of one world, such as the tragic war rate.
        under: War rate by seed, under the control. Seeds that stand on one side only are left out, and named.
        seed: Seed of the intervals' own generator.

    Returns:
        Share and difference; the share is NaN where there is no war to explain, and the bounds are NaN where so few
        seeds allow none.

    Raises:
        ValueError: If a rate is outside [0, 1].
    """
    for name, rates in (("without", without), ("under", under)):
        wrong = {key: rate for key, rate in rates.items() if not 0 <= rate <= 1}
        if wrong:
            raise ValueError(f"{name}: war rates by seed must be in [0, 1], not {wrong}: leave out seeds without one")
    seeds = sorted(without.keys() & under.keys())
    remarks = _unpaired(without.keys() ^ under.keys())
    nothing = Interval(math.nan, math.nan, math.nan)
    if not seeds:
        return WarShare(nothing, nothing, 0, (*remarks, "no seed ran both with and without the control"))
    pairs = np.array([[rates[key] for key in seeds] for rates in (without, under)], float)
    difference = paired_difference([pairs[0]], [pairs[1]], _mean, resamples=RESAMPLES, seed=seed)
    few = few_seeds(len(seeds))
    remarks += (few,) if few else ()
    if not pairs[0].any():
        return WarShare(nothing, difference, len(seeds), (*remarks, "no war without the control: nothing to explain"))
    share = _share(pairs, seed)
    if len(seeds) > 1 and math.isnan(share.low):
        remarks += ("so few seeds go to war that resamples without war are common: the share has no lower bound",)
    return WarShare(share, difference, len(seeds), remarks)


def _share(pairs: Any, seed: int) -> Interval:
    """The share with its interval, of (2, seeds) rates of which some without the control are above 0."""
    estimate = float(1 - pairs[1].mean() / pairs[0].mean())
    count = pairs.shape[-1]
    if count < 2:
        return Interval(estimate, math.nan, math.nan)
    picks = np.random.default_rng(seed).integers(count, size=(RESAMPLES, count))
    without, under = pairs[:, picks].mean(axis=-1)
    war = without > 0
    shares = 1 - under / np.where(war, without, 1.0)
    low = float(np.quantile(np.where(war, shares, -np.inf), 0.025, method="inverted_cdf"))
    high = float(np.quantile(np.where(war, shares, 1.0), 0.975, method="inverted_cdf"))
    return Interval(estimate, low if math.isfinite(low) else math.nan, high)


def _mean(values: Any) -> Any:
    return values.mean(axis=-1)


def _unpaired(seeds: set[int]) -> tuple[str, ...]:
    return (f"left out: seeds {sorted(seeds)} ran on one side only",) if seeds else ()
