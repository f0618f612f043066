"""Planes: two parameters of the model, each with evenly spaced values, of which every combination is a cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from security_dilemma.params import PARAMETERS, nearest, parameter_faults
from security_dilemma_training.faults import Fault
from security_dilemma_training.sections import Frozen

__all__ = ["PLANES", "AxisConfig", "PlaneConfig", "plane_faults", "text_of"]


class AxisConfig(Frozen):
    """Evenly spaced values of one parameter."""

    parameter: Annotated[str, Field(json_schema_extra={"enum": list(PARAMETERS)})]
    """Name of the parameter."""
    low: float
    """Its first value."""
    high: float
    """Its last value, above the first."""
    points: int = Field(default=7, ge=2)
    """Number of values, both ends included."""

    @property
    def step(self) -> float:
        """The distance between two values."""
        return (self.high - self.low) / (self.points - 1)

    @property
    def values(self) -> tuple[float, ...]:
        """The values from low to high; those between are rounded to hundredths of the step, to be legible."""
        decimals = 2 - math.floor(math.log10(self.step))
        between = (round(self.low + place * self.step, decimals) + 0.0 for place in range(1, self.points - 1))
        return (float(self.low), *between, float(self.high))


class PlaneConfig(Frozen):
    """Two parameters that are varied, each over its axis; all others are the same in every cell."""

    x: AxisConfig
    """The parameter from left to right."""
    y: AxisConfig
    """The parameter from the bottom up."""

    @property
    def axes(self) -> tuple[AxisConfig, AxisConfig]:
        """Both axes."""
        return self.x, self.y

    @property
    def parameters(self) -> tuple[str, str]:
        """The names of both parameters."""
        return self.x.parameter, self.y.parameter

    def points(self) -> Iterator[dict[str, float]]:
        """Yield the values of both parameters in each cell, by name, row by row from the bottom up."""
        for y in self.y.values:
            for x in self.x.values:
                yield dict(zip(self.parameters, (x, y), strict=True))


_BALANCE = AxisConfig(parameter="balance", low=-1.5, high=1.5)

PLANES: Mapping[str, PlaneConfig] = {
    "balance_distinguishability": PlaneConfig(x=_BALANCE, y=AxisConfig(parameter="distinguishability", low=0, high=1)),
    "balance_trust": PlaneConfig(x=_BALANCE, y=AxisConfig(parameter="trust", low=0.1, high=1)),
}
"""The planes where none are named: Jervis's (1978) two variables, and the offence-defence balance with Kydd's trust."""


def text_of(value: float) -> str:
    """Return a value as it stands in names: the shortest text that is read as the same number."""
    return repr(float(value)).removesuffix(".0")


def plane_faults(key: str, plane: PlaneConfig) -> list[Fault]:
    """Return the faults of the parameters of a plane and of their values.

    Args:
        key: Dotted key of the plane.
        plane: The plane.
    """
    faults = []
    for side, axis in zip("xy", plane.axes, strict=True):
        own = f"{key}.{side}"
        if axis.parameter not in PARAMETERS:
            hint = nearest(axis.parameter, PARAMETERS)
            faults.append(Fault(f"{own}.parameter", f"= {axis.parameter!r} is an unknown parameter: {hint}"))
            continue
        for end in ("low", "high"):
            texts = parameter_faults({axis.parameter: getattr(axis, end)})
            faults += [
                Fault(f"{own}.{end}", f"{text.removeprefix(axis.parameter).strip()}", (f"{own}.parameter",))
                for text in texts
            ]
        if axis.low >= axis.high:
            problem = f"= {axis.high:g} must be above {side}.low = {axis.low:g}: exchange them, or choose a higher one"
            faults.append(Fault(f"{own}.high", problem, (f"{own}.low",)))
    if plane.x.parameter == plane.y.parameter:
        problem = f"= {plane.y.parameter!r} is that of x, too: choose another parameter for one of them"
        faults.append(Fault(f"{key}.y.parameter", problem, (f"{key}.x.parameter",)))
    return faults
