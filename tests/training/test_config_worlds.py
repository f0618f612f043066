"""Configs of several worlds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from security_dilemma.params import WORLDS
from security_dilemma_training.config import (
    FourWorldsConfig,
    PPOConfig,
    load_defaults,
    parse,
)
from tests.training.test_config import faults_of


def test_each_of_the_four_worlds_has_its_config() -> None:
    config = load_defaults(["learner.n_steps=64", "params.war_cost=0.3"], FourWorldsConfig)
    assert tuple(config.worlds) == tuple(WORLDS)
    for name in config.worlds:
        one = config.for_world(name)
        assert (one.world, one.label, one.folder) == (name, name, Path("runs/four_worlds") / name)
        assert one.resolved_params() == WORLDS[name].replace(war_cost=0.3)
        assert (one.learner.narrowed(PPOConfig).n_steps, one.seeds) == (64, (0, 1, 2, 3, 4))
    with pytest.raises(KeyError):
        config.for_world("utopia")


def test_worlds_of_ones_own() -> None:
    worlds: dict[str, Any] = {
        "intense": None,
        "not_intense": {"upkeep": 0.05},
        "parity": {"balance": 0, "greed": [0, 1]},
    }
    config = parse({"worlds": worlds, "params": {"upkeep": 0.01}}, FourWorldsConfig)
    assert config.for_world("intense").resolved_params() == WORLDS["intense"].replace(upkeep=0.01)
    assert config.for_world("not_intense").resolved_params() == WORLDS["not_intense"].replace(upkeep=0.05)
    own = config.for_world("parity")
    assert (own.world, own.label) == (None, "parity")
    assert own.resolved_params().balance == 0


@pytest.mark.parametrize(
    ("worlds", "key", "told"),
    [
        (["intense", "intens"], "worlds.intens", "did you mean 'intense'?"),
        (["intense", "intense"], "worlds", "more than once"),
        ({"intense": {"balance": 7}}, "worlds.intense.balance", "[-3, 3]"),
        ({"intense": {"balanse": 1}}, "worlds.intense.balanse", "did you mean 'balance'?"),
        ({"own": {}}, "worlds.own", "a world of your own needs parameters"),
        ({"../own": {"balance": 1}}, "worlds", "'../own'"),
        ([], "worlds", "non-empty"),
        (5, "worlds", "list"),
    ],
)
def test_faults_of_worlds(worlds: Any, key: str, told: str) -> None:
    assert told in faults_of({"worlds": worlds}, FourWorldsConfig)[key]
