"""Configs: every fault at once, overrides, provenance of folders, hashes, schemas and the files in ``configs/``."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from security_dilemma.params import PARAMETERS, WORLDS, Params
from security_dilemma_training.config import (
    ConfigError,
    FourWorldsConfig,
    PPOConfig,
    RunConfig,
    config_hash,
    determinants,
    load,
    parse,
)
from security_dilemma_training.config_schemas import SCHEMAS, json_schema, write_schemas

CONFIGS = Path(__file__).parents[2] / "configs"


def write(folder: Path, text: str, name: str = "trial.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(data: dict[str, Any], kind: type[RunConfig] | type[FourWorldsConfig] = RunConfig) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse(data, kind)
    return {fault.key: fault.problem for fault in caught.value.faults}


def message_of(path: Path, overrides: Sequence[str] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides, RunConfig)
    return str(caught.value)


EVERY = sorted([*CONFIGS.glob("*.yaml"), *CONFIGS.glob("algorithms/*.yaml")])


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_config_loads_and_names_its_schema(path: Path) -> None:
    schema = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve().parent == CONFIGS.resolve()
    kind: Any = SCHEMAS[Path(schema).name]
    config: Any = load(path, [], kind)
    assert config.label == path.stem
    assert config.folder == Path("runs") / path.stem


@pytest.mark.parametrize("world", WORLDS)
def test_a_config_of_each_world_has_its_parameters(world: str) -> None:
    config = load(CONFIGS / f"{world}.yaml", [], RunConfig)
    assert config.world == world
    assert config.resolved_params() == WORLDS[world]


@pytest.mark.parametrize("name", SCHEMAS)
def test_committed_schemas_are_fresh(name: str) -> None:
    committed = (CONFIGS / name).read_text(encoding="utf-8")
    assert committed == json_schema(SCHEMAS[name]), "stale: run `make schema`"


def test_schemas_tell_ranges_and_meanings_of_every_parameter(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    described = json.loads((tmp_path / "schema.json").read_text())["properties"]["params"]
    assert set(described["properties"]) == set(PARAMETERS)
    assert described["additionalProperties"] is False
    balance = described["properties"]["balance"]
    assert balance["anyOf"][0] == {"type": "number", "minimum": -3, "maximum": 3}
    assert PARAMETERS["balance"].meaning in balance["description"]
    war_cost = described["properties"]["war_cost"]["anyOf"]
    assert war_cost[0] == {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}
    assert {"type": "null"} not in war_cost
    assert {"type": "null"} in described["properties"]["visibility_override"]["anyOf"]


def test_defaults() -> None:
    config = parse({"world": "intense"}, RunConfig)
    learner = config.learner.narrowed(PPOConfig)
    assert (learner.slots, learner.n_steps, learner.batch_size) == (512, 32, 4096)
    assert (config.schedule.agent_steps, config.schedule.checkpoint_every) == (1_000_000, 250_000)
    assert (config.evaluation.games, config.evaluation.horizon, config.evaluation.seed) == (2000, 20, 1_000_000)
    assert (config.seeds, config.n_games) == ((0,), 256)
    assert config.folder == Path("runs/intense")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = """
world: intens
params: {balance: 9, balanse: 1, trust: [0.1, 0.2], greed: [[1]], discount: true, war_cost: [0.1, x, 0.2]}
game: {n_states: 3, war: mild}
learner: {n_stps: 3, n_steps: 0, slots: 511, learning_rate: fast, activation: tan, hidden_sizes: [64, 1.5]}
seeds: [0, 0]
n_epochs: 3
output: {folder: ../elsewhere}
"""
    path = write(tmp_path, text)
    lines = message_of(path, ["learner.clip_range", "evaluation.games=[1"]).splitlines()
    assert lines[0] == f"19 faults in {path}:"
    expected = [
        "world = 'intens' is unknown: did you mean 'intense'?",
        "params.balance = 9 is outside [-3, 3]: offence-defence balance",
        "params.balanse = 1 is an unknown parameter: did you mean 'balance'?",
        "params.trust has 2 values for 3 states: give one number, or one per state",
        "params.greed = [[1]] must be a number, or a list of one number per state: [0, 3]",
        "params.discount = True is outside (0, 1)",
        "params.war_cost = [0.1, 'x', 0.2] must be a number, or a list of one number per state: (0, 0.5)",
        "game.war = 'mild' must be one of 'terminal', 'scaled'",
        "learner.n_stps = 3 is an unknown key: did you mean 'n_steps'?",
        "learner.n_steps = 0 must be a whole number in [1, ∞)",
        "learner.slots = 511 must be a multiple of game.n_states = 3: 510, for example",
        "learner.learning_rate = 'fast' must be a number in (0, ∞)",
        "learner.activation = 'tan' must be one of 'tanh', 'relu'",
        "learner.hidden_sizes[1] = 1.5 must be a whole number in [1, ∞)",
        "seeds = [0, 0] names [0] more than once",
        "n_epochs = 3 is an unknown key: did you mean 'learner.n_epochs'?",
        "'learner.clip_range' on the command line must be key=value, as in learner.n_steps=64",
        "evaluation.games = '[1' on the command line is not YAML",
        "output.folder = '../elsewhere' in a file must lie inside the working directory",
    ]
    for start in expected:
        assert any(line.strip().startswith(start) for line in lines), start
    assert len(lines) - 1 == len(expected)


def test_faults_that_follow_from_others_are_not_told() -> None:
    faults = faults_of({"world": "intense", "learner": {"n_steps": 0, "batch_size": 4095}})
    assert set(faults) == {"learner.n_steps"}
    faults = faults_of({"world": "intense", "game": {"n_states": 1}, "params": {"trust": [0.1, 0.2, 0.3]}})
    assert set(faults) == {"game.n_states"}


def test_a_batch_divides_what_is_collected() -> None:
    learner = {"slots": 64, "n_steps": 10, "batch_size": 300}
    problem = faults_of({"world": "intense", "learner": learner})["learner.batch_size"]
    assert problem == "= 300 must divide slots × n_steps = 640: 160, for example"
    faults_of({"world": "intense", "learner": learner | {"batch_size": 1280}})
    config = parse({"world": "intense", "learner": learner | {"batch_size": 640}}, RunConfig)
    assert config.learner.narrowed(PPOConfig).batch_size == 640


def test_an_initial_strike_probability_needs_discrete_moves() -> None:
    data: dict[str, Any] = {"world": "intense", "learner": {"initial_strike_probability": 0.1}}
    assert parse(data, RunConfig).learner.narrowed(PPOConfig).initial_strike_probability == 0.1
    faults = faults_of(data | {"game": {"action_mode": "continuous"}})
    assert "discrete action modes" in faults["learner.initial_strike_probability"]
    faults = faults_of({"world": "intense", "learner": {"initial_strike_probability": 1}})
    assert "a number in (0, 1)" in faults["learner.initial_strike_probability"]


def test_faults_of_stages() -> None:
    game = {"stages": [[["hold", "strik"], 0.5]], "n_states": 3}
    with pytest.raises(ConfigError) as caught:
        parse({"world": "intense", "game": game, "learner": {"slots": 510, "batch_size": 4080}}, RunConfig)
    text = str(caught.value)
    assert "game.stages are for two states, not n_states = 3" in text
    assert "game.stages[0]: unknown move 'strik': did you mean 'strike'?" in text
    assert "game.stages: stakes [0.5] sum to 0.5, not to 1" in text


def test_the_discount_is_the_games_own() -> None:
    assert parse({"world": "intense"}, RunConfig).gamma == 0.95
    assert parse({"params": {"discount": 0.8}}, RunConfig).gamma == 0.8
    game = {"stages": [[["hold", "strike"], 0.25], [["hold", "strike"], 0.75]], "war": "scaled"}
    config = parse({"world": "intense", "game": game}, RunConfig)
    assert config.gamma == 1
    assert config.game.stages == ((("hold", "strike"), 0.25), (("hold", "strike"), 0.75))
    assert "one number" in faults_of({"params": {"discount": [0.8, 0.9]}})["params.discount"]


def test_a_world_or_parameters_must_be_given() -> None:
    assert "choose one of doubly_dangerous, intense" in faults_of({})["world"]
    config = parse({"params": {"balance": 0.5}}, RunConfig)
    assert config.resolved_params() == Params(balance=0.5)


def test_parameters_by_state_become_arrays() -> None:
    params = parse({"world": "intense", "params": {"balance": [0.5, -0.5]}}, RunConfig).resolved_params()
    np.testing.assert_array_equal(params.balance, [0.5, -0.5])
    assert params.distinguishability == WORLDS["intense"].distinguishability


@pytest.mark.parametrize("data", [{"learner": {"n_steps": True}}, {"seeds": ["1"]}, {"learner": {"slots": 512.0}}])
def test_values_are_not_converted(data: dict[str, Any]) -> None:
    assert len(faults_of({"world": "intense"} | data)) == 1


def test_configs_do_not_change() -> None:
    config = parse({"world": "intense", "learner": {"hidden_sizes": [8, 8]}}, RunConfig)
    with pytest.raises(ValidationError):
        config.learner.slots = 2
    assert config.learner.narrowed(PPOConfig).hidden_sizes == (8, 8)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301


def test_overrides(tmp_path: Path) -> None:
    path = write(tmp_path, "world: intense\nlearner: {n_steps: 32, slots: 256}\n")
    overrides = ["learner.n_steps=64", "params.balance=0.5", "seeds=[0,1,2]", "learner.learning_rate=1e-4"]
    config = load(path, [*overrides, "world=not_intense"], RunConfig)
    learner = config.learner.narrowed(PPOConfig)
    assert (learner.n_steps, learner.slots, learner.learning_rate) == (64, 256, 1e-4)
    assert (config.world, config.params, config.seeds) == ("not_intense", {"balance": 0.5}, (0, 1, 2))


def test_unknown_keys_of_overrides_are_faults(tmp_path: Path) -> None:
    text = message_of(write(tmp_path, "world: intense\n"), ["learner.n_step=64", "sead=1", "world.x=1"])
    assert "learner.n_step = 64 is an unknown key: did you mean 'n_steps'?" in text
    assert "sead = 1 is an unknown key: did you mean 'seeds'?" in text
    assert "world.x cannot be set: world = 'intense' holds no keys" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("world: intense\nlearner: {n_steps: 3\nseeds: [1]\n", "line 3, column"),
        ("world: intense\nseeds: [0]\nworld: doubly_safe\n", "line 3, column 1: key 'world' is given twice"),
        ("- intense\n", "must hold `key: value` lines"),
        ("world: !!python/name:os.system\n", "could not determine a constructor"),
    ],
)
def test_faults_of_syntax_name_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    message = message_of(path)
    assert str(path) in message
    assert told in message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "does not exist" in message_of(tmp_path / "none.yaml")


@pytest.mark.parametrize("folder", ["../elsewhere", "runs/../../elsewhere", "/elsewhere"])
def test_only_the_command_line_leads_out_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, f"world: intense\noutput: {{folder: {folder}}}\n")
    assert f"output.folder = '{folder}' in a file must lie inside the working directory" in message_of(path)
    assert load(path, ["output.folder=/mine"], RunConfig).folder == Path("/mine")
    inside = write(tmp_path, "world: intense\noutput: {folder: results/first}\n")
    assert load(inside, [], RunConfig).folder == Path("results/first")


def test_a_resolved_config_reads_back(tmp_path: Path) -> None:
    game = {"stages": [[["hold", "strike"], 1.0]]}
    config = parse({"world": "intense", "params": {"greed": [0.1, 0.2]}, "game": game}, RunConfig)
    path = write(tmp_path, yaml.safe_dump(config.resolved()))
    again = load(path, [], RunConfig)
    assert set(again.params) == set(PARAMETERS)
    assert config_hash(again.resolved()) == config_hash(config.resolved())
    assert again.resolved() == config.resolved()


def test_the_hash_covers_what_determines_the_result() -> None:
    base: dict[str, Any] = {"world": "intense"}
    reference = config_hash(parse(base, RunConfig).resolved())
    changes: list[dict[str, Any]] = [
        {"world": "doubly_safe"},
        {"params": {"upkeep": 0.03}},
        {"game": {"max_cycles": 63}},
        {"learner": {"clip_range": 0.1}},
        {"schedule": {"agent_steps": 2}},
    ]
    hashes = {config_hash(parse(base | change, RunConfig).resolved()) for change in changes}
    assert len(hashes | {reference}) == len(changes) + 1
    for same in (
        {"name": "other"},
        {"output": {"folder": "other", "tensorboard": False}},
        {"learner": {"device": "auto", "torch_threads": 2}},
        {"schedule": {"checkpoint_every": 5}},
        {"evaluation": {"games": 5}},
        {"seeds": [7]},
        {"params": {"balance": WORLDS["intense"].balance, "distinguishability": 0}},
    ):
        assert config_hash(parse(base | same, RunConfig).resolved()) == reference, same
    own = {name: getattr(WORLDS["intense"], name) for name in PARAMETERS}
    assert config_hash(parse({"params": own}, RunConfig).resolved()) == reference
    assert set(determinants(parse(base, RunConfig).resolved())) == {"params", "game", "learner", "schedule"}
