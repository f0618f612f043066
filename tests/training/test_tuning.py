"""Tuning: spaces without faults, a score that does not select among equilibria, and searches that go on."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from security_dilemma.params import WORLDS
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.learner_sections import ALGORITHM_NAMES
from security_dilemma_training.players import player
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.tuning import objective, outcome, search, tuned
from security_dilemma_training.tuning.objective import PANEL, WORLDS_OF, panel_config, panel_payoff
from security_dilemma_training.tuning.search import Search, open_study, work
from security_dilemma_training.tuning.spaces import SPACES, Choice, default_point, options_of, suggest
from security_dilemma_training.tuning.tuned import FAMILIES, TUNED_FILE, tuned_values, write_tuned
from security_dilemma_training.writing import folder_lock
from tests.training.runs_for_tests import silent

Score = Callable[..., float]


def test_every_algorithm_has_a_space_with_its_defaults() -> None:
    assert tuple(SPACES) == ALGORITHM_NAMES
    for name, space in SPACES.items():
        point = default_point(name)
        for option, where in space.items():
            inside = (
                point[option] in where.values if isinstance(where, Choice) else where.low <= point[option] <= where.high
            )
            assert inside, (name, option)
        stated = parse({"world": "intense", "learner": {"algorithm": name, **options_of(point)}}, RunConfig)
        assert stated == parse({"world": "intense", "learner": {"algorithm": name}}, RunConfig), name


@pytest.mark.parametrize("algorithm", ALGORITHM_NAMES)
def test_every_point_of_a_space_is_a_config_without_faults(algorithm: str) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    points = [suggest(study.ask(), algorithm) for _ in range(3)]
    for point in points:
        learner = {"algorithm": algorithm, **options_of(point)}
        for partners in (
            {"scheme": "self_play"},
            {"scheme": "independent"},
            {"scheme": "frozen", "policies": ["dove"]},
        ):
            parse({"world": "intense", "learner": learner, "partners": partners}, RunConfig)


def test_the_score_is_that_of_one_learner_among_partners_that_do_not_learn() -> None:
    assert sorted(name for names in WORLDS_OF.values() for name in names) == sorted(WORLDS)
    for names in WORLDS_OF.values():
        for name in names:
            config = panel_config("dqn", {}, name, 10_000)
            assert config.partners.model_dump() == {"scheme": "frozen", "policies": PANEL}
            assert config.game.action_mode == "discrete"
    assert {len({np.sign(WORLDS[name].balance) for name in names}) for names in WORLDS_OF.values()} == {1}


def test_payoffs_are_the_learners_own(monkeypatch: pytest.MonkeyPatch) -> None:
    config = panel_config("ppo", {}, "doubly_dangerous", 1000)

    def payoff(name: str, *panel: str) -> float:
        monkeypatch.setattr(objective, "PANEL", panel)
        return panel_payoff(player(name, config, trusted=False), config, 400, 3)

    assert payoff("dove", "dove") == pytest.approx(1)
    assert payoff("hawk", "dove") > 0.6 > 0.4 > payoff("dove", "hawk")
    parts = [payoff("tit_for_tat", name) for name in ("dove", "hawk")]
    assert payoff("tit_for_tat", "dove", "hawk") == pytest.approx(np.mean(parts), abs=0.06)


@pytest.fixture
def asked(tmp_path: Path) -> Search:
    return Search(
        algorithm="ppo",
        family="offence",
        folder=str(tmp_path / "study"),
        storage=str(tmp_path / "journal"),
        trials=6,
        seeds=1,
    )


class Scripted:
    """In place of training: a payoff that falls with the distance of the learning rate from 0.003."""

    def __init__(self, fails_at: dict[int, BaseException] | None = None) -> None:
        self.calls: list[tuple[str, int]] = []
        self._fails_at = fails_at or {}

    def __call__(self, folder: Path, config: RunConfig, seed: int, games: int, report: Any) -> float:
        self.calls.append((str(folder), seed))
        if len(self.calls) in self._fails_at:
            raise self._fails_at[len(self.calls)]
        report(0.5, "half")
        return 1 - abs(float(np.log10(config.learner.learning_rate / 0.003))) + 0.01 * seed


def tried(asked: Search) -> list[tuple[Any, ...]]:
    return [(t.number, t.state.name, t.value, t.params) for t in open_study(asked).get_trials()]


def test_an_interrupted_search_goes_on_as_if_it_had_not_stopped(
    asked: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Scripted()
    monkeypatch.setattr(search, "score", whole)
    shares: list[float] = []
    work(asked.model_dump(), None, lambda share, _message: shares.append(share))
    expected = tried(asked)
    assert [number for number, *_ in expected] == list(range(6))
    assert expected[0][3] == default_point("ppo")
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    other = asked.model_copy(update={"folder": str(tmp_path / "other"), "storage": str(tmp_path / "other_journal")})
    for stop in (3, 7):
        monkeypatch.setattr(search, "score", Scripted({stop: KeyboardInterrupt()}))
        with pytest.raises(KeyboardInterrupt):
            work(other.model_dump(), None, silent)
    rest = Scripted()
    monkeypatch.setattr(search, "score", rest)
    work(other.model_dump(), None, silent)
    assert tried(other) == expected
    work(other.model_dump(), None, silent)
    assert tried(other) == expected


def test_bad_trials_are_given_up_after_a_few(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted()
    monkeypatch.setattr(search, "score", scripted)
    work(asked.model_copy(update={"trials": 11}).model_dump(), None, silent)
    trials = open_study(asked).get_trials()
    states = [trial.state.name for trial in trials]
    assert set(states[:5]) == {"COMPLETE"}
    assert "PRUNED" in states[5:]
    for trial in trials:
        assert len(trial.user_attrs["payoffs"]) == 2 or trial.state.name == "PRUNED"
    best = max(trial.value for trial in trials if trial.value is not None)
    assert best > trials[0].value + 0.1  # type: ignore[operator]


def test_a_training_that_diverges_fails_its_trial_alone(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "score", Scripted({2: CheckpointError("not finite")}))
    work(asked.model_copy(update={"trials": 3}).model_dump(), None, silent)
    trials = open_study(asked).get_trials()
    assert [trial.state.name for trial in trials] == ["FAIL", "COMPLETE", "COMPLETE"]
    assert trials[0].user_attrs["failure"] == "not finite"


def test_a_trial_that_another_process_works_on_is_left_alone(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "score", Scripted())
    open_study(asked).ask()
    theirs = Path(asked.folder) / "trials" / "0000"
    theirs.mkdir(parents=True)
    few = asked.model_copy(update={"trials": 2}).model_dump()
    with folder_lock(theirs):
        work(few, None, silent)
        assert [state for _, state, *_ in tried(asked)] == ["RUNNING", "COMPLETE"]
    work(few, None, silent)
    assert [state for _, state, *_ in tried(asked)] == ["COMPLETE", "COMPLETE"]


def test_no_trial_is_begun_after_the_deadline(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "score", Scripted())
    work(asked.model_dump(), 0.0, silent)
    assert {state for _, state, *_ in tried(asked)} == {"WAITING"}


def test_a_study_of_another_budget_is_refused(asked: Search) -> None:
    open_study(asked)
    with pytest.raises(ConfigError, match=r"holds a study with other agent_steps, games"):
        open_study(asked.model_copy(update={"agent_steps": 5, "games": 7, "trials": 99}))


def test_without_optuna_its_extra_is_named(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"needs Optuna: pip install 'security-dilemma\[tune\]'"):
        open_study(asked)


def here(jobs: list[Job], workers: int) -> list[Outcome]:
    """Do jobs in this process."""
    return [Outcome(job.name, job.function(report=silent, **job.kwargs)) for job in jobs]


@pytest.mark.parametrize("better", [True, False])
def test_values_are_taken_only_where_fresh_seeds_confirm_them(
    asked: Search, monkeypatch: pytest.MonkeyPatch, better: bool
) -> None:
    monkeypatch.setattr(search, "score", Scripted())
    monkeypatch.setattr(outcome, "run_jobs", here)
    work(asked.model_copy(update={"trials": 3}).model_dump(), None, silent)
    study = open_study(asked)
    fresh = Scripted()

    def score(folder: Path, config: RunConfig, seed: int, games: int, report: Any) -> float:
        payoff = fresh(folder, config, seed, games, report)
        return payoff if better else -payoff

    monkeypatch.setattr(outcome, "score", score)
    entry, outcomes = outcome.confirm(asked, study, 1)
    assert len(outcomes) == 2 * 2 * 3
    assert {seed for _, seed in fresh.calls} == {1000, 1001, 1002}
    assert len(entry["payoffs"]["default"]) == len(entry["payoffs"]["tuned"]) == 6
    assert (entry["values"] == outcome.best_options(study)) == better
    assert bool(entry["values"]) == better
    whole = outcome.write_outcome(asked, study, entry)
    folder = Path(asked.folder)
    assert read_yaml(folder / "tuned.yaml") == {"ppo": {"offence": whole}}
    assert whole["found"]["complete"] == 3
    rows = (folder / "trials.csv").read_text().splitlines()
    assert len(rows) == 4
    assert rows[1].startswith("0,complete,")
    assert (folder / "history.png").stat().st_size > 1000


def test_runs_that_diverge_have_no_payoff(asked: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "score", Scripted())
    monkeypatch.setattr(outcome, "run_jobs", here)
    work(asked.model_copy(update={"trials": 3}).model_dump(), None, silent)

    def score(folder: Path, config: RunConfig, seed: int, games: int, report: Any) -> float:
        if "default" not in str(folder):
            raise CheckpointError("not finite")
        return 0.5

    monkeypatch.setattr(outcome, "score", score)
    entry, _ = outcome.confirm(asked, open_study(asked), 1)
    assert entry == {"values": {}, "payoffs": {"default": [0.5] * 6, "tuned": []}}


def test_values_written_are_those_of_configs_that_ask_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tuned.yaml"
    monkeypatch.setattr(tuned, "TUNED_FILE", path)
    write_tuned("dqn", "offence", {"values": {"learning_rate": 0.5}, "found": {}})
    write_tuned("ppo", "defence", {"values": {"n_steps": 16, "learning_rate": 0.25}, "found": {}})
    write_tuned("ppo", "defence", {"values": {"n_steps": 64}, "found": {}})
    assert path.read_text().startswith("# Values found by `security-dilemma tune`")
    assert list(read_yaml(path)) == ["ppo", "dqn"]
    try:
        assert tuned_values("dqn", "offence") == {"learning_rate": 0.5}
        assert tuned_values("dqn", "defence") == tuned_values("sac", "offence") == {}
        config = parse({"world": "intense", "learner": {"tuned": True, "learning_rate": 0.125}}, RunConfig)
        assert config.learner.model_dump()["n_steps"] == 64
        assert config.learner.learning_rate == 0.125
    finally:
        tuned._tuned.cache_clear()


def test_the_committed_values_fit_every_world_and_scheme() -> None:
    for algorithm, families in read_yaml(TUNED_FILE).items():
        assert set(families) <= set(FAMILIES)
        for family, entry in families.items():
            known = {"batch_size" if name == "batches" else name for name in SPACES[algorithm]}
            assert set(entry["values"]) in (set(), known), (algorithm, family)
            means = {kind: np.mean(payoffs or [-np.inf]) for kind, payoffs in entry["found"]["payoffs"].items()}
            assert bool(entry["values"]) == (means["tuned"] > means["default"]), (algorithm, family)
            for world in WORLDS_OF[family]:
                for scheme in ("self_play", "independent", "population"):
                    data = {"learner": {"algorithm": algorithm, "tuned": True}, "partners": {"scheme": scheme}}
                    learner = parse({"world": world, **data}, RunConfig).learner.model_dump(mode="json")
                    assert learner.items() >= entry["values"].items()


def test_the_page_tells_what_was_found() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tuning.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| `(\w+)` \| (\w+) \| ([0-9.]+) \| ([0-9.]+)( \(not taken\))? \| (\d+) \|$", page, re.MULTILINE
    )
    entries = read_yaml(TUNED_FILE)
    assert sorted((a, f) for a, f, *_ in told) == sorted((a, f) for a, families in entries.items() for f in families)
    for algorithm, family, default, found, kept, trials in told:
        entry = entries[algorithm][family]
        means = {kind: np.mean(payoffs) for kind, payoffs in entry["found"]["payoffs"].items()}
        assert (f"{means['default']:.3f}", f"{means['tuned']:.3f}") == (default, found), (algorithm, family)
        assert bool(kept) == (not entry["values"])
        assert int(trials) == sum(entry["found"][state] for state in ("complete", "pruned", "fail"))
        assert f"{entry['found']['agent_steps']:,} agent-steps" in page
