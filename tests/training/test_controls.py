"""Causal controls: each changes what it says and nothing else; and the share of the wars that goes with it."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma import WORLDS
from security_dilemma.perception import posture_share
from security_dilemma_training.beliefs.probe import histories
from security_dilemma_training.benchmark.controls import CONTROLS, controlled, war_share
from security_dilemma_training.config import RunConfig, config_hash, parse
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.learners import build_games, load_policy
from security_dilemma_training.playing import play
from security_dilemma_training.responses.best_response import ResponseOptions
from security_dilemma_training.responses.exploitability import exploitability
from security_dilemma_training.runs import Run
from security_dilemma_training.tournaments.contestants import contestants
from security_dilemma_training.train import train
from security_dilemma_training.trajectories import Watched
from tests.envs.builders import random_actions
from tests.training.runs_for_tests import silent, small_config
from tests.training.untrained import untrained

CHANGED = {
    "none": {},
    "intent_revealed": {"game.reveal_intents": True},
    "signals_off": {"game.signals": False},
    "posture_noise_off": {"params.posture_noise": 0.0, "params.arms_noise": 0.0},
    "postures_revealed": {
        "params.visibility_override": 1.0,
        "params.posture_noise": 0.0,
        "params.arms_noise": 0.0,
        "params.intelligence_rate": 1.0,
        "params.worst_case": 0.0,
    },
    "trust_known": {"params.trust": 1.0},
}
NOISY = {"params": {"arms_noise": 0.3, "worst_case": 0.2}}


def flat(resolved: dict[str, Any]) -> dict[str, Any]:
    sections = {name: resolved[name] for name in ("params", "game", "learner", "partners", "schedule")}
    return {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_changes_what_it_says_and_nothing_else(control: str, world: str) -> None:
    data: dict[str, Any] = {"world": world, **NOISY}
    before, after = (flat(parse(values, RunConfig).resolved()) for values in (data, controlled(data, control)))
    assert {key: value for key, value in after.items() if value != before[key]} == CHANGED[control]
    assert data == {"world": world, **NOISY}


def test_controls_are_other_configs_but_for_none() -> None:
    data: dict[str, Any] = {"world": "intense", **NOISY}
    hashes = {name: config_hash(parse(controlled(data, name), RunConfig).resolved()) for name in CONTROLS}
    assert len(set(hashes.values())) == len(CONTROLS)
    assert hashes["none"] == config_hash(parse(data, RunConfig).resolved())
    assert all(control.name == name and control.identifies for name, control in CONTROLS.items())


def test_a_control_leaves_the_rest_of_its_sections() -> None:
    data = {"stage_game": "kydd_reassurance", "params": {"trust": 0.4, "greed": 0.7}, "game": None}
    assert controlled(data, "trust_known") == {**data, "params": {"trust": 1.0, "greed": 0.7}}
    config = parse(controlled(data, "intent_revealed") | {"seeds": [3]}, RunConfig)
    assert config.game.reveal_intents
    assert config.game.war == "scaled"
    assert config.seeds == (3,)


def test_unknown_controls_are_refused() -> None:
    with pytest.raises(ConfigError, match="control = 'signal_off' is unknown: did you mean 'signals_off'"):
        controlled({}, "signal_off")
    with pytest.raises(ConfigError, match="params = 3 must hold"):
        controlled({"params": 3}, "trust_known")


def dossiers(world: str, control: str) -> tuple[Any, Any]:
    """What is believed of, and what is, the offensive share of the other after ten steps of random play."""
    data = small_config(world=world).model_dump(exclude_unset=True)
    games = build_games(parse(controlled(data, control), RunConfig), 200, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(10):
        actions = random_actions(rng, 2, (200,))
        actions[..., 1] = 0  # silent, since who is open hides nothing
        games.step(actions)
    share = posture_share(games.state.offensive, games.state.defensive)
    return games.state.dossier[:, [0, 1], [1, 0]], share[:, ::-1]


def test_without_visibility_it_is_not_noise_that_hides_postures() -> None:
    """Where d = 0 a report carries nothing: without noise dossiers say ½ of everyone, which is no more than before."""
    seen, true = dossiers("doubly_dangerous", "none")
    assert abs(np.corrcoef(seen.ravel(), true.ravel())[0, 1]) < 0.15
    assert_array_equal(dossiers("doubly_dangerous", "posture_noise_off")[0], np.full((200, 2), 0.5))
    seen, true = dossiers("doubly_dangerous", "postures_revealed")
    assert_allclose(seen, true, atol=1e-6)
    assert np.std(true) > 0.1


def test_with_visibility_noise_hides_a_part_of_postures() -> None:
    errors = [np.abs(np.subtract(*dossiers("not_intense", control))).mean() for control in CONTROLS]
    by_control = dict(zip(CONTROLS, errors, strict=True))
    assert by_control["none"] > 1.2 * by_control["posture_noise_off"]
    assert by_control["posture_noise_off"] > 0.02  # dossiers lag behind, and d is below 1
    assert by_control["postures_revealed"] < 1e-6


# --- the share of the wars ---------------------------------------------------------------------------------------


def test_the_share_is_of_mean_rates_over_the_seeds_that_have_both() -> None:
    found = war_share({0: 0.9, 1: 0.0, 2: 0.6, 7: 1.0}, {0: 0.1, 1: 0.2, 2: 0.0, 8: 1.0})
    assert found.share.estimate == pytest.approx((1.5 - 0.3) / 1.5)
    assert found.difference.estimate == pytest.approx(0.4)
    assert found.seeds == 3
    assert found.remarks[0] == "left out: seeds [7, 8] ran on one side only"
    assert "3 seeds tell little" in found.remarks[1]


def test_a_control_that_makes_wars_has_a_negative_share() -> None:
    found = war_share(dict.fromkeys(range(10), 0.4), dict.fromkeys(range(10), 0.5))
    assert_allclose(found.share, [-0.25] * 3)
    assert_allclose(found.difference, [-0.1] * 3)
    assert found.remarks == ()


def test_pairs_are_resampled_together() -> None:
    """Where the control halves the wars of every seed, no resample says anything but one half."""
    rates = dict(enumerate(np.linspace(0.1, 1.0, 12).tolist()))
    found = war_share(rates, {seed: rate / 2 for seed, rate in rates.items()})
    assert_allclose(found.share, [0.5] * 3)
    assert found.difference.low < found.difference.estimate < found.difference.high


def test_the_interval_is_that_of_all_resamples() -> None:
    without, under = {0: 0.5, 1: 0.2, 2: 1.0, 3: 0.4}, {0: 0.1, 1: 0.3, 2: 0.2, 3: 0.4}
    every = np.array(list(product(range(4), repeat=4)))
    w, u = (np.array([rates[seed] for seed in range(4)])[every].mean(axis=1) for rates in (without, under))
    share = war_share(without, under).share
    assert_allclose([share.low, share.high], np.quantile(1 - u / w, (0.025, 0.975)), atol=0.03)


def test_resamples_without_war_widen_the_interval() -> None:
    """Four of eight seeds at war: one resample in 256 sees none, and the bounds are those that are left."""
    rates = {seed: float(seed < 4) for seed in range(8)}
    found = war_share(rates, dict.fromkeys(range(8), 0.25))
    assert found.share.estimate == pytest.approx(0.5)
    assert found.share.low == pytest.approx(1 - 0.25 / (1 / 8))
    assert found.remarks == ()
    rare = war_share({seed: float(seed < 1) for seed in range(8)}, dict.fromkeys(range(8), 0.0))
    assert rare.share.estimate == 1
    assert math.isnan(rare.share.low)
    assert rare.share.high == 1
    assert "no lower bound" in rare.remarks[0]


def test_where_there_is_no_war_there_is_nothing_to_explain() -> None:
    found = war_share(dict.fromkeys(range(6), 0.0), dict(enumerate([0.0, 0.3, 0.0, 0.0, 0.0, 0.0])))
    assert np.isnan(found.share).all()
    assert found.difference.estimate == pytest.approx(-0.05)
    assert found.remarks == ("no war without the control: nothing to explain",)


def test_one_seed_or_none_gives_no_interval() -> None:
    one = war_share({4: 0.5}, {4: 0.1})
    assert_allclose(one.share, [0.8, math.nan, math.nan])
    assert "one seed says nothing" in one.remarks[0]
    none = war_share({4: 0.5}, {5: 0.1})
    assert none.seeds == 0
    assert np.isnan([*none.share, *none.difference]).all()
    assert none.remarks == (
        "left out: seeds [4, 5] ran on one side only",
        "no seed ran both with and without the control",
    )


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.2])
def test_what_is_no_rate_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"under: war rates by seed must be in \[0, 1\], not \{1: "):
        war_share({0: 0.1, 1: 0.2}, {0: 0.1, 1: wrong})


# --- trained and measured under a control ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("control", ["intent_revealed", "signals_off"])
def test_what_measures_a_policy_plays_the_game_it_was_trained_in(control: str, tmp_path: Path) -> None:
    data = small_config(evaluation={"games": 30}, schedule={"agent_steps": 384}).model_dump(exclude_unset=True)
    run = Run.create(tmp_path / "run", parse(controlled(data, control), RunConfig), 0)
    train(run, silent)
    revealed = control == "intent_revealed"
    watched = Watched(load_policy(run))
    played = play(watched, run.config, n_games=30, intents=[0, 1], seed=1)
    assert watched.observations[0].shape == (30, 2, 22 if revealed else 21)
    if revealed:
        assert_allclose(watched.observations[0][:, :, 21], np.broadcast_to([0.5, 0.0], (30, 2)))
    else:
        assert not played.signal.any()
    silence = evaluate_run(run)["pairs"]["mixed"]["signal_silent_greedy"]
    assert (silence == 1.0) != revealed
    budget = ResponseOptions(agent_steps=256, starts=1, slots=16, validation_games=10, games=10)
    assert set(exploitability(run, budget)["by_intent"]) == {"security_seeker", "greedy"}
    assert histories(load_policy(run), run.config, 10, 0).features.shape[-1] == (32 if revealed else 31)


def test_a_tournament_takes_no_policy_of_another_game(tmp_path: Path) -> None:
    untrained(tmp_path / "run", **controlled({}, "signals_off"))
    with pytest.raises(ConfigError, match="was trained with signals = False"):
        contestants([str(tmp_path / "run")], 2)
