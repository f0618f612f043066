"""What can be asked of a study, and how faults are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.config import ConfigError, parse
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.studies.finding import load_study, studies, study_file
from security_dilemma_training.studies.registry import MEASUREMENTS
from security_dilemma_training.studies.study_config import StudyConfig
from tests.training.runs_for_tests import merged
from tests.training.study_results import TINY, tiny


def test_a_condition_is_what_all_share_with_its_own_changes() -> None:
    asked = tiny(params={"war_cost": 0.2}, conditions={"trusting": {"learner": {"n_epochs": 2}}})
    trusting, fearful = (asked.run_config(name, 1) for name in ("trusting", "fearful"))
    assert trusting.resolved_params().trust == 0.9
    assert fearful.resolved_params().trust == 0.2
    assert trusting.resolved_params().war_cost == fearful.resolved_params().war_cost == 0.2
    assert (trusting.world, trusting.label, trusting.folder) == ("doubly_dangerous", "trusting", Path("out/trusting"))
    assert [one.learner.narrowed(PPOConfig).n_epochs for one in (trusting, fearful)] == [2, 4]
    assert trusting.learner.slots == 16


def test_a_study_is_short_and_compiled_unless_it_says_otherwise() -> None:
    two = {"a": {"params": {"trust": 1}}, "b": {"params": {"trust": 0}}}
    config = parse({"question": "?", "conditions": two}, StudyConfig).run_config("a", 0)
    assert config.learner.narrowed(PPOConfig).backend == "jax"
    assert (config.schedule.agent_steps, config.evaluation.games, config.output.tensorboard) == (500_000, 500, False)


def test_slots_fit_the_number_of_states_of_a_condition() -> None:
    three = {"params": {"trust": 0.5}, "game": {"n_states": 3}}
    asked = parse({"question": "?", "conditions": {"three": three, "two": {"world": "intense"}}}, StudyConfig)
    learner = asked.run_config("three", 0).learner.narrowed(PPOConfig)
    assert (learner.slots, learner.batch_size) == (510, 4080)
    assert asked.run_config("two", 0).learner.slots == 512


def test_another_algorithm_begins_from_its_own_defaults() -> None:
    asked = tiny(conditions={"tables": {"learner": {"algorithm": "tabular"}, "game": {"action_mode": "discrete"}}})
    assert asked.run_config("tables", 0).learner.algorithm == "tabular"


def test_learning_goes_on_in_waves() -> None:
    more = {"last": {"after": "later"}}
    assert tiny(conditions=more).waves() == [["trusting", "fearful"], ["later"], ["last"]]
    learner = tiny().run_config("later", 1).learner.narrowed(PPOConfig)
    assert learner.start_from == "out/fearful/seed_1"
    assert tiny().run_config("fearful", 1).learner.narrowed(PPOConfig).start_from is None


def test_seeds_may_be_counted() -> None:
    assert tiny(seeds=3).seeds == (0, 1, 2)
    assert tiny(seeds=[4, 9]).seeds == (4, 9)
    with pytest.raises(ConfigError, match="seeds = 0"):
        tiny(seeds=0)


def test_what_is_shown_is_what_is_compared_unless_told() -> None:
    assert tiny().shown == ("at_war", "arms")
    assert tiny(figure=["payoff"]).shown == ("payoff",)


def test_a_condition_may_begin_from_the_file_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("world: intense\nparams: {trust: 0.6, war_cost: 0.2}\ngame: {n_states: 3}\n")
    study = tmp_path / "own.yaml"
    study.write_text(
        "question: q\nparams: {war_cost: 0.3}\nconditions:\n  a: {config: base.yaml}\n"
        "  b: {config: base.yaml, params: {trust: 0.1}}\n"
    )
    asked = load_study(str(study), [])
    a, b = (asked.run_config(name, 0) for name in ("a", "b"))
    assert (a.world, a.game.n_states, asked.label) == ("intense", 3, "own")
    assert (a.resolved_params().trust, b.resolved_params().trust) == (0.6, 0.1)
    assert a.resolved_params().war_cost == 0.3  # what the study shares goes before the file
    with pytest.raises(ConfigError, match=r"conditions\.a\.config = .*gone\.yaml.* does not exist"):
        load_study(str(study), ["conditions.a.config=gone.yaml"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"measures": ["outcom"]}, "measures = 'outcom' is unknown: did you mean 'outcome'?"),
        ({"conditions": {"trusting": {"params": {"trus": 1}}}}, "conditions.trusting.params.trus = 1 is an unknown"),
        ({"conditions": {"later": {"after": "hawks"}}}, "conditions.later.after = 'hawks' is no condition that learns"),
        ({"conditions": {"later": {"players": "dove"}}}, "conditions.later.after and players are both given"),
        ({"conditions": {"hawks": {"players": "hawkk"}}}, "'hawkk' is neither a condition that learns nor a scripted"),
        ({"conditions": {"hawks": {"players": ["hawk"] * 3}}}, "must be one name, or one for each of 2 states"),
        ({"conditions": {"fearful": {"after": "later"}}}, "leads back to"),
        ({"conditions": {"no name": {}}}, "conditions names 'no name': a name must be of the form"),
        ({"figure": ["armss"]}, "figure = 'armss' is no metric of the measures: did you mean 'arms'?"),
        ({"comparisons": [{"metric": "x", "condition": "hawks", "against": "later"}]}, "comparisons[0].metric = 'x'"),
        ({"comparisons": [{"metric": "arms", "condition": "h", "against": "later"}]}, "comparisons[0].condition = 'h'"),
        ({"comparisons": [{"metric": "arms", "condition": "later", "against": "later"}]}, "against itself"),
        ({"comparisons": [{"metric": "arms", "condition": "later", "against": "hawks", "expected": "up"}]}, "'higher'"),
    ],
)
def test_faults_are_told_with_their_key(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(merged(TINY, changes), StudyConfig)
    assert told in str(error.value)


def test_studies_are_found_by_name_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = studies()
    monkeypatch.chdir(tmp_path)
    assert list(studies()) == list(here)
    with pytest.raises(ConfigError, match="study = 'cultur' is unknown: did you mean 'culture'"):
        study_file("cultur")
    own = tmp_path / "configs" / "studies"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("question: q")
    assert list(studies()) == ["mine"]


@pytest.mark.parametrize("name", studies())
def test_every_study_that_is_shipped_can_be_asked(name: str) -> None:
    asked = load_study(name, [])
    assert asked.question.endswith("?")
    assert asked.expectation
    assert asked.caveats
    assert asked.comparisons
    assert {one.expected for one in asked.comparisons} != {"open"}
    assert all(one.why for one in asked.comparisons if one.expected != "open")
    assert len(asked.seeds) >= 5
    assert (Path(__file__).parents[2] / "docs" / "studies" / f"{name}.md").is_file()


def test_metrics_are_defined_once() -> None:
    names = [metric for measurement in MEASUREMENTS.values() for metric in measurement.definitions]
    assert len(names) == len(set(names))
    for measurement in MEASUREMENTS.values():
        assert all(text and "\n" not in text for text in measurement.definitions.values())
