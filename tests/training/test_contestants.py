"""Who may play in a tournament, and under which name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from security_dilemma.params import WORLDS
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.tournaments.contestants import contestants, policy_of
from security_dilemma_training.trajectories import record
from tests.training.runs_for_tests import CRISIS, merged, new_run, small_config
from tests.training.untrained import untrained

DANGEROUS = WORLDS["doubly_dangerous"]


def test_players_are_strategies_and_runs_by_config(tmp_path: Path) -> None:
    for seed in (0, 1):
        untrained(tmp_path / "runs" / "a" / f"seed_{seed}", seed)
    untrained(tmp_path / "runs" / "b" / "seed_0", params={"war_cost": 0.1})
    found = contestants(["hawk", str(tmp_path / "runs"), "hawk", str(tmp_path / "runs" / "a" / "seed_1")], 2)
    assert [(c.name, len(c.members), c.learned) for c in found] == [
        ("hawk", 1, False),
        ("learned_not_intense", 2, True),
        ("learned_not_intense_2", 1, True),
        ("hawk_2", 1, False),
        ("learned_not_intense_3", 1, True),
    ]
    assert found[4].members[0].identity == found[1].members[1].identity != found[1].members[0].identity


def test_all_strategies_have_a_name() -> None:
    assert [c.name for c in contestants(["grim", "strategies"], 2)] == [
        "grim",
        *("grim_2" if name == "grim" else name for name in STRATEGIES),
    ]


def test_every_player_who_cannot_play_is_named_at_once(tmp_path: Path) -> None:
    new_run(tmp_path / "begun", small_config())
    untrained(tmp_path / "three", game={"n_states": 3})
    untrained(tmp_path / "stages", **merged(CRISIS, {"world": None}))
    untrained(tmp_path / "continuous", game={"action_mode": "continuous"})
    names = ["begun", "three", "stages", "continuous"]
    with pytest.raises(ConfigError) as caught:
        contestants(["hawks", "dove", *(str(tmp_path / name) for name in names)], 2)
    text = str(caught.value)
    for part in (
        "5 faults",
        "player 'hawks' is neither a strategy nor a folder, a zip or module:attribute: did you mean 'hawk'?",
        "begun is not trained yet",
        "three was trained with n_states = 3, these games have 2",
        "stages was trained in a stage game",
        "continuous sends rates (action_mode = 'continuous')",
    ):
        assert part in text, part
    with pytest.raises(ConfigError, match="players are missing"):
        contestants([], 2)


def test_a_discrete_policy_plays_as_its_multidiscrete_self(tmp_path: Path) -> None:
    run = untrained(tmp_path / "run", game={"action_mode": "discrete"})
    (contestant,) = contestants([str(run.folder)], 2)
    policy = policy_of(contestant.members[0], DANGEROUS, 2, 64)
    played = record(DANGEROUS, policy, n_games=40, intents=0, seed=0)
    moves = np.bincount(played.move[played.present].ravel(), minlength=5) / played.present.sum()
    signals = np.bincount(played.signal[played.present].ravel(), minlength=5) / played.present.sum()
    assert np.allclose(moves[1:4], 0.2, atol=0.04)
    assert np.allclose(signals, 0.2, atol=0.05)
