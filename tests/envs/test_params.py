"""The symbols of the model: the table of the design, its ranges, and the faults that are reported."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from security_dilemma.params import (
    PARAMETERS,
    WORLDS,
    ParameterError,
    Params,
    Range,
    nearest,
    parameter_faults,
    params_faults,
    plain_int,
    seed_faults,
    world_params,
)

# name: default, low, high, whether each bound is excluded; as in the design, which asks no more than ≥ 0 of some
TABLE: dict[str, tuple[float | None, float, float, bool, bool]] = {
    "balance": (0.9, -3, 3, False, False),
    "distinguishability": (0, 0, 1, False, False),
    "fungibility_override": (None, 0, 1, False, False),
    "visibility_override": (None, 0, 1, False, False),
    "trust": (0.8, 0, 1, False, False),
    "greed": (0.5, 0, 3, False, False),
    "initiative_mean": (0, -100, 100, False, False),
    "initiative_width": (0, 0, 100, False, False),
    "war_cost": (0.25, 0, 0.5, True, True),
    "decisiveness": (2, 0, 4, True, False),
    "surge_attack": (0.1, 1e-06, 1000000.0, False, False),
    "home_defence": (1, 1e-06, 1000000.0, False, False),
    "upkeep": (0.02, 0, 0.3, False, False),
    "build": (0.5, 1e-06, 1000000.0, False, False),
    "depreciation": (0.05, 0, 1, False, True),
    "arms_cap": (3, 1e-06, 1000000.0, False, False),
    "crisis_rate": (0.15, 0, 1, False, False),
    "discount": (0.95, 0, 1, True, True),
    "posture_noise": (0.1, 0, 5, False, False),
    "arms_noise": (0, 0, 5, False, False),
    "intelligence_rate": (0.5, 0, 1, True, False),
    "worst_case": (0, 0, 1, False, False),
    "balance_width": (0, 0, 100, False, False),
    "balance_bias": (0, -100, 100, False, False),
    "balance_noise": (0, 0, 100, False, False),
    "burn_cost": (0.1, 0, 100, False, False),
    "audience_cost": (0.2, 0, 100, False, False),
    "growth": (0, 0, 1, False, False),
    "spoils": (0, 0, 100, False, False),
    "power_weight": (0, 0, 100, False, False),
    "routine_weight": (0, 0, 100, False, False),
    "prosocial_weight": (0, 0, 100, False, False),
    "support_cost": (0.05, 0, 100, False, False),
    "initial_economy": (1, 1e-06, 1000000.0, False, False),
}


def test_fields_stand_in_the_order_of_the_design() -> None:
    assert [field.name for field in dataclasses.fields(Params)] == list(TABLE)
    assert list(PARAMETERS) == list(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_defaults_and_ranges(name: str) -> None:
    default, low, high, open_low, open_high = TABLE[name]
    allowed = PARAMETERS[name]
    assert getattr(Params(), name) == default
    assert (allowed.low, allowed.high) == (low, high)
    assert allowed.contains(default)
    assert allowed.contains(None) == (default is None)
    assert allowed.meaning
    for bound, is_open in ((low, open_low), (high, open_high)):
        assert allowed.contains(bound) != is_open
        assert not allowed.contains(bound + (1e-6 if bound == high else -1e-6))
    inside = (low + high) / 2
    for good in (inside, np.float32(inside), [inside, inside], np.full(3, inside), np.array(inside)):
        assert allowed.contains(good)
    for bad in (np.nan, np.inf, -np.inf, "much", True, [], [[1.0], [1.0, 2.0]]):
        assert not allowed.contains(bad)
    no_numbers: list[Any] = [str(inside), np.array([str(inside)]), [inside, str(inside)], [inside, None], 1j]
    assert not any(map(allowed.contains, no_numbers))


@pytest.mark.parametrize("flags", [np.True_, [True, False], [0.5, True], np.array([True])])
def test_flags_are_no_numbers(flags: Any) -> None:
    assert not PARAMETERS["trust"].contains(flags)


@pytest.mark.parametrize("n_states", [None, 2])
@pytest.mark.parametrize("table", [[[0.5, 0.6]], np.full((3, 2), 0.5), np.full((2, 1), 0.5)])
def test_a_parameter_has_one_value_or_one_per_state(table: Any, n_states: int | None) -> None:
    (fault,) = parameter_faults({"trust": table}, n_states)
    assert fault.startswith("trust has shape (")
    assert "give one number, or one per state" in fault


def test_a_range_reads_as_an_interval() -> None:
    assert str(PARAMETERS["war_cost"]) == "(0, 0.5)"
    assert str(PARAMETERS["decisiveness"]) == "(0, 4]"
    assert str(PARAMETERS["balance_bias"]) == "[-100, 100]"
    assert str(PARAMETERS["build"]) == "[1e-06, 1e+06]"
    assert str(Range("x", "anything")) == "(-inf, inf)"
    assert str(PARAMETERS["visibility_override"]) == "None or [0, 1]"
    assert Range("x", "anything").contains(-1e9)


def test_distinguishability_is_two_channels_unless_overridden() -> None:
    params = Params(distinguishability=0.3)
    assert (params.fungibility, params.visibility) == (0.7, 0.3)
    assert params.replace(fungibility_override=0.0).fungibility == 0.0
    assert params.replace(fungibility_override=0.0).visibility == 0.3
    assert params.replace(visibility_override=1.0).visibility == 1.0
    assert params.replace(visibility_override=1.0).fungibility == 0.7


def test_the_four_worlds_of_jervis() -> None:
    worlds = {name: (world.balance, world.distinguishability) for name, world in WORLDS.items()}
    assert worlds == {
        "doubly_dangerous": (0.9, 0.0),
        "intense": (-0.9, 0.0),
        "not_intense": (0.9, 0.95),
        "doubly_safe": (-0.9, 0.95),
    }
    for world in WORLDS.values():
        assert world.replace(balance=0.9, distinguishability=0.0) == Params()


def test_casting_keeps_numbers_and_makes_arrays() -> None:
    params = Params(balance=1, greed=[0.5, 1.0], trust=np.float64(0.7)).cast(np.float32)
    assert isinstance(params.balance, float)
    assert isinstance(params.trust, float)
    assert params.greed.dtype == np.float32
    assert params.fungibility_override is None


def test_no_faults_of_the_worlds_and_of_values_by_state() -> None:
    for world in WORLDS.values():
        assert parameter_faults({name: getattr(world, name) for name in PARAMETERS}, 3) == []
    assert parameter_faults({"greed": [0.5, 1.0, 2.0], "trust": [0.5]}, 3) == []


def test_every_fault_is_named_with_its_range() -> None:
    values: dict[str, Any] = {"war_cost": 0.5, "blance": 1.0, "greed": [0.1, 4.0], "trust": [0.5, 0.5], "upkeep": None}
    faults = parameter_faults(values, 3)
    assert len(faults) == 5
    assert "war_cost = 0.5 is outside (0, 0.5)" in faults[0]
    assert "'blance': did you mean 'balance'?" in faults[1]
    assert "greed" in faults[2]
    assert "[0, 3]" in faults[2]
    assert "trust has 2 values for 3 states" in faults[3]
    assert "upkeep = None" in faults[4]


def test_a_world_and_its_changes() -> None:
    assert world_params("intense", None, {}, 2) == WORLDS["intense"]
    assert world_params("intense", None, {"greed": 1.0}, 2) == WORLDS["intense"].replace(greed=1.0)
    assert world_params(None, Params(balance=0.1), {"greed": 1.0}, 2) == Params(balance=0.1, greed=1.0)


def test_unknown_worlds_and_bad_values_are_reported_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        world_params("doubly_dangrous", None, {"gred": 1.0, "war_cost": 2.0}, 2)
    assert len(error.value.faults) == 3
    for part in ("did you mean 'doubly_dangerous'?", "did you mean 'greed'?", "war_cost = 2.0 is outside (0, 0.5)"):
        assert part in str(error.value)


def test_a_given_fault_may_be_overridden() -> None:
    assert world_params(None, Params(war_cost=9.0), {"war_cost": 0.3}, 2).war_cost == 0.3
    with pytest.raises(ParameterError, match=r"war_cost = 9.0"):
        world_params(None, Params(war_cost=9.0), {}, 2)


def test_nearest_lists_the_names_where_none_is_close() -> None:
    assert nearest("hodl", ("hold", "strike")) == "did you mean 'hold'?"
    assert nearest("zzz", ("hold", "strike")) == "valid names: hold, strike"


def test_a_world_and_params_are_not_both_given() -> None:
    with pytest.raises(ParameterError, match="world = 'intense' and params are both given"):
        world_params("intense", Params(balance=0.1), {}, 2)


@pytest.mark.parametrize("params", [None, {"balance": 1}, "intense"])
def test_what_is_no_params_is_said(params: Any) -> None:
    (fault,) = params_faults(params)
    assert fault.startswith(f"params = {params!r} must be a Params")


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True, np.float32(2), [1, 2]])
def test_seeds_out_of_range(seed: Any) -> None:
    assert seed_faults(seed) == [f"seed = {seed!r} must be None or a whole number in [0, ∞)"]
    assert seed_faults(None) == seed_faults(0) == seed_faults(np.uint64(2**63)) == seed_faults(2**70) == []


def test_whole_numbers_of_any_kind_become_ints() -> None:
    assert type(plain_int(np.int8(100))) is int
    assert [plain_int(x) for x in (True, 1.0, None)] == [True, 1.0, None]
    assert type(plain_int(1.0)) is float
