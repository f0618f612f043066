"""Populations: one learner among its past and strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from security_dilemma.strategies import Strategy
from security_dilemma_training.checkpoints import CheckpointError, count_policies
from security_dilemma_training.config import RunConfig
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.learner_states import weights
from security_dilemma_training.runs import Run
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.schemes.partnered import POOL_FILE, PopulationScheme, pool_members
from security_dilemma_training.train import train
from tests.training.runs_for_tests import new_run, silent, small_config


def population(pool_size: int = 2, snapshot_every: int = 384, **changes: Any) -> RunConfig:
    """A config of four rollouts of 384 agent-steps."""
    partners = {"scheme": "population", "pool_size": pool_size, "snapshot_every": snapshot_every}
    return small_config(**changes | {"partners": partners | changes.get("partners", {})})


def first_weights(network: torch.nn.Module) -> list[float]:
    first = next(iter(weights(network).values()))
    return [float(value) for value in first.ravel()[:3]]


def learned(config: RunConfig, seed: int = 0) -> tuple[PopulationScheme, list[list[float]], list[list[list[float]]]]:
    """What has learned, its weights at the start of each rollout, and those of its pool."""
    scheme = build_scheme(config, seed)
    assert isinstance(scheme, PopulationScheme)
    own, pools = [], []

    def look() -> None:
        own.append(first_weights(scheme.networks[0]))
        pools.append([first_weights(scheme._past[number]) for number in scheme._in_pool()])

    scheme.learn(look)
    return scheme, own, pools


def test_the_pool_begins_with_the_untrained_policy_and_the_oldest_goes() -> None:
    _, own, pools = learned(population())
    assert len(own) == 4
    assert pools == [[own[0]], own[0:2], own[1:3], own[2:4]]


def test_a_policy_is_added_when_so_many_steps_have_been_made() -> None:
    _, own, pools = learned(population(pool_size=9, snapshot_every=500))
    # rollouts start at 0, 384, 768 and 1152 steps
    assert pools == [[own[0]], [own[0]], [own[0], own[2]], [own[0], own[2], own[3]]]


def test_members_do_not_learn() -> None:
    scheme, own, _ = learned(population(pool_size=9))
    assert [first_weights(network) for network in scheme._past.values()] == own
    learning = {value.data_ptr() for value in scheme.networks[0].parameters()}
    assert not any(learning & {value.data_ptr() for value in past.parameters()} for past in scheme._past.values())


def test_strategies_stay_in_the_pool() -> None:
    scheme, _, _ = learned(population(partners={"strategies": ["grim", "tit_for_tat"]}))
    assert scheme.company.drawn[:2] == [0, 1]
    assert len(scheme.company.drawn) == 4
    assert all(isinstance(scheme.company.members[k], Strategy) for k in range(2))
    assert set(scheme.company.playing.ravel().tolist()) <= {-1, *scheme.company.members}


def test_taking_in_a_member_draws_nothing_from_the_learners_generators() -> None:
    scheme = build_scheme(population(), 0)
    assert isinstance(scheme, PopulationScheme)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    scheme._add(weights(scheme.networks[0]))
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.slow
def test_the_pool_is_written_and_is_what_the_policy_is_measured_among(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", population(partners={"strategies": ["dove"]}))
    train(run, silent)
    assert count_policies(run.folder / POOL_FILE) == 2
    assert len(pool_members(run.config, run.folder)) == 2
    results = evaluate_run(run, games=300)
    found = results["against_partners"]
    assert found["games"] == 300
    assert 0 <= found["war_rate"] <= 1
    assert -1 < found["payoff"] < 1.5
    assert results["config"]["partners"]["scheme"] == "population"
    assert evaluate_run(run, games=300)["against_partners"] == found
    (run.folder / POOL_FILE).unlink()
    with pytest.raises(CheckpointError, match=r"pool\.npz does not exist"):
        evaluate_run(Run.open(run.folder), games=300)


@pytest.mark.parametrize("mode", ["discrete", "continuous"])
def test_every_action_mode_and_three_states(tmp_path: Path, mode: str) -> None:
    config = population(game={"action_mode": mode, "n_states": 3}, partners={"strategies": ["hawk"]})
    run = new_run(tmp_path / "run", config)
    train(run, silent)
    assert run.finished


def test_an_unknown_strategy_is_a_fault() -> None:
    with pytest.raises(
        ConfigError, match=r"partners\.strategies = 'tit_for_tot' is unknown: did you mean 'tit_for_tat'"
    ):
        population(partners={"strategies": ["tit_for_tot"]})


def test_seats_alternate_and_slots_are_games() -> None:
    scheme = build_scheme(population(), 0)
    assert scheme.games.games.n_games == 48
    assert scheme.models[0].n_envs == 48
    env = scheme.models[0].get_env()
    assert env is not None
    np.testing.assert_array_equal(env.get_attr("state_index"), np.arange(48) % 2)
