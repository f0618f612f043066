"""What is measured of reassurance, on scripted states of which it is known how they answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.perception import observation_table
from security_dilemma.state import Move, Signal
from security_dilemma.theory import is_stag_hunt, minimum_trust, parity_chance, peace_is_equilibrium
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.players import player
from security_dilemma_training.policies import Bools, Floats, Policy
from security_dilemma_training.studies.finding import load_study
from security_dilemma_training.studies.reassurance import (
    MEASUREMENT,
    PROVOKED,
    Rival,
    arms,
    facing_one,
)
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import record
from tests.training.players import Coin, Scripted
from tests.training.runs_for_tests import merged

WORLD: dict[str, Any] = {"world": "doubly_dangerous", "params": {"crisis_rate": 0.4}}


def config(**changes: Any) -> RunConfig:
    return parse(merged(WORLD, changes), RunConfig)


def measured(policy: Policy | str, games: int = 60, **changes: Any) -> dict[str, float]:
    asked = config(**changes)
    chosen = player(policy, asked, trusted=False) if isinstance(policy, str) else policy
    found = dict(MEASUREMENT.of(Subject(chosen, asked, games=games, seed=0)))
    assert found.keys() == MEASUREMENT.definitions.keys()
    return found


class Fearful:
    """Strikes, or arms, where the other is seen with more than a unit of arms, and else holds."""

    def __init__(self, asked: RunConfig) -> None:
        table = observation_table(asked.resolved_params())
        self.arms = next(entry.place for entry in table if entry.name == "other_1_arms")

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        afraid = observations[..., self.arms] > 1
        moves = np.where(afraid, np.where(mask[..., Move.STRIKE], Move.STRIKE, Move.ARM_DEFENSIVELY), Move.HOLD)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


class Wavering(Scripted):
    """Arms with half a chance and strikes with a third, whatever the others do."""

    def __init__(self) -> None:
        super().__init__(Move.HOLD)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        drawn = rng.random(mask.shape[:2])
        moves = np.where(drawn < 0.5, Move.ARM_OFFENSIVELY, Move.HOLD)
        moves = np.where(mask[..., Move.STRIKE] & (drawn < 1 / 3), Move.STRIKE, moves)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


@pytest.mark.parametrize("policy", [Wavering(), Coin(0.3), Scripted(Move.ARM_OFFENSIVELY)])
def test_who_does_not_look_at_the_other_does_the_same_in_both_games(policy: Policy) -> None:
    found = measured(policy)
    assert [found[f"reassured_{what}"] for what in ("strikes", "arming", "arms")] == [0, 0, 0]


def test_who_goes_by_the_others_arms_is_reassured() -> None:
    # after four purchases of half a unit the rival has 1.86 units, and after two halvings .42
    found = measured(Fearful(config()))
    assert found["reassured_strikes"] < -0.5
    assert found["reassured_arming"] < -0.2
    assert found["reassured_arms"] < 0


def test_tit_for_tat_answers_restraint_and_grim_does_not() -> None:
    forgiving, grim = measured("tit_for_tat"), measured("grim")
    assert forgiving["reassured_strikes"] == 0, "the rival strikes nobody, so tit for tat does not either"
    assert forgiving["reassured_arms"] < -1
    assert grim["reassured_strikes"] == grim["reassured_arming"] == grim["reassured_arms"] == 0


def test_the_rival_arms_and_turns() -> None:
    asked = config(params={"crisis_rate": 0.0, "depreciation": 0.0})
    policy, there = facing_one(Scripted(Move.HOLD), Rival(2, conciliates=True), 4, 2)
    assert there.tolist() == [[True, False], [False, True]] * 2
    t = record(asked.resolved_params(), policy, n_games=4, intents=0, seed=0)
    own = t.arms[:, there]
    assert own[: PROVOKED + 3, 0].tolist() == [0, 0.5, 1, 1.5, 2, 1, 0.5]
    assert (own == own[:, :1]).all()
    assert set(t.signal[PROVOKED:, there].ravel().tolist()) == {Signal.OPEN}
    assert set(t.signal[:PROVOKED, there].ravel().tolist()) == {Signal.SILENT}
    assert arms(t, there) == 0, "only the others count"


def test_what_a_grit_partner_makes_of_them() -> None:
    calm = measured("dove", 50)
    assert (calm["war_with_grit"], calm["survival_of_grit"]) == (0, 1)
    assert calm["payoff_with_grit"] == calm["payoff_of_grit"] == pytest.approx(1)
    # where every step is a crisis a hawk strikes in the second, with half a unit against the home of an unarmed state
    harsh = measured("hawk", 400, params={"crisis_rate": 1.0})
    chance = 1 / (1 + np.exp(-2 * (0.9 + np.log(0.6))))
    assert harsh["war_with_grit"] == 1
    assert harsh["survival_of_grit"] == pytest.approx(1 - chance, abs=0.1)
    assert harsh["payoff_of_grit"] == pytest.approx(0.05 + 0.95 * (harsh["survival_of_grit"] - 0.25))
    assert harsh["payoff_with_grit"] == pytest.approx(0.05 + 0.95 * (0.75 - harsh["survival_of_grit"]))


@pytest.mark.parametrize("game", [{"n_states": 3, "max_cycles": 20}, {"action_mode": "discrete"}])
def test_other_games_are_measured_too(game: dict[str, Any]) -> None:
    found = measured("tit_for_tat", 30, game=game, learner={"slots": 510, "batch_size": 4080})
    assert found["reassured_arms"] < 0
    assert 0 <= found["survival_of_grit"] <= 1


def test_a_stage_game_has_no_steps_to_turn_in() -> None:
    asked = parse({"stage_game": "crisis"}, RunConfig)
    found = MEASUREMENT.of(Subject(Scripted(Move.HOLD), asked, games=4, seed=0))
    assert found.keys() == MEASUREMENT.definitions.keys()
    assert all(math.isnan(value) for value in found.values())


def test_cultures_meet_in_one_world_that_leaves_war_and_peace_open() -> None:
    asked = load_study("culture", [])
    later = [name for name, one in asked.conditions.items() if one.after or one.players]
    worlds = [asked.run_config(name, 0).resolved()["params"] for name in (*later, "fresh")]
    assert len(worlds) == 12
    assert all(world == worlds[0] for world in worlds)
    params = asked.run_config("fresh", 0).resolved_params()
    attack, defence = params.surge_attack + params.arms_cap, params.home_defence + params.arms_cap
    chance = parity_chance(float(params.balance + np.log(attack / defence)), float(params.decisiveness))
    assert chance == pytest.approx(0.784, abs=1e-3)
    assert is_stag_hunt(chance), "who expects a strike had better strike"
    assert minimum_trust(chance, float(params.war_cost)) == pytest.approx(0.379, abs=1e-3)
    assert peace_is_equilibrium(float(params.trust), chance, float(params.war_cost))
