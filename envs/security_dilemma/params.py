"""The symbols of the model: every parameter with its range, its meaning and the worlds made of them.

Every range is finite. Where theory asks only for a positive number, or for any, the bounds are far beyond what a world
could mean (``LARGE``, ``SMALL``, ``STEEP``, ``NOISY``); within them play in float32 neither overflows nor divides by 0.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

import numpy as np

from security_dilemma.arrays import Value

__all__ = [
    "PARAMETERS",
    "WORLDS",
    "ParameterError",
    "Params",
    "Range",
    "nearest",
    "parameter_faults",
    "params_faults",
    "plain_int",
    "seed_faults",
    "world_params",
]

LARGE = 1e6  # units of arms, economies
SMALL = 1e-6  # what must be above 0 of them
STEEP = 100.0  # payoffs, weights, and logs of cost ratios, in which chances saturate
NOISY = 5.0  # standard deviations of noise


class ParameterError(ValueError):
    """Every fault of a set of parameters at once, each with its name, value and allowed range."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Range:
    """The allowed values and the meaning of one parameter.

    Attributes:
        low: Lower bound.
        high: Upper bound.
        open_low: Whether the lower bound itself is excluded.
        open_high: Whether the upper bound itself is excluded.
        optional: Whether None is allowed.
        symbol: The symbol in the literature and the docs.
        meaning: What the parameter stands for, with its source.
    """

    symbol: str
    meaning: str
    low: float = -np.inf
    high: float = np.inf
    open_low: bool = False
    open_high: bool = False
    optional: bool = False

    def __str__(self) -> str:
        left = "(" if self.open_low or np.isneginf(self.low) else "["
        right = ")" if self.open_high or np.isposinf(self.high) else "]"
        interval = f"{left}{self.low:g}, {self.high:g}{right}"
        return f"None or {interval}" if self.optional else interval

    def contains(self, value: Value) -> bool:
        """Whether ``value``, or each value of an array, is a finite number of this range; flags are no numbers."""
        if value is None:
            return self.optional
        if type(value) is float:  # most are, and closed forms ask many thousand times
            return math.isfinite(value) and self._inside(value)
        try:
            values = np.asarray(value, dtype=object).ravel()
        except ValueError:
            return False
        if not all(isinstance(x, Real) and not isinstance(x, bool) for x in values):
            return False
        array = values.astype(float)
        return bool(array.size and np.all(np.isfinite(array) & self._inside(array)))

    def _inside(self, number: Any) -> Any:
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above & below


def _parameter(
    default: float | None, symbol: str, meaning: str, low: float = -np.inf, high: float = np.inf, **bounds: bool
) -> Any:
    return field(default=default, metadata={"range": Range(symbol, meaning, low, high, **bounds)})


@dataclass(frozen=True)
class Params:
    """The parameters of a game; a field may hold one value per state (an array whose last axis is N).

    Ranges and meanings stand in ``PARAMETERS``. Nothing is validated here, so that instances can be traced by JAX:
    use :func:`parameter_faults`, or the PettingZoo and Gymnasium faces, which do.
    """

    balance: Value = _parameter(
        0.9,
        "b",
        "offence-defence balance: minus the log of the attacker-to-defender cost ratio (Glaser & Kaufmann 1998)",
        -3,
        3,
    )
    distinguishability: Value = _parameter(
        0.0,
        "d",
        "weapons are fungible by 1-d; a report carries the share d of a posture's deviation (Jervis 1978)",
        0,
        1,
    )
    fungibility_override: Value = _parameter(
        None, "f", "replaces 1-d as the fungibility of weapons, for ablations", 0, 1, optional=True
    )
    visibility_override: Value = _parameter(
        None, "v", "replaces d as the visibility of postures, for ablations", 0, 1, optional=True
    )
    trust: Value = _parameter(0.8, "t", "prior probability that a state is a security seeker (Kydd 2005)", 0, 1)
    greed: Value = _parameter(0.5, "γ", "a greedy state's extra value of conquest; a security seeker's is 0", 0, 3)
    initiative_mean: Value = _parameter(
        0.0, "h0", "mean private benefit of striking (Baliga & Sjöström 2004)", -STEEP, STEEP
    )
    initiative_width: Value = _parameter(
        0.0, "w", "half-width of the uniform private benefit of striking (Baliga & Sjöström 2004)", 0, STEEP
    )
    war_cost: Value = _parameter(0.25, "c", "cost of war to each belligerent", 0, 0.5, open_low=True, open_high=True)
    decisiveness: Value = _parameter(2.0, "k", "steepness of the contest (Hirshleifer 1989)", 0, 4, open_low=True)
    surge_attack: Value = _parameter(
        0.1, "eA", "what a state without arms can bring to an attack, in units of arms", SMALL, LARGE
    )
    home_defence: Value = _parameter(
        1.0, "eD", "what a state without arms can bring to its defence, in units of arms", SMALL, LARGE
    )
    upkeep: Value = _parameter(0.02, "κ", "cost of a unit of arms per step, as a share of the economy", 0, 0.3)
    build: Value = _parameter(0.5, "", "units bought by one arming move", SMALL, LARGE)
    depreciation: Value = _parameter(0.05, "", "share of stocks lost per step", 0, 1, open_high=True)
    arms_cap: Value = _parameter(3.0, "", "ceiling on offensive plus defensive stock", SMALL, LARGE)
    crisis_rate: Value = _parameter(
        0.15, "χ", "probability that the next step is a crisis of one uniformly drawn dyad of living states", 0, 1
    )
    discount: Value = _parameter(
        0.95, "δ", "continuation; also the learner's discount", 0, 1, open_low=True, open_high=True
    )
    posture_noise: Value = _parameter(0.1, "σ", "standard deviation of a report on a posture", 0, NOISY)
    arms_noise: Value = _parameter(0.0, "ν", "standard deviation of the log of reported arms", 0, NOISY)
    intelligence_rate: Value = _parameter(0.5, "ρ", "weight of a new report in the dossier", 0, 1, open_low=True)
    worst_case: Value = _parameter(
        0.0, "ω", "bias that reads reports as more offensive than they are (Wendt 1992)", 0, 1
    )
    balance_width: Value = _parameter(
        0.0, "", "half-width of the uniform distribution of a game's true balance around b", 0, STEEP
    )
    balance_bias: Value = _parameter(
        0.0, "β", "bias of a leader's private view of the balance (Van Evera 1999)", -STEEP, STEEP
    )
    balance_noise: Value = _parameter(
        0.0, "σ_b", "standard deviation of a leader's private view of the balance (Van Evera 1999)", 0, STEEP
    )
    burn_cost: Value = _parameter(
        0.1, "", "price of a burnt-cost signal per step, as a share of the economy (Fearon 1997)", 0, STEEP
    )
    audience_cost: Value = _parameter(0.2, "", "price of striking under one's own pledge (Fearon 1997)", 0, STEEP)
    growth: Value = _parameter(0.0, "r", "growth of an economy per step at zero military burden (guns v butter)", 0, 1)
    spoils: Value = _parameter(0.0, "ζ", "share of a conquered economy that the victor absorbs", 0, STEEP)
    power_weight: Value = _parameter(
        0.0, "", "weight of the share of power in the payoff (offensive realism: Mearsheimer 2001)", 0, STEEP
    )
    routine_weight: Value = _parameter(
        0.0, "", "cost of breaking one's routine (ontological security: Mitzen 2006)", 0, STEEP
    )
    prosocial_weight: Value = _parameter(0.0, "", "weight of the other living states' mean payoff", 0, STEEP)
    support_cost: Value = _parameter(0.05, "", "paid by each ally that defends another", 0, STEEP)
    initial_economy: Value = _parameter(1.0, "Y", "economy at the start", SMALL, LARGE)

    @property
    def fungibility(self) -> Value:
        """Share of a weapon that serves the other purpose: ``1 - d`` unless overridden."""
        return 1 - self.distinguishability if self.fungibility_override is None else self.fungibility_override

    @property
    def visibility(self) -> Value:
        """Share of a posture's deviation from an even one that reports carry: ``d`` unless overridden."""
        return self.distinguishability if self.visibility_override is None else self.visibility_override

    def replace(self, **changes: Value) -> Params:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def cast(self, dtype: Any) -> Params:
        """Return a copy whose array fields are NumPy arrays of ``dtype``; numbers stay Python numbers."""
        return self.replace(**{name: _cast(getattr(self, name), dtype) for name in PARAMETERS})


def _cast(value: Value, dtype: Any) -> Value:
    if value is None or np.ndim(value) == 0:
        return value if value is None else float(value)
    return np.asarray(value, dtype)


PARAMETERS: MappingProxyType[str, Range] = MappingProxyType({f.name: f.metadata["range"] for f in fields(Params)})
"""Every parameter's range and meaning, in the order of the fields of :class:`Params`."""

WORLDS: MappingProxyType[str, Params] = MappingProxyType(
    {
        "doubly_dangerous": Params(balance=0.9, distinguishability=0.0),
        "intense": Params(balance=-0.9, distinguishability=0.0),
        "not_intense": Params(balance=0.9, distinguishability=0.95),
        "doubly_safe": Params(balance=-0.9, distinguishability=0.95),
    }
)
"""Jervis's (1978, p. 211) four worlds: offence or defence has the advantage, postures can or cannot be told apart."""


DEFAULT_WORLD = "doubly_dangerous"
"""The world of a game for which none is named."""


def nearest(name: str, names: Any) -> str:
    """Return a hint that names the closest valid name, or lists them all."""
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "valid names: " + ", ".join(map(str, names))


def parameter_faults(values: dict[str, Value], n_states: int | None = None) -> list[str]:
    """Return every fault of named parameter values, each with its range or the nearest valid name.

    Args:
        values: Values by name of parameter.
        n_states: Number of states; if given, arrays must have as many values, or 1.
    """
    faults = []
    for name, value in values.items():
        if name not in PARAMETERS:
            faults.append(f"unknown parameter {name!r}: {nearest(name, PARAMETERS)}")
        elif not PARAMETERS[name].contains(value):
            faults.append(f"{name} = {value!r} is outside {PARAMETERS[name]}: {PARAMETERS[name].meaning}")
        elif np.ndim(value) > 1:
            faults.append(f"{name} has shape {np.shape(value)}: give one number, or one per state")
        elif n_states and np.ndim(value) and len(value) not in (1, n_states):
            faults.append(f"{name} has {len(value)} values for {n_states} states: give one number, or one per state")
    return faults


def params_faults(params: Any, n_states: int | None = None, overridden: Any = ()) -> list[str]:
    """Return every fault of what should be a :class:`Params`, but for the fields that are overridden."""
    if not isinstance(params, Params):
        return [f"params = {params!r} must be a Params; see Params(name=value) and WORLDS"]
    return parameter_faults({name: getattr(params, name) for name in PARAMETERS if name not in overridden}, n_states)


def plain_int(value: Any) -> Any:
    """Return a whole number of any kind as an ``int``, which does not overflow; anything else as it is."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def seed_faults(seed: Any) -> list[str]:
    """Return what is wrong with a seed of chance, if anything."""
    good = seed is None or (isinstance(seed, Integral) and not isinstance(seed, bool) and int(seed) >= 0)
    return [] if good else [f"seed = {seed!r} must be None or a whole number in [0, ∞)"]


def world_params(world: str | None, params: Params | None, overrides: dict[str, Value], n_states: int) -> Params:
    """Resolve a named world or given parameters and the changes to them.

    Raises:
        ParameterError: Listing every unknown name and every value outside its range.
    """
    faults = []
    base = params
    if params is not None and world not in (None, DEFAULT_WORLD):
        faults.append(f"world = {world!r} and params are both given: give one of them, and changes to it by name")
    if base is None:
        if world not in WORLDS:
            faults.append(f"unknown world {world!r}: {nearest(str(world), WORLDS)}")
        base = WORLDS.get(str(world), Params())
    faults += params_faults(base, n_states, overrides)
    faults += parameter_faults(overrides, n_states)
    if faults:
        raise ParameterError(faults)
    return base.replace(**overrides)
