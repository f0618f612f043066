"""Who may play in a tournament, and under which name."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from security_dilemma.params import WORLDS
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.metrics import war_rate
from security_dilemma_training.tournaments.contestants import contestants, policy_of
from security_dilemma_training.tournaments.tournament import Entry, Tournament, run_tournament
from security_dilemma_training.trajectories import record
from security_dilemma_training.vec_env import GamesVecEnv
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


def test_zips_and_imported_players_are_contestants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "anyones", raising=False)
    Path("anyones.py").write_text(
        "import numpy as np\n\nclass Hawk:\n    def act(self, observations, mask, rng):\n"
        "        return np.full((*observations.shape[:2], 2), [4, 0])\n"
    )
    config = small_config(learner={"hidden_sizes": [8]})
    build_learner(config, GamesVecEnv(build_games(config, config.n_games)), 0).save("elsewhere.zip")
    with pytest.raises(ConfigError, match=r"player 'elsewhere.zip' .*another network"):
        contestants(["elsewhere.zip"], 2)
    Path("elsewhere.yaml").write_text("world: intense\nlearner: {hidden_sizes: [8]}\n")
    found = contestants(["elsewhere.zip", "anyones:Hawk", "grim"], 2)
    assert [(c.name, c.learned, c.members[0].imported) for c in found] == [
        ("elsewhere", True, False),
        ("anyones:Hawk", True, True),
        ("grim", False, False),
    ]
    rates = [
        war_rate(record(DANGEROUS, policy_of(c.members[0], DANGEROUS, 2, 64), n_games=50, intents=0, seed=0))
        for c in found
    ]
    assert rates[1:] == [1.0, 0.0]
    assert 0 < rates[0] <= 1


def test_matches_of_imported_players_are_played_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "anyones", raising=False)
    monkeypatch.setattr("security_dilemma_training.tournaments.tournament.run_jobs", _here)
    Path("anyones.py").write_text(
        "import numpy as np\n\nclass Policy:\n    def act(self, observations, mask, rng):\n"
        "        return np.full((*observations.shape[:2], 2), np.load('move.npy'))\n"
    )
    wars: list[float] = []

    def written(_asked: Tournament, entries: list[Entry], _folder: Path, _command: str) -> Path:
        wars.append(entries[0].war_rate.estimate)
        return Path("report")

    monkeypatch.setattr("security_dilemma_training.tournaments.report.write_tournament", written)
    for move in (0, 4):
        np.save("move.npy", [move, 0])
        run_tournament(["anyones:Policy"], {"w": DANGEROUS}, Path("out"), 1, games=10)
    assert wars == [0.0, 1.0]


def _here(jobs: list[Job], workers: int) -> list[Outcome]:
    return [Outcome(job.name, job.function(report=lambda *_: None, **job.kwargs)) for job in jobs]
