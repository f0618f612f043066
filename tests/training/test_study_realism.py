"""What is measured of defensive and offensive realists, on games whose outcome is known from the rules."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.params import WORLDS
from security_dilemma.state import Move
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.config import RunConfig
from security_dilemma_training.policies import Matched, Policy
from security_dilemma_training.studies.finding import load_study
from security_dilemma_training.studies.material import material_payoff
from security_dilemma_training.studies.realism import (
    MEASUREMENT,
    arms_reached,
    escape,
    kinds,
    relative_gain,
    survival,
)
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.players import Scripted

DANGEROUS = WORLDS["doubly_dangerous"]
MIXED = DANGEROUS.replace(power_weight=np.array([0.0, 1.0]))
HOLD, ARM, STRIKE = Scripted(Move.HOLD), Scripted(Move.ARM_OFFENSIVELY), Scripted(Move.STRIKE)
STUDY = str(Path(__file__).parents[2] / "configs" / "studies" / "realism.yaml")


def games(policy: Policy, params: Any = MIXED, **given: Any) -> Trajectories:
    return record(params, policy, **({"n_games": 400, "intents": 0, "seed": 1} | given))


def test_who_is_paid_for_power_seeks_it() -> None:
    assert kinds(games(HOLD, n_games=2)).power.tolist() == [[False, True]] * 2
    assert not kinds(games(HOLD, DANGEROUS, n_games=2)).power.any()
    assert kinds(games(HOLD, DANGEROUS.replace(power_weight=0.1), n_games=2)).power.all()


def test_the_dilemma_is_escaped_by_peace_with_few_arms_only() -> None:
    disarmed = games(HOLD)
    assert escape(disarmed, 20) == 1
    assert escape(games(ARM), 20) == 0, "an armed peace is no escape"
    assert escape(games(STRIKE), 20) == 0, "nor is a war without arms"
    assert math.isnan(escape(games(HOLD, intents=1), 20)), "greedy states have no dilemma to escape"
    assert escape(games(ARM, DANGEROUS.replace(arms_cap=0.45)), 20) == 1, "less than one arming move buys, .5, is few"
    assert escape(games(ARM, DANGEROUS.replace(arms_cap=0.55)), 20) == 0


def test_who_arms_in_every_step_reaches_the_cap() -> None:
    t = games(Matched([HOLD, ARM]), n_games=5)
    security, power = kinds(t)
    assert arms_reached(t, security) == 0
    assert arms_reached(t, power) == pytest.approx(1)
    assert arms_reached(t, ~t.greedy) == pytest.approx(0.5)
    # 2 of the cap's 3 units after four steps, .5 (1 + .95 + .95² + .95³) = 1.8549
    short = games(ARM, n_games=5, max_cycles=5)
    assert arms_reached(short, ~short.greedy) == pytest.approx(1.854938 / 3, rel=1e-5)


def test_of_two_at_war_one_survives() -> None:
    t = games(STRIKE, MIXED.replace(crisis_rate=1.0))
    security, power = kinds(t)
    assert survival(t, security) + survival(t, power) == pytest.approx(1)
    # both strike with equal forces: an even chance; 4 standard deviations of 400 games
    assert survival(t, security) == pytest.approx(0.5, abs=0.1)
    peace = games(HOLD)
    assert survival(peace, security) == survival(peace, power) == 1


def test_a_striker_survives_with_the_chance_of_its_strike() -> None:
    """Unarmed: Λ(2 (.9 + ln(.1 / 1))) = .0571."""
    t = games(Matched([HOLD, STRIKE]), MIXED.replace(crisis_rate=1.0), n_games=2000)
    security, power = kinds(t)
    assert survival(t, power) == pytest.approx(0.0571, abs=4 * math.sqrt(0.0571 * 0.943 / 2000))
    assert survival(t, security) == pytest.approx(1 - survival(t, power))


def test_the_gain_of_one_relative_to_the_other_is_in_goods() -> None:
    peace = games(HOLD, n_games=5)
    assert relative_gain(material_payoff(peace), kinds(peace).power) == pytest.approx(0, abs=1e-5)
    # who arms alone pays for it: κ x in each step, x' = min(.95 x + .5, 3)
    t, spent, arms = games(Matched([HOLD, ARM]), n_games=5), 0.0, 0.0
    for step in range(64):
        spent, arms = spent + 0.05 * 0.95**step * 0.02 * arms, min(0.95 * arms + 0.5, 3.0)
    assert relative_gain(material_payoff(t), kinds(t).power) == pytest.approx(-spent, rel=1e-3)
    assert math.isnan(relative_gain(material_payoff(t), np.zeros((5, 2), bool)))


def measured(world: str, *names: str, **params: Any) -> dict[str, float]:
    config = RunConfig(world=world, params={"power_weight": (0.0, 1.0)} | params)
    players = [STRATEGIES[name](config.resolved_params(), 2, None, 64) for name in names]
    policy: Policy = Matched(players) if len(players) > 1 else players[0]
    return dict(MEASUREMENT.of(Subject(policy, config, games=200, seed=3)))


def test_null_and_positive_control_are_the_scripted_realists() -> None:
    """Two who balance have nothing to balance; two who take all they can get are at war where offence pays."""
    defensive, offensive = (measured("doubly_dangerous", f"{kind}_realist") for kind in ("defensive", "offensive"))
    assert defensive["escape"] == 1
    assert defensive["survival_security"] == defensive["survival_power"] == 1
    assert defensive["arms_reached"] == 0
    assert defensive["material_mean"] == pytest.approx(1, rel=1e-4)
    assert offensive["escape"] == 0
    assert offensive["survival_security"] + offensive["survival_power"] == pytest.approx(1, abs=0.01)
    assert offensive["arms_reached"] > 0.3
    assert offensive["material_mean"] < 0.6
    armed_peace = measured("intense", "offensive_realist")
    assert armed_peace["survival_security"] == armed_peace["survival_power"] == 1
    assert armed_peace["escape"] == 0
    assert armed_peace["arms_reached"] == pytest.approx(1)


def test_in_a_mixed_pair_the_two_are_told_apart() -> None:
    found = measured("intense", "defensive_realist", "offensive_realist")
    assert set(found) == set(MEASUREMENT.definitions)
    assert found["arms_power"] > found["arms_security"] > 1, "the one balances the other's arms, a step behind"
    assert found["survival_security"] == 1
    assert found["relative_gain"] < 0, "the other pays more for them"
    pure = measured("intense", "defensive_realist", power_weight=0.0)
    for metric in ("arms_power", "survival_power", "material_power", "relative_gain"):
        assert math.isnan(pure[metric])


@pytest.mark.parametrize("order", [(0.0, 1.0), (1.0, 0.0)])
def test_seats_do_not_matter(order: tuple[float, float]) -> None:
    """Whichever state seeks power: who arms for attack alone in a world of defence survives and pays for it."""
    names = [("dove", "offensive_realist")[int(weight)] for weight in order]
    found = measured("intense", *names, power_weight=order)
    assert found["arms_security"] == 0
    assert found["arms_power"] > 2
    assert found["relative_gain"] < -0.02


def test_in_the_study_conditions_of_a_world_differ_by_what_power_is_worth_alone() -> None:
    study = load_study(STUDY, [])
    configs = {name: study.run_config(name, 0) for name in study.conditions}
    learned = {name: config for name, config in configs.items() if not study.conditions[name].players}
    assert {config.partners.scheme for config in learned.values()} == {"independent"}
    assert {config.n_networks for config in learned.values()} == {2}
    for name, config in learned.items():
        assert config.world == {"offence": "doubly_dangerous", "defence": "intense"}[name.partition("_")[0]]
        assert set(config.params) <= {"power_weight", "spoils"}
        alone = config.resolved() | {"params": None, "world": None, "name": None, "output": None}
        first = learned["offence_security"].resolved() | {"params": None, "world": None, "name": None, "output": None}
        assert alone == first
    assert configs["offence_mixed"].params == {"power_weight": (0.0, 1.0)}
    controls = {name: one.players for name, one in study.conditions.items() if one.players}
    assert controls["scripted_defensive"] == ("defensive_realist",)
    assert controls["scripted_offensive"] == ("offensive_realist",)
    assert {comparison.metric for comparison in study.comparisons} <= set(study.definitions)
