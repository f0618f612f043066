"""Runs with networks that pool the other states: in games of any number of states, resumed, and learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.actions import component_sizes
from security_dilemma.state import Move
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.config import ConfigError, config_hash
from security_dilemma_training.learner_states import weights
from security_dilemma_training.learners import load_policy, of_states
from security_dilemma_training.player_evaluation import evaluate_player, with_states
from security_dilemma_training.players import player
from security_dilemma_training.tournaments.contestants import contestants, policy_of
from security_dilemma_training.train import train
from tests.training.learners_for_tests import built, tiny
from tests.training.pooled_for_tests import ABOUT, OWN, POOLED, config_of, observations
from tests.training.runs_for_tests import new_run, ppo, silent, small_config
from tests.training.test_resume import goes_on, small
from tests.training.untrained import untrained


def test_a_config_without_pooling_is_what_it_was() -> None:
    plain, named = small_config(), small_config(learner={"network": "mlp"})
    old = plain.resolved()
    old["learner"] = {name: value for name, value in old["learner"].items() if name != "network"}
    hashes = {config_hash(one) for one in (plain.resolved(), named.resolved(), old)}
    assert len(hashes) == 1
    assert not {config_hash(config_of(kind).resolved()) for kind in POOLED} & hashes
    assert type(ALGORITHMS["ppo"].network(plain)).__name__ == "ActorCriticPolicy"


def test_what_cannot_be_pooled_is_told() -> None:
    with pytest.raises(ConfigError, match=r"learner\.network = 'attention' answers in multidiscrete mode only"):
        config_of("attention", game={"action_mode": "discrete"})
    with pytest.raises(ConfigError, match=r"learner\.hidden_sizes = \[\] leaves 'mean_pooling' no layer to pool"):
        config_of("mean_pooling", learner={"hidden_sizes": []})
    with pytest.raises(
        ConfigError, match=r"learner\.network = 'lstm' must be one of 'mlp', 'mean_pooling', 'attention"
    ):
        config_of("lstm")
    with pytest.raises(ConfigError, match=r"learner\.network = 'attention' is an option of ppo, not of maskable_ppo"):
        tiny("maskable_ppo", learner={"network": "attention"})


def test_only_one_pooled_network_plays_any_number(tmp_path: Path) -> None:
    assert config_of("attention").any_number
    assert not config_of("attention", partners={"scheme": "independent"}, learner={"batch_size": 40}).any_number
    assert of_states(config_of("mlp"), 3) == config_of("mlp")
    with pytest.raises(ConfigError, match=r"n_states = 5: the policy was trained with 3, and only one network for all"):
        of_states(config_of("mlp"), 5)
    with pytest.raises(ConfigError, match=r"game\.stages are for two states"):
        of_states(small_config(stage_game="crisis", world=None, learner={"network": "attention"}), 3)
    with pytest.raises(ConfigError, match=r"params\.greed"):
        with_states(config_of("attention", params={"greed": [0.0, 0.0, 1.0]}), 5)
    run = untrained(tmp_path / "three", game={"n_states": 3}, learner={"slots": 48})
    with pytest.raises(ConfigError, match="was trained with n_states = 3, these games have 5"):
        player(str(run.folder), config_of("mlp", 5), trusted=False)


@pytest.mark.parametrize("kind", POOLED)
def test_a_run_of_three_states_plays_among_five(tmp_path: Path, kind: str) -> None:
    changes: dict[str, Any] = {"learner": {"network": kind}, "params": {"greed": [0.0, 0.0, 1.0]}}
    run = untrained(tmp_path / "three", game={"n_states": 3}, **changes)
    rng, seen = np.random.default_rng, observations(5).reshape(8, 5, -1)
    mask, there = np.ones((8, 5, 15), bool), load_policy(run, n_states=5)
    expected = there.act(seen, mask, rng(0))
    assert expected.shape == (8, 5, 3)
    played = player(str(run.folder), config_of("mlp", 5), trusted=False).act(seen, mask, rng(0))
    np.testing.assert_array_equal(played, expected)
    ppo(run.config).save(tmp_path / "zipped.zip")
    (tmp_path / "zipped.yaml").write_text((run.folder / "config.yaml").read_text())
    zipped = player(str(tmp_path / "zipped.zip"), config_of("mlp", 5), trusted=False)
    np.testing.assert_array_equal(zipped.act(seen, mask, rng(0)), expected)  # the same seed, and untrained
    for found in contestants([str(run.folder)], 5):
        member = policy_of(found.members[0], run.config.resolved_params(), 5, 64)
        np.testing.assert_array_equal(member.act(seen, mask, rng(0)), expected)
    results = evaluate_player(str(run.folder), with_states(config_of("mlp"), 5), 20, trusted=False)
    assert results["n_states"] == 5
    assert set(results["pairs"]) == {"all_security_seekers", "one_greedy", "all_greedy"}
    greedy = results["pairs"]["all_greedy"]
    assert greedy["war_rate"] is not None


@pytest.mark.parametrize(("kind", "n_states"), [("mean_pooling", 3), ("attention", 2)])
def test_an_interrupted_training_goes_on_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, n_states: int
) -> None:
    config = small("ppo", n_states=n_states)
    learner = config.learner.model_copy(update={"network": kind})
    goes_on(tmp_path, monkeypatch, config.model_copy(update={"learner": learner}))


@pytest.mark.parametrize("kind", POOLED)
def test_a_learner_of_stable_baselines3_changes_every_weight(kind: str) -> None:
    config = tiny("ppo", game={"n_states": 3}, learner={"network": kind, "entropy_coefficient": 0.1})
    model = built(config)
    before = {name: np.array(value) for name, value in weights(model.policy).items()}
    model.learn(config.schedule.agent_steps)
    same = [name for name, value in weights(model.policy).items() if np.array_equal(value, before[name])]
    # the bias of keys shifts all likenesses alike, which changes no share
    assert [name for name in same if "key_net.0.bias" not in name] == []


@pytest.mark.slow
def test_a_dominant_strike_is_learned_among_three_and_played_among_others(tmp_path: Path) -> None:
    # striking pays 1.5 whoever wins; no undisturbed future is worth more than 1: whoever is in crisis strikes
    learner = {"backend": "jax", "slots": 480, "n_steps": 8, "batch_size": 960, "learning_rate": 3e-3}
    params = {"initiative_mean": 1.5, "crisis_rate": 0.5}
    changes: dict[str, Any] = {"game": {"max_cycles": 8}, "params": params, "schedule": {"agent_steps": 24 * 3840}}
    run = new_run(tmp_path / "three", config_of("attention", learner=learner, **changes))
    before = untrained(tmp_path / "before", game={"n_states": 3}, learner={"network": "attention"})
    train(run, silent)
    for n_states in (2, 3, 5):
        rates = [_strikes(one, n_states) for one in (before, run)]
        assert rates[0] == pytest.approx(0.2, abs=0.03)
        assert rates[1] > 0.95


def _strikes(run: Any, n_states: int) -> float:
    """How often a state strikes in the crises of games in which nothing has happened yet."""
    seen = np.zeros((2000, n_states, OWN + ABOUT * (n_states - 1)), np.float32)
    seen[..., [1, 4, 5, 7]] = 1.5, 1.0, 0.9, 1.0  # initiative, economy, balance, in crisis
    each = seen[..., OWN:].reshape(2000, n_states, -1, ABOUT)
    each[..., [0, 3, 4, 5]] = 1.0, 0.5, 1.0, 1.0  # alive, dossier, economy, silent
    each[..., 0, 1] = 1.0  # in crisis with state i+1
    mask = np.ones((2000, n_states, sum(component_sizes(n_states))), bool)
    actions = load_policy(run, n_states=n_states).act(seen, mask, np.random.default_rng(0))
    return float(np.mean(actions[..., 0] == Move.STRIKE))
