"""The learner's section of a config: one for each algorithm, and what is told of its faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.reference import reference
from security_dilemma_training.config import ConfigError, FourWorldsConfig, PPOConfig, RunConfig, load, parse
from security_dilemma_training.learner_sections import ALGORITHM_NAMES, DQNConfig, OnPolicyConfig
from tests.training.test_config import faults_of

ROOT = Path(__file__).parents[2]


def learner_faults(**learner: Any) -> dict[str, str]:
    """The faults of a learner's options in a world."""
    return faults_of({"world": "intense", "learner": learner})


@pytest.mark.parametrize("name", ALGORITHM_NAMES)
def test_every_algorithm_has_an_example(name: str) -> None:
    config = load(ROOT / "configs" / "algorithms" / f"{name}.yaml", [], RunConfig)
    assert config.learner.algorithm == name
    assert isinstance(config.learner, ALGORITHMS[name].section)
    assert parse(config.resolved(), RunConfig).resolved() == config.resolved()


def test_the_docs_tell_all_options() -> None:
    documented = (ROOT / "docs" / "algorithms.md").read_text(encoding="utf-8")
    assert reference() in documented, (
        "stale: put what `python -m security_dilemma_training.algorithms.reference` prints"
    )


def test_an_option_of_another_algorithm_is_told() -> None:
    told = "= 3 is an option of ppo, a2c, maskable_ppo, recurrent_ppo, not of dqn"
    assert learner_faults(algorithm="dqn", n_steps=3) == {"learner.n_steps": told}
    assert (
        learner_faults(buffer_size=9)["learner.buffer_size"] == "= 9 is an option of dqn, qr_dqn, sac, td3, not of ppo"
    )
    assert learner_faults(algorithm="tabular", hidden_sizes=[8])["learner.hidden_sizes"].endswith("not of tabular")
    typing_error = learner_faults(algorithm="dqn", lerning_rate=3)["learner.lerning_rate"]
    assert typing_error == "= 3 is an unknown key: did you mean 'learning_rate'?"
    partners = faults_of({"world": "intense", "partners": {"pool_size": 3}})
    assert partners == {"partners.pool_size": "= 3 is an option of population, not of self_play"}


def test_what_is_missing_is_said_to_be_missing() -> None:
    found = faults_of({"world": "intense", "partners": {"scheme": "frozen"}})
    assert found == {"partners.policies": "is missing: it must be a non-empty list, each a text"}


def test_an_unknown_algorithm_is_told_with_the_nearest() -> None:
    assert learner_faults(algorithm="dqnn") == {"learner.algorithm": "= 'dqnn' is unknown: did you mean 'dqn'?"}
    assert "learner.algorithm" in learner_faults(algorithm=3)


@pytest.mark.parametrize(
    ("learner", "told"),
    [
        ({"algorithm": "dqn", "exploration_share": 0.0}, "= 0.0 must be a number in (0, 1]"),
        ({"algorithm": "dqn", "exploration_final": 1.5}, "= 1.5 must be a number in [0, 1]"),
        ({"algorithm": "sac", "target_share": 0.0}, "= 0.0 must be a number in (0, 1]"),
        ({"algorithm": "td3", "action_noise": -1.0}, "= -1.0 must be a number in [0, ∞)"),
        ({"algorithm": "tabular", "cells": 9}, "= 9 must be a whole number in [1, 8]"),
        ({"algorithm": "tabular", "learning_rate": 1.5}, "= 1.5 must be a number in (0, 1]"),
        ({"algorithm": "tabular", "device": "cuda"}, "= 'cuda': a table is on the processor, leave it out"),
        ({"algorithm": "qr_dqn", "n_quantiles": 0}, "= 0 must be a whole number in [1, ∞)"),
        ({"algorithm": "dqn", "buffer_size": 100}, "= 100 must be at least the slots of a network = 128"),
        ({"algorithm": "dqn", "target_update_every": 9}, "= 9 must be at least the slots of a network = 128"),
    ],
)
def test_ranges(learner: dict[str, Any], told: str) -> None:
    assert learner_faults(**learner) == {f"learner.{list(learner)[1]}": told}


@pytest.mark.parametrize(
    ("scheme", "steps", "whose"), [("self_play", 5120, ""), ("independent", 10_000, " of each learner")]
)
def test_a_training_that_is_over_before_the_first_update_is_told(scheme: str, steps: int, whose: str) -> None:
    def data(agent_steps: int) -> dict[str, Any]:
        learner = {"algorithm": "dqn", "learning_starts": 5120}
        schedule = {"agent_steps": agent_steps}
        return {"world": "intense", "learner": learner, "partners": {"scheme": scheme}, "schedule": schedule}

    told = f"= 5120 must be below the 5120 agent-steps{whose}: nothing would be learned"
    assert faults_of(data(steps)) == {"learner.learning_starts": told}
    parse(data(11_000), RunConfig)


@pytest.mark.parametrize(
    ("name", "mode", "told"),
    [
        ("dqn", "multidiscrete", "discrete"),
        ("sac", "discrete", "continuous"),
        ("maskable_ppo", "continuous", "multidiscrete or discrete"),
    ],
)
def test_an_action_mode_that_cannot_be_learned_is_told(name: str, mode: str, told: str) -> None:
    found = faults_of({"world": "intense", "learner": {"algorithm": name}, "game": {"action_mode": mode}})
    assert found == {"game.action_mode": f"= {mode!r} cannot be learned by {name}: choose {told}"}


def test_learners_are_narrowed_to_a_kind() -> None:
    config = parse({"world": "intense", "learner": {"algorithm": "dqn"}}, RunConfig)
    assert config.learner.narrowed(DQNConfig) is config.learner
    with pytest.raises(ConfigError, match=r"learner\.algorithm = 'dqn' must be ppo here"):
        config.learner.narrowed(PPOConfig)
    with pytest.raises(ConfigError, match="must be ppo or a2c or maskable_ppo or recurrent_ppo here"):
        config.learner.narrowed(OnPolicyConfig)


def test_each_of_four_worlds_keeps_the_algorithm_and_its_mode() -> None:
    config = parse({"learner": {"algorithm": "sac", "target_share": 0.02}}, FourWorldsConfig)
    one = config.for_world("intense")
    assert one.game.action_mode == "continuous"
    assert one.learner == config.learner
