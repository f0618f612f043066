"""The configs of balance of power and power transition are valid and say what their comments say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from security_dilemma_training.config import RunConfig, load
from security_dilemma_training.studies.finding import load_study
from security_dilemma_training.studies.hegemony import PARITY
from security_dilemma_training.trajectories import record
from tests.training.players import Scripted

CONFIGS = Path(__file__).parents[2] / "configs" / "balance_of_power"
STATES = {"three_states": 3, "four_states": 4, "five_states": 5, "six_states": 6, "power_transition": 3}


def test_every_config_is_here() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == set(STATES)


@pytest.mark.parametrize("name", STATES)
def test_configs_load_name_their_schema_and_fill_whole_batches(name: str) -> None:
    path = CONFIGS / f"{name}.yaml"
    assert path.read_text(encoding="utf-8").splitlines()[0] == "# yaml-language-server: $schema=../schema.json"
    config = load(path, [], RunConfig)
    assert config.game.n_states == STATES[name]
    assert getattr(config.learner, "backend", None) == "jax"
    games = f"slots: {config.learner.slots:<3}          # {config.n_games} games"
    assert games in path.read_text(encoding="utf-8")


def test_the_challenger_catches_up_passes_and_leads_when_the_comment_says() -> None:
    params = load(CONFIGS / "power_transition.yaml", [], RunConfig).resolved_params().replace(crisis_rate=0.0)
    t = record(params, Scripted(0), n_games=1, n_states=3, intents=0, seed=0)
    ratio = t.economy[:, 0, 1] / t.economy[:, 0, 0]
    steps = [int(np.argmax(ratio >= level)) + 1 for level in (PARITY, 1.0, 1 / PARITY)]
    assert steps == [17, 25, 32]


@pytest.mark.parametrize("name", ["balance_of_power", "power_transition"])
def test_studies_load_and_compare_what_they_measure(name: str) -> None:
    study = load_study(name, [])
    assert {comparison.metric for comparison in study.comparisons} <= set(study.definitions)
    assert {"alliances", "hegemony", "contagion"} <= set(study.measures)
