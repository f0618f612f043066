"""Independent learners reach what theory says, and only from what they may see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from security_dilemma.params import ParameterError
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma.theory import (
    critical_strike_probability,
    power_armament,
    quantal_responses,
    strike_shares,
)
from security_dilemma_training.theory.armament import ArmamentLearners
from security_dilemma_training.theory.independent import Feature, IndependentLearners, information
from security_dilemma_training.theory.independent_experiments import INDEPENDENT
from security_dilemma_training.theory.settings import MEASURES, Settings, basin_starts, critical, trust_levels
from security_dilemma_training.theory.targets.arms import power_params
from security_dilemma_training.theory.targets.rows import Verdict, attach
from security_dilemma_training.theory.targets.signals import signalling_game

UNPREPARED = Settings(balance=1.3, war_cost=0.3, trust=0.3, greed=1.2, precision=3.0, initiative_width=0.9)


def test_what_is_conditioned_on() -> None:
    names = {name: [[f.name for f in stage] for stage in information(game)] for name, game in STAGE_GAMES.items()}
    assert names["crisis"] == [["own_greed"]]
    assert names["kydd_reassurance"] == [["own_greed"], ["own_greed", "other_1_struck_me"]]
    assert names["baliga_sjostrom"] == [["own_greed", "own_initiative"]]
    assert names["costly_signal"] == [["own_greed"], ["own_greed", "other_1_burn"]]
    assert "other_1_arms" in names["jackson_morelli"][1]
    assert "other_1_dossier" in names["warning_time"][2]
    edges = information(STAGE_GAMES["baliga_sjostrom"], bins=4)[0][1].edges
    assert edges == pytest.approx((-0.35, 0.0, 0.35))


def test_shapes_and_starts() -> None:
    learners = IndependentLearners(STAGE_GAMES["kydd_reassurance"], seeds=3, games=4, initial_strike=0.3)
    first, second = learners.strikes()
    assert first.shape == (3, 2, 2)
    assert second.shape == (3, 2, 2, 2, 2)  # own greed, was struck, own action before
    assert np.allclose(first, 0.3)
    assert [actions.tolist() for actions in learners.actions] == [[[0, 0], [4, 0]]] * 2
    arming = IndependentLearners(STAGE_GAMES["jackson_morelli"], seeds=1, games=4)
    assert np.allclose(arming.probabilities()[0], 1 / 3)
    assert (arming.learn(2)[0] == 0).all()


@pytest.mark.parametrize(("balance", "greed", "expected"), [(-1.0, 1.0, 0.0), (2.0, 3.0, 1.0)])
def test_dominant_moves_are_learned(balance: float, greed: float, expected: float) -> None:
    game = Settings(balance=balance, greed=greed).game("crisis", trust=0.0)
    strikes = IndependentLearners(game, seeds=3, games=64, learning_rate=4.0).learn(60)[0]
    assert np.abs(strikes[:, :, 1] - expected).max() < 0.1
    assert np.allclose(strikes[:, :, 0], 0.5)  # there are no security seekers to learn


def test_entropy_alone_makes_all_actions_alike() -> None:
    game = Settings().game("crisis", trust=1.0)
    learners = IndependentLearners(game, seeds=2, games=64, entropy_weight=20.0, learning_rate=0.05, initial_strike=0.9)
    assert np.abs(learners.learn(100)[0][..., 0] - 0.5).max() < 0.05


@pytest.mark.parametrize(("cost", "burns"), [(0.3, 1.0), (1.2, 0.0)])
def test_a_price_paid_now_is_weighed_against_what_comes_of_it_later(cost: float, burns: float) -> None:
    """The receiver holds iff it saw a cost burnt, which is worth ½ + c = .7 to a security seeker."""
    learners = IndependentLearners(signalling_game(Settings(trust=0.99), cost), seeds=2, games=128, learning_rate=8.0)
    first, second = learners.logits
    first[:, 1, :, 1] = -12
    second[:, 1, :, 0, :, 1], second[:, 1, :, 1, :, 1] = 12, -12
    second[:, 0, 0, :, 0, 1], second[:, 0, 0, :, 1, 1] = 4, -4
    learners.learn(60)
    assert np.abs(learners.probabilities()[0][:, 0, 0, 1] - burns).max() < 0.1


def test_the_basin_of_war_begins_at_the_critical_probability() -> None:
    game, critical_probability = (
        Settings().game("crisis", trust=1.0),
        critical_strike_probability(Settings().chance, 0.2),
    )
    for shift, war in ((-0.15, False), (0.15, True)):
        start = critical_probability + shift
        learners = IndependentLearners(game, seeds=4, games=64, learning_rate=4.0, initial_strike=start)
        strikes = learners.learn(80)[0][..., 0]
        assert ((strikes > 0.5) == war).all(), (start, strikes)


def test_learning_goes_on_where_it_stopped_and_is_the_same_again() -> None:
    game = STAGE_GAMES["stag_hunt"]
    once, again = (IndependentLearners(game, seeds=2, games=16, seed=5) for _ in range(2))
    assert np.array_equal(once.learn(3)[0], again.learn(3)[0])
    assert not np.array_equal(once.learn(1)[0], again.strikes()[0])


def test_what_would_come_after_a_war_teaches_nothing() -> None:
    game = STAGE_GAMES["kydd_reassurance"]._replace(war="terminal")
    for strikes, learns in ((30.0, False), (-30.0, True)):
        learners = IndependentLearners(game, seeds=2, games=32)
        first, second = learners.logits
        first[..., 1] = strikes
        before = second.copy()
        learners.learn(3)
        assert np.array_equal(learners.logits[1], before) != learns


def test_own_features() -> None:
    features = [[Feature("own_crisis", (0.5,))]]
    learners = IndependentLearners(STAGE_GAMES["crisis"], seeds=1, games=8, features=features)
    assert learners.learn(1)[0].shape == (1, 2, 2)


def test_faults_are_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        IndependentLearners(
            STAGE_GAMES["crisis"],
            seeds=0,
            learning_rate=0.0,
            entropy_weight=-1.0,
            final_rate_share=2.0,
            initial_strike=1.0,
        )
    assert [fault.split(" = ")[0] for fault in caught.value.faults] == [
        "seeds",
        "learning_rate",
        "entropy_weight",
        "final_rate_share",
        "initial_strike",
    ]
    with pytest.raises(ValueError, match="updates = 0"):
        IndependentLearners(STAGE_GAMES["crisis"], seeds=1, games=2).learn(0)
    with pytest.raises(ParameterError, match="start = 2"):
        ArmamentLearners(power_params(Settings(), 1.0), n_states=2, seeds=1, start=2)


@pytest.mark.parametrize(("weight", "n"), [(1.0, 2), (0.6, 3), (0.0, 2)])
def test_armament_for_power(weight: float, n: int) -> None:
    burdens = ArmamentLearners(power_params(Settings(), weight), n_states=n, seeds=3, games=64).learn(200)
    assert np.abs(burdens.mean(axis=-1) - power_armament(weight, n)).max() < 0.03


# what takes seconds: every experiment at settings that nobody prepared


def test_every_experiment_measures_what_is_named() -> None:
    assert set(INDEPENDENT) <= set(MEASURES)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [Settings(), UNPREPARED])
def test_logit_responses_are_learned(settings: Settings) -> None:
    (point,) = quantal_responses(settings.chance, settings.war_cost, settings.precision)
    values = INDEPENDENT["quantal_response"](settings, 4)["strike"]
    assert np.mean(values) == pytest.approx(point, abs=0.03), values


@pytest.mark.slow
def test_basins_and_trust_at_unprepared_settings() -> None:
    boundary = critical(UNPREPARED)
    assert boundary is not None
    basins = INDEPENDENT["basin"](UNPREPARED, 4)
    for start in basin_starts(UNPREPARED):
        if abs(start - boundary) > 0.02:
            assert basins[f"war_from_{start:.4f}"] == [float(start > boundary)] * 4, basins
    wars = INDEPENDENT["trust_threshold"](UNPREPARED, 4)
    for trust in trust_levels(UNPREPARED):
        assert wars[f"war_at_{trust:.4f}"] == [float(trust < 1 - boundary)] * 4, wars


@pytest.mark.slow
@pytest.mark.parametrize("settings", [Settings(balance=2.0), UNPREPARED])
def test_fear_multiplies_in_learning(settings: Settings) -> None:
    (share,) = strike_shares(settings.chance, settings.war_cost, 0.0, settings.initiative_width)
    values = INDEPENDENT["fear_multiplier"](settings, 3)
    assert np.mean(values["share"]) == pytest.approx(share, abs=0.05), values
    assert np.mean(values["war"]) == pytest.approx(1 - (1 - share) ** 2, abs=0.08), values


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["reassurance", "costly_signal"])
def test_types_stay_apart_inside_the_window_only(experiment: str) -> None:
    values = INDEPENDENT[experiment](UNPREPARED, 4)
    assert list(values.values()) == [[0.0] * 4, [1.0] * 4, [0.0] * 4], values


@pytest.mark.slow
def test_power_is_learned() -> None:
    settings = replace(UNPREPARED, power_weight=1.6)
    for n in (2, 3, 4):
        values = INDEPENDENT["power"](settings, 2)[f"burden_of_{n}"]
        assert np.mean(values) == pytest.approx(power_armament(1.6, n), abs=0.03), (n, values)


@pytest.mark.nightly
@pytest.mark.parametrize("settings", [Settings(), UNPREPARED, Settings(balance=2.0, trust=0.5)])
@pytest.mark.parametrize("experiment", sorted(INDEPENDENT))
def test_twenty_seeds_of_every_experiment(settings: Settings, experiment: str) -> None:
    from security_dilemma_training.theory.targets import exact_rows

    found = {"independent": {experiment: INDEPENDENT[experiment](settings, 20)}}
    rows = [row for row in attach(exact_rows(settings), found) if row.learned]
    assert rows
    failed = [(row.quantity, row.theory, row.learned) for row in rows if row.verdict is Verdict.FAIL]
    assert not failed, failed
