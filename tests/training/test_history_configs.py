"""Historical analogues: every parameter of a case is explained in its file, and the page about them agrees with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from security_dilemma_training.config import RunConfig, load
from security_dilemma_training.playing import play
from security_dilemma_training.studies.finding import load_study
from security_dilemma_training.studies.history import MEASUREMENT
from security_dilemma_training.studies.subject import Subject
from tests.training.players import Scripted

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "configs" / "history").glob("*.yaml"))
PAGE = ROOT / "docs" / "studies" / "history.md"
STUDY = str(ROOT / "configs" / "studies" / "history.yaml")
NAMES = [path.stem for path in CASES]
SCRIPTED = {"holds": Scripted(0), "strikes": Scripted(4)}


def given(path: Path) -> dict[str, Any]:
    """What a file sets, by the key that the page has for it: parameters by name, the game's with ``game.``."""
    data: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())
    assert set(data) == {"params", "game"}, (
        "a case is parameters and the shape of its game; who learns is not its matter"
    )
    return data["params"] | {f"game.{name}": value for name, value in data["game"].items()}


def case(name: str) -> RunConfig:
    return load(ROOT / "configs" / "history" / f"{name}.yaml", [], RunConfig)


def explained(path: Path) -> dict[str, str]:
    """What the comments at the head of a file say of each key."""
    head = path.read_text().partition("params:")[0]
    found = re.findall(r"^# (\w+): ((?:.+\n)(?:#   .+\n)*)", head, re.MULTILINE)
    return dict(found)


def rows(path: Path) -> dict[str, list[str]]:
    """The cells of the page's table about a case, by parameter."""
    sections = [text for text in PAGE.read_text().split("\n## ") if f"\n`{path.relative_to(ROOT)}`" in text]
    assert len(sections) == 1, f"{PAGE} must have one section about {path}"
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in sections[0].splitlines() if "| `" in line
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_cases_are_there() -> None:
    assert NAMES == ["cold_war", "cold_war_arms_control", "interwar", "july_1914", "naval_race"]


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_every_parameter_is_explained_in_the_file(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=../schema.json\n")
    assert set(explained(path)) == {key.removeprefix("game.") for key in given(path)}
    assert all(len(text.split()) > 1 for text in explained(path).values())


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_the_page_says_what_the_file_says(path: Path) -> None:
    told = rows(path)
    assert {key: yaml.safe_load(cells[0].strip("`")) for key, cells in told.items()} == given(path)
    for key, cells in told.items():
        assert len(cells) == 4, key
        assert cells[1], f"{key}: what it stands for"
        assert cells[2], f"{key}: why this value"


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_what_is_cited_in_file_and_table_is_among_the_pages_sources(path: Path) -> None:
    sources = PAGE.read_text().partition("\n## Sources\n")[2]
    comments = re.sub(r"\s+#?\s*", " ", " ".join(explained(path).values()))
    cited = [cells[3] for cells in rows(path).values() if cells[3]] + re.findall(r"\(([^()]*\d{4})\)", comments)
    works = {work for text in cited for work in re.split(r"; |, in ", text)}
    assert len(works) >= 5
    for work in works:
        authors, year = re.fullmatch(r"(.+?) ((?:\d{4}(?:, )?)+)", work).groups()  # type: ignore[union-attr]
        first = authors.split(" & ")[0]
        assert re.search(rf"^- {first}, .*\(.*{year}.*\)\.", sources, re.MULTILINE), work


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_a_case_is_a_game_that_can_be_played(path: Path) -> None:
    config = load(path, [], RunConfig)
    t = play(SCRIPTED["strikes"], config, n_games=50, intents=0, seed=0)
    assert t.greedy.shape == (50, config.game.n_states)
    assert (t.final_economy > 0).sum() < t.greedy.size, "there are crises in it"


def test_the_cult_of_the_offensive_turns_the_balance_in_the_eyes_of_leaders() -> None:
    """In July 1914 defence has the advantage and attack is believed to; between the wars it is the other way round."""
    for name, truth in (("july_1914", -1), ("interwar", 1)):
        params = case(name).resolved_params()
        assert params.balance * truth > 0
        assert (params.balance + params.balance_bias) * truth < 0
        assert params.balance_width > 0, "a bias means something only where the truth varies"


def test_one_state_between_the_wars_is_greedy_for_certain() -> None:
    config = case("interwar")
    drawn = Subject(SCRIPTED["holds"], config, games=200, seed=0).drawn
    assert drawn.greedy[:, 0].all()
    assert (drawn.greed[:, 0] == 1).all()
    assert drawn.greedy[:, 1:].mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("name", ["naval_race", "interwar"])
def test_null_and_positive_control_of_a_case(name: str) -> None:
    """Who always holds has neither war nor arms; who always strikes turns every crisis into a war."""
    config = case(name)
    peace, war = (dict(MEASUREMENT.of(Subject(policy, config, games=300, seed=1))) for policy in SCRIPTED.values())
    assert set(peace) == set(MEASUREMENT.definitions)
    assert set(peace.values()) == {0}
    assert war["case_war_per_crisis"] == 1
    # 1 - (1 - χ)^(T-1) of the games have a crisis by step T
    rate, steps = config.resolved_params().crisis_rate, min(20, config.game.max_cycles)
    expected = 1 - (1 - rate) ** (steps - 1)
    assert war["case_war_rate"] == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 300) ** 0.5)
    assert war["case_arms"] == 0


def test_a_counterfactual_differs_from_its_case_by_what_it_names() -> None:
    study = load_study(STUDY, [])
    pairs = {
        ("july_1914", "july_without_cult"): {"balance_bias"},
        ("july_1914", "july_sudden_cult"): set(),
        ("naval_race", "naval_figures_exchanged"): {"arms_noise", "signals"},
        ("interwar", "interwar_committed"): {"support_cost"},
        ("cold_war", "cold_war_open_skies"): {"arms_noise", "signals"},
    }
    for (case, other), expected in pairs.items():
        a, b = (study.run_config(name, 0) for name in (case, other))
        changed = {key for key in {*a.params, *b.params} if a.params.get(key) != b.params.get(key)}
        changed |= {key for key, value in a.game.model_dump().items() if value != b.game.model_dump()[key]}
        assert changed == expected, f"{other} beside {case}"
    assert study.conditions["july_sudden_cult"].players == ("july_without_cult",)
    cases = {Path(str(condition.config)).stem for condition in study.conditions.values()}
    assert cases == set(NAMES)


def test_comparisons_stay_within_a_case() -> None:
    study = load_study(STUDY, [])
    for comparison in study.comparisons:
        assert comparison.condition.split("_")[0] == comparison.against.split("_")[0]
        assert comparison.why
