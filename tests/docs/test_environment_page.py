"""The environment's page is what the code says, and names everything that the code has."""

from __future__ import annotations

import numpy as np
import pytest
from docs.generators.environment import MOVES, OPTIONS, PAGE, SIGNALS, VERSIONS, page
from docs.generators.rewards import reward_rows

from security_dilemma.parallel_env import METADATA, parallel_env
from security_dilemma.params import PARAMETERS, WORLDS, Params
from security_dilemma.perception import observation_table
from security_dilemma.spaces import START_OPTIONS
from security_dilemma.state import Move, Signal

TEXT = PAGE.read_text(encoding="utf-8")


def row(name: str, cells: int) -> list[str]:
    """The cells from a name on, in the row that has so many of them."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in TEXT.splitlines()]
    found = [row[row.index(f"`{name}`") :] for row in rows if f"`{name}`" in row]
    (right,) = [row for row in found if len(row) == cells]
    return right


def test_is_up_to_date() -> None:
    assert page() == TEXT, "run: python -m docs.generators.environment"


def test_every_parameter_has_its_default_and_range() -> None:
    for name, allowed in PARAMETERS.items():
        _, _, default, interval, _ = row(name, 5)
        assert (default, interval) == (f"`{getattr(Params(), name)}`".replace(".0`", "`"), str(allowed))


def test_every_entry_of_an_observation_has_its_bounds() -> None:
    space = parallel_env().observation_space("state_0")
    for entry in observation_table(WORLDS["doubly_dangerous"]):
        low, high = (float(bound) for bound in row(entry.name, 3)[1].strip("[]").split(", "))
        assert (low, high) == pytest.approx((space.low[entry.place], space.high[entry.place]), rel=1e-5)


def test_everything_that_has_a_meaning_is_told() -> None:
    assert set(MOVES) == set(Move)
    assert set(SIGNALS) == set(Signal)
    assert set(OPTIONS) == set(START_OPTIONS)
    assert f"_v{max(VERSIONS)}" in METADATA["name"]
    assert TEXT.count("\n| v") == len(VERSIONS)


def test_rewards_are_those_of_the_model() -> None:
    p = Params()
    peace = 1 - p.discount
    paid = {what: float(amount) for what, _, amount in reward_rows()}
    assert list(paid.values()) == pytest.approx(
        [
            peace,
            peace * (1 - p.upkeep),
            peace * (1 - p.upkeep - p.burn_cost),
            1 - p.war_cost,
            1 + p.greed - p.war_cost,
            1 + p.greed - p.war_cost - p.audience_cost,
            -p.war_cost,
            -p.support_cost,
        ]
    )


def test_the_chances_of_an_unarmed_strike_follow_the_balance() -> None:
    force = np.log(Params().surge_attack / Params().home_defence)
    for name, world in WORLDS.items():
        chance = 1 / (1 + np.exp(-world.decisiveness * (world.balance + force)))
        assert float(row(name, 6)[3]) == pytest.approx(chance, abs=5e-4)
