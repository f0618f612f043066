"""The generated reference names every key, command, option and module, with what the code says of it."""

from __future__ import annotations

import importlib
import re

import pytest
from docs.generators import commands, config_keys, fields, measures, modules, offered, signatures
from docs.generators.tables import code, prose

from security_dilemma.params import PARAMETERS
from security_dilemma.state import State
from security_dilemma_training.benchmark.plan_config import BenchmarkConfig
from security_dilemma_training.config import FourWorldsConfig, RunConfig
from security_dilemma_training.learner_sections import MODELS
from security_dilemma_training.measures import definitions
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.sections import GameConfig, ScheduleConfig

KEYS = config_keys.config_keys()
COMMANDS = commands.reference()
PAGES = modules.pages()


def row(key: str) -> str:
    lines = [line for line in KEYS.splitlines() if line.startswith(f"| `{key}` |")]
    assert len(lines) == 1, key
    return lines[0]


def test_every_key_is_there() -> None:
    told = set(re.findall(r"^\| `([\w.]+)` \|", KEYS, re.MULTILINE))
    kinds = (RunConfig, FourWorldsConfig, BenchmarkConfig, PhaseDiagramConfig)
    top = {name for kind in kinds for name in kind.model_fields}
    learners = {f"learner.{name}" for model in MODELS for name in model.model_fields}
    games = {f"game.{name}" for name in GameConfig.model_fields}
    parameters = {f"params.{name}" for name in PARAMETERS}
    assert told >= top | learners | games | parameters


@pytest.mark.parametrize(
    ("key", "cells"),
    [
        ("game.n_states", "whole number in [2, 8] | `2`"),
        ("game.action_mode", "`multidiscrete`, `discrete`, `continuous` | `multidiscrete`"),
        ("game.stages", "list of pairs of list of texts and number, or `null` | `null`"),
        ("params.war_cost", "number in (0, 0.5) |"),
        ("params.visibility_override", "number in [0, 1], or `null` |"),
        ("evaluation.seed", f"whole number in [0, {2**32 - 1}] | `1000000`"),
        ("partners.policies", "list of texts | *required*"),
        ("output.folder", "text, or `null` | `null`"),
        ("planes.NAME.x.low", "number | *required*"),
        ("planes.NAME.y.points", "whole number in [2, ∞) | `7`"),
        ("learner.n_quantiles", "whole number in [1, ∞) | `16`"),
    ],
)
def test_values_and_defaults_are_those_of_the_config(key: str, cells: str) -> None:
    assert row(key).startswith(f"| `{key}` | {cells}")


def test_meanings_are_those_of_the_config() -> None:
    meaning = ScheduleConfig.model_fields["agent_steps"].description
    assert row("schedule.agent_steps").endswith(f"| {meaning} |")


def test_links_within_lead_to_a_heading() -> None:
    headings = set(re.findall(r"^#+ `([\w-]+)`$", KEYS, re.MULTILINE))
    assert set(re.findall(r"\]\(#([\w-]+)\)", KEYS)) <= headings


def test_every_command_and_option_is_there() -> None:
    sections = dict(part.split("`\n", 1) for part in COMMANDS.split("## `")[1:])
    found = commands.commands()
    assert list(sections) == list(found)
    for name, (command, context) in found.items():
        options = [option for p in command.get_params(context) for option in p.opts if option.startswith("--")]
        assert all(f"`{option}" in sections[name] for option in options)
    assert "--war-cost" in sections["theory"]  # which is loaded only when it is called
    assert "[bold]" not in COMMANDS


def test_every_public_name_has_one_place() -> None:
    places: dict[str, list[str]] = {}
    for page, text in PAGES.items():
        for names in re.findall(r":members: (.*)", text):
            for name in names.split(", "):
                places.setdefault(f"{page}.{name}", []).append(page)
    assert all(len(pages) == 1 for pages in places.values())
    assert {"security_dilemma.games.Games", "security_dilemma_training.config.RunConfig"} <= set(places)
    assert "security_dilemma.Games" not in places
    for page in PAGES:
        module = importlib.import_module(page)
        here = [name for name in getattr(module, "__all__", ()) if modules.home(module, name) == page]
        assert all(f"{page}.{name}" in places for name in here)


def test_packages_list_their_modules() -> None:
    for page in PAGES:
        package = page.rpartition(".")[0]
        assert not package or f"<{page}>" in PAGES[package]


def test_short_names_are_those_of_the_module_they_stand_in() -> None:
    assert offered.imported("security_dilemma_training.verdict").get("Outcome") is None
    assert offered.imported("security_dilemma.games")["Params"] == "security_dilemma.params.Params"


def test_fields_are_told_by_their_comments() -> None:
    told = fields.field_comments(State)
    assert list(told) == list(State._fields)
    assert told["offensive"] == "(..., N) float, offensive stock O"
    lines = ["Alias for field number 0"]
    fields.describe(None, "attribute", "security_dilemma.state.State.offensive", None, None, lines)
    assert lines[-1] == told["offensive"]


def test_aliases_are_shown_by_name_and_configs_without_a_call() -> None:
    found = signatures.aliases()
    assert found["Stages"] == "security_dilemma.stages.Stages"
    assert found["Array"].rpartition(".")[2] == "Array"
    assert "State" not in found  # a class of the environment, and an alias elsewhere
    written = "(a: TypeAliasForwardRef('x.Y') | None)"
    assert signatures.shown(None, "function", "f", len, None, written, "") == ("(a: x.Y | None)", "")
    assert signatures.shown(None, "class", "c", GameConfig, None, "(a)", "") == ("", "")


def test_prose_keeps_code_and_escapes_the_rest() -> None:
    assert prose("a ``b|c`` *d*\n  <e>") == r"a `b\|c` \*d\* \<e\>"
    assert code("") == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0.05", True),
        ("('hold', 'strike')", True),
        ("mappingproxy({'grim': 1})", False),
        ("(<function grim at 0x7f00>,)", False),
        (repr("x" * 100), False),
    ],
)
def test_values_are_told_where_they_are_short_literals(value: str, told: bool) -> None:
    assert signatures.is_told(value) == told


def test_every_measure_is_there() -> None:
    told = re.findall(r"^\| `([\w…]+)` \| (.+) \|$", measures.measures(), re.MULTILINE)
    assert [name for name, _ in told] == list(definitions())
    assert dict(told)["tragic_war_rate"] == definitions()["tragic_war_rate"]
