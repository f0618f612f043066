"""Configs of ready-made stage games, and the hashes of configs that were there before them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from security_dilemma.params import PARAMETERS
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma_training.config import GameConfig, RunConfig, config_hash, load, parse
from tests.training.test_config import CONFIGS, faults_of

THEORY = sorted((CONFIGS / "theory").glob("*.yaml"))

HASHES = {
    "alliances": "7fb42fdd0403db6a688737b56ea012d6b0fbc657024c9e143252608d6c0db53f",
    "doubly_dangerous": "3186be11cf90fe3cc413802b058651c98137c5ce306a2f862918538178181ad2",
    "doubly_safe": "a774258fde76414c7c3838e51599b3bf7afa79f276eaf1a4638d20e1291de3a8",
    "intense": "098b4ebb9dd685bcfbf965b193f0b5c183418ac3ff90d224d16dc369489c19ec",
    "not_intense": "3c5409a4e4ff62259298284ee0523d7638a18af41e9934a41f621c351b37c778",
}
"""Hashes by which finished runs are found again."""


@pytest.mark.parametrize("name", HASHES)
def test_results_of_older_configs_are_found_again(name: str) -> None:
    assert config_hash(load(CONFIGS / f"{name}.yaml", [], RunConfig).resolved()) == HASHES[name]


def test_every_stage_game_has_a_config() -> None:
    assert [path.stem for path in THEORY] == sorted(STAGE_GAMES)


@pytest.mark.parametrize("path", THEORY, ids=lambda path: path.stem)
def test_a_config_is_of_its_stage_game(path: Path) -> None:
    assert path.read_text(encoding="utf-8").splitlines()[0] == "# yaml-language-server: $schema=../schema.json"
    config, game = load(path, [], RunConfig), STAGE_GAMES[path.stem]
    assert (config.stage_game, config.label, config.gamma) == (path.stem, path.stem, 1.0)
    shape = GameConfig(stages=game.stages, war=game.war, max_cycles=len(game.stages), action_mode=game.action_mode)  # type: ignore[arg-type]
    assert config.game == shape
    params = config.resolved_params()
    for name in set(PARAMETERS) - set(config.params):
        np.testing.assert_array_equal(getattr(params, name), getattr(game.params, name))


def test_a_stage_game_gives_what_is_left_out() -> None:
    data = {"stage_game": "kydd_reassurance", "params": {"trust": 0.3}, "game": {"action_mode": "discrete"}}
    config = parse(data, RunConfig)
    game = STAGE_GAMES["kydd_reassurance"]
    assert (config.game.stages, config.game.war, config.game.max_cycles) == (game.stages, "scaled", 2)
    assert config.game.action_mode == "discrete"
    assert config.resolved_params() == game.params.replace(trust=0.3)


def test_own_stages_replace_those_of_the_stage_game() -> None:
    stages: list[Any] = [[["hold", "strike"], 0.2], [["hold", "strike"], 0.3], [["hold", "strike"], 0.5]]
    config = parse({"stage_game": "kydd_reassurance", "game": {"stages": stages}}, RunConfig)
    assert config.game.stages is not None
    assert [stake for _, stake in config.game.stages] == [0.2, 0.3, 0.5]
    assert config.game.war == "scaled"
    given = RunConfig(stage_game="kydd_reassurance", game=GameConfig(war="terminal"))
    assert (given.game.war, given.game.stages) == ("terminal", STAGE_GAMES["kydd_reassurance"].stages)


def test_a_resolved_stage_game_reads_back(tmp_path: Path) -> None:
    config = parse({"stage_game": "costly_signal"}, RunConfig)
    resolved = config.resolved()
    assert set(resolved["params"]) == set(PARAMETERS)
    assert resolved["params"]["burn_cost"] == [4.5, 45.0]
    assert resolved["game"]["stages"][1] == [["hold", "strike"], 0.9]
    path = tmp_path / "resolved.yaml"
    path.write_text(yaml.safe_dump(resolved), encoding="utf-8")
    again = load(path, [], RunConfig)
    assert again.resolved() == resolved
    spelled_out = parse({"params": resolved["params"], "game": resolved["game"]}, RunConfig)
    assert config_hash(spelled_out.resolved()) == config_hash(resolved)


@pytest.mark.parametrize(
    ("data", "key", "problem"),
    [
        ({"stage_game": "crisi"}, "stage_game", "= 'crisi' is unknown: did you mean 'crisis'?"),
        ({"stage_game": 3}, "stage_game", "= 3 must be a text or null"),
        (
            {"stage_game": "crisis", "world": "intense"},
            "stage_game",
            "= 'crisis' and world = 'intense' are both given: give one of them",
        ),
        ({"stage_game": "crisis", "params": {"trust": 2}}, "params.trust", "= 2 is outside [0, 1]"),
        ({"stage_game": "crisis", "game": 4}, "game", "= 4 must be a mapping of keys to values"),
        ({"stage_game": "kydd_reassurance", "game": {"max_cycles": 1}}, "game.max_cycles", "is below the 2 stages"),
        ({"stage_game": "crisis", "game": {"n_states": 4}}, "game.stages", "are for two states, not n_states = 4"),
        (
            {"stage_game": "crisis", "game": {"stages": [[["hold", "strike"], 0.5]]}},
            "game.stages",
            "stakes [0.5] sum to 0.5, not to 1",
        ),
    ],
)
def test_a_fault_is_told_once(data: dict[str, Any], key: str, problem: str) -> None:
    faults = faults_of(data)
    assert list(faults) == [key]
    assert problem in faults[key]
