"""Theory's boundaries on a plane are the closed forms, at any parameters, and are where the forms say."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from security_dilemma import theory
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.phase_diagram.boundaries import (
    DOMINANCE,
    SPIRAL,
    TRUST,
    Boundary,
    boundaries,
    extent,
    level_lines,
)
from security_dilemma_training.phase_diagram.cell_theory import theory_at
from security_dilemma_training.phase_diagram.planes import PLANES, AxisConfig, PlaneConfig
from security_dilemma_training.verdict import parity_chances

OTHER = {"war_cost": 0.2, "greed": 0.8, "decisiveness": 1.5, "surge_attack": 0.4, "home_defence": 0.9, "arms_cap": 2.0}
CLOSE = 2e-3
"""How far a line may be from its closed form, in units of the axis: it is straight between 61 points."""


def params(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = parse({"params": {"trust": 0.8} | changes}, RunConfig).resolved()["params"]
    return found


@cache
def _drawn(plane: PlaneConfig, changes: tuple[tuple[str, float], ...]) -> dict[str, Boundary]:
    return {found.label: found for found in boundaries(plane, params(**dict(changes)))}


def drawn(plane: PlaneConfig, **changes: float) -> dict[str, Boundary]:
    return _drawn(plane, tuple(changes.items()))


def points(boundary: Boundary) -> np.ndarray[Any, Any]:
    return np.concatenate([*boundary.lines, *boundary.open_lines])


def log_ratio(d: float, posture: str, of: dict[str, float]) -> float:
    """ln(E_att / E_def) of equals, by hand."""
    f, cap = 1 - d, of["arms_cap"]
    arms = {"unarmed": (0.0, 0.0), "armed for attack": (cap, 0.0), "armed for defence": (0.0, cap)}
    offensive, defensive = arms[posture]
    attack = of["surge_attack"] + offensive + f * defensive
    return math.log(attack / (of["home_defence"] + defensive + f * offensive))


DEFAULTS = {
    "war_cost": 0.25,
    "greed": 0.5,
    "decisiveness": 2.0,
    "surge_attack": 0.1,
    "home_defence": 1.0,
    "arms_cap": 3.0,
}


@pytest.mark.parametrize("changes", [{}, OTHER])
def test_where_striking_stops_being_dominated(changes: dict[str, float]) -> None:
    found = drawn(PLANES["balance_distinguishability"], **changes)
    crossing = []
    for posture in ("unarmed", "armed for attack", "armed for defence"):
        boundary = found[f"P = ½, {posture}"]
        assert (boundary.kind, boundary.posture) == (DOMINANCE, posture)
        crossing.append(boundary.crosses)
        for b, d in points(boundary) if boundary.crosses else ():
            assert b == pytest.approx(-log_ratio(d, posture, DEFAULTS | changes), abs=CLOSE)
    assert crossing == [bool(changes), True, True]  # unarmed equals at the defaults: P = ½ only at b = ln 10 = 2.3


@pytest.mark.parametrize("changes", [{}, OTHER])
def test_where_trust_starts_to_suffice(changes: dict[str, float]) -> None:
    of = DEFAULTS | changes
    found = drawn(PLANES["balance_trust"], **changes)
    assert "P = ½, armed to the cap" in found  # for d = 0 attack and defence are the same arms
    boundary = found["t = m(P), armed to the cap"]
    assert boundary.kind == TRUST
    for lines, certain in ((boundary.lines, True), (boundary.open_lines, False)):
        assert lines
        for b, t in np.concatenate(lines)[1:-1]:
            k = of["decisiveness"]
            chance = theory.parity_chance(b + log_ratio(0.0, "armed for attack", of), k)
            assert t == pytest.approx(theory.minimum_trust(chance, of["war_cost"]), abs=CLOSE)
            step = 0.06  # between two points of the plane the line may change a little early or late
            near = [theory.predation_threshold(min(1.0, chance * (1 + e)), of["war_cost"]) for e in (-step, step)]
            assert (of["greed"] > min(near)) if certain else (of["greed"] <= max(near))


@pytest.mark.parametrize("changes", [{}, OTHER])
def test_where_arms_spiral(changes: dict[str, float]) -> None:
    of = DEFAULTS | changes
    deterring = math.log((1 + of["war_cost"]) / (of["greed"] - of["war_cost"])) / of["decisiveness"]
    boundary = drawn(PLANES["balance_distinguishability"], **changes)["ρ = 1"]
    assert boundary.kind == SPIRAL
    assert len(points(boundary)) > 20
    for b, d in points(boundary):
        assert b == pytest.approx(deterring - math.log(1 - d), abs=CLOSE)
    upright = points(drawn(PLANES["balance_trust"], **changes)["ρ = 1"])
    np.testing.assert_allclose(upright[:, 0], deterring, atol=CLOSE)
    assert upright[:, 1].min() == pytest.approx(extent(PLANES["balance_trust"].y)[0])
    assert upright[:, 1].max() == 1


def test_a_trust_that_is_never_too_low_has_no_line() -> None:
    found = drawn(PLANES["balance_distinguishability"])  # trust 0.8 > (1 - ½) / (½ + 0.25)
    assert not any(boundary.crosses for boundary in found.values() if boundary.kind == TRUST)
    lower = drawn(PLANES["balance_distinguishability"], trust=0.4, greed=3.0)["t = m(P), armed for attack"]
    assert lower.crosses
    for b, d in points(lower):
        chance = theory.parity_chance(b + log_ratio(d, "armed for attack", DEFAULTS), 2.0)
        assert theory.minimum_trust(chance, 0.25) == pytest.approx(0.4, abs=CLOSE)


def test_without_greed_above_the_cost_of_war_nothing_spirals() -> None:
    found = drawn(PLANES["balance_trust"], greed=0.2)
    assert not found["ρ = 1"].crosses
    assert theory_at(params(greed=0.2)).reaction is None
    assert found["t = m(P), armed to the cap"].lines == ()  # and where the greedy never strike, trust is not needed
    assert found["t = m(P), armed to the cap"].open_lines


def test_postures_that_are_the_same_everywhere_share_a_line() -> None:
    plane = PlaneConfig(
        x=AxisConfig(parameter="balance", low=-1, high=1), y=AxisConfig(parameter="war_cost", low=0.1, high=0.4)
    )
    even = {"surge_attack": 1.0, "home_defence": 1.0}
    assert "P = ½, whatever the arms" in drawn(plane, **even)
    assert points(drawn(plane, **even)["P = ½, whatever the arms"])[:, 0] == pytest.approx(0, abs=1e-6)


def test_cells_reach_half_a_step_beyond_their_values_but_not_out_of_the_range() -> None:
    assert extent(AxisConfig(parameter="balance", low=-1, high=1, points=3)) == (-1.5, 1.5)
    assert extent(AxisConfig(parameter="distinguishability", low=0, high=0.5, points=2)) == (0, 0.75)
    low, high = extent(AxisConfig(parameter="war_cost", low=0.01, high=0.49, points=2))
    assert 0 < low < 1e-6
    assert 0.499999 < high < 0.5


def test_what_is_said_of_a_cell() -> None:
    values = params(balance=1.2, trust=0.3)
    said = theory_at(values)
    assert [posture.chance for posture in said.postures] == parity_chances(values)
    unarmed, attack, defence = said.postures
    assert unarmed.dominated
    assert (unarmed.minimum_trust, unarmed.distrusted(0.0)) == (0.0, False)
    assert attack == defence  # d = 0
    assert attack.minimum_trust == pytest.approx((attack.chance - 0.5) / 0.75)
    assert attack.predation
    assert attack.distrusted(said.trust)
    assert not attack.distrusted(0.9)
    assert said.reaction == pytest.approx(math.exp(1.2) / math.sqrt(5))
    assert said.minimum_trusts == (0.0, attack.minimum_trust)


def test_an_overridden_fungibility_is_that_of_the_arms() -> None:
    said = theory_at(params(balance=1.0, distinguishability=1.0, fungibility_override=0.5))
    assert said.reaction == pytest.approx(0.5 * math.exp(1.0) / math.sqrt(5))


def test_level_lines_by_hand() -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0])
    field = np.array([[-1.0, 1.0, 3.0], [-1.0, 1.0, 3.0]])
    (line,) = level_lines(x, y, field)
    np.testing.assert_allclose(line[:, 0], 0.5)
    assert level_lines(x, y, field + 2) == ()
    assert level_lines(x, y, np.full((2, 3), np.nan)) == ()
