"""The pages of theory name every parameter and every measure, no unknown one, and every source that they cite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from security_dilemma.params import PARAMETERS, WORLDS
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.measures import BY_INTENT, BY_PAIR, SPIRAL

FOLDER = Path(__file__).parents[1] / "docs" / "theory"
CONCEPTS = (FOLDER / "concepts.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}

MEASURES = {row.name for row in BY_PAIR} | {f"{row.name}_…" for row in BY_INTENT}
MEASURES |= {name if name == "spiral_index" else f"{name}_…" for name in SPIRAL}
YEAR = r"\b(?:1[89]|20)\d\d\b"


def concept_rows() -> list[list[str]]:
    """The rows of the tables of concepts: concept, source, parameter, measure."""
    tables = CONCEPTS.split("\n## Concept by concept")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in tables.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] not in ("concept", "---")]


def named(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def sources(text: str) -> set[str]:
    """Every ``Name YEAR`` that is cited outside the list of sources, by the last name before the year."""
    body = re.sub(r"```.*?```", "", text.split("\n## Sources")[0], flags=re.DOTALL)
    cited = set()
    for name, years in re.findall(rf"\b([A-ZÖÄ][\w'’-]+)(?:'s|’s)?,? \(?({YEAR}(?:, {YEAR})*)", body):
        cited |= {f"{name.removesuffix('’s').removesuffix(chr(39) + 's')} {year}" for year in re.findall(YEAR, years)}
    return cited


def test_every_parameter_has_one_row_and_its_symbol() -> None:
    cells = [row[2] for row in concept_rows()]
    assert sorted(name for cell in cells for name in named(cell)) == sorted(PARAMETERS)
    for cell in cells:
        for name, symbol in re.findall(r"`(\w+)` ?([^,`]*)", cell):
            assert symbol.strip() == PARAMETERS[name].symbol, name


def test_every_measure_has_a_row_and_none_is_unknown() -> None:
    assert {name for row in concept_rows() for name in named(row[3])} == MEASURES


def test_every_concept_has_a_source_or_is_measured_only() -> None:
    for concept, source, parameter, measure in concept_rows():
        assert re.search(YEAR, source) or (parameter, bool(named(measure))) == ("–", True), concept


@pytest.mark.parametrize("page", PAGES)
def test_every_source_is_in_the_list(page: str) -> None:
    listed = PAGES[page].split("\n## Sources")[1].split("\n- ")
    cited = sources(PAGES[page])
    assert len(cited) > 10
    for source in sorted(cited):
        name, year = source.rsplit(" ", 1)
        assert any(name in entry and f"({year})" in entry for entry in listed), f"{page}: {source}"


def test_the_worlds_are_those_of_the_parameters() -> None:
    section = CONCEPTS.split("\n## The four worlds")[1].split("\n## ")[0]
    for name, params in WORLDS.items():
        row = next(line for line in section.splitlines() if line.startswith(f"| `{name}`"))
        assert f"b = {params.balance:g}" in row
        assert f"d = {params.distinguishability:g}" in row


def test_the_computation_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", CONCEPTS, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_the_games_and_strategies_it_names_are_there() -> None:
    section = CONCEPTS.split("\n## The models within")[1].split("\n## ")[0]
    games = [name for line in re.findall(r"\*Games?\*: ([^.;]*)", section) for name in named(line)]
    assert set(games) <= set(STAGE_GAMES)
    assert {"crisis", "richardson"} <= set(games)
    assert {"bayesian_reassurer", "grit"} <= set(STRATEGIES)
    parameters = [name for line in re.findall(r"\*Parameters\*: ([^.;]*)", section) for name in named(line)]
    assert set(parameters) <= set(PARAMETERS)


def test_the_critics_name_parameters_measures_controls_and_keys_that_are_there() -> None:
    from security_dilemma_training.benchmark.controls import CONTROLS
    from security_dilemma_training.evaluate import pairs_of_intents
    from security_dilemma_training.learner_sections import PPOConfig
    from security_dilemma_training.studies.registry import MEASUREMENTS, definitions_of

    known = {*PARAMETERS, *MEASURES, *WORLDS, *STAGE_GAMES, *STRATEGIES, *CONTROLS, *pairs_of_intents(2), "trust = 1"}
    known |= {f"learner.{name}" for name in PPOConfig.model_fields}
    known |= set(definitions_of(list(MEASUREMENTS)))
    assert set(named(PAGES["critics.md"].split("\n## Sources")[0])) <= known


def test_every_critic_of_the_table_has_a_section() -> None:
    page = PAGES["critics.md"]
    objections = re.findall(r"^\| ([\w, ]+): ", page, re.MULTILINE)
    headings = " ".join(re.findall(r"^##+ (.*)$", page, re.MULTILINE)) + page.split("### What leaders believe")[1][:200]
    assert len(objections) == 10
    assert [name for line in objections for name in line.split(", ") if name not in headings] == []
