"""Runs of stage games: their configs, prepared starts, reuse, and what is read from a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.games import Games
from security_dilemma.stage_games import STAGE_GAMES, stage_game, with_stakes
from security_dilemma.state import Move, Signal
from security_dilemma_training.config import ConfigError
from security_dilemma_training.theory.sb3_stage_games import TREMBLE, after, at_start, learned, stage_config, strikes

SMALL = {"slots": 64, "n_steps": 2, "batch_size": 128, "n_epochs": 1, "hidden_sizes": [16]}


def tit_for_tat(seen: Any) -> tuple[Any, Any]:
    """Strike iff struck, and burn in the second stage."""
    struck = seen["other_1_struck_me"] > 0
    return np.where(struck, int(Move.STRIKE), int(Move.HOLD)), np.where(seen["stage_1"] > 0, int(Signal.BURN), 0)


@pytest.mark.parametrize("name", sorted(STAGE_GAMES))
def test_a_config_describes_the_very_game(name: str) -> None:
    game = STAGE_GAMES[name]
    slots = {"slots": 64, "n_steps": 2, "batch_size": 128}
    config = stage_config("probe", game, slots, 3)
    assert config.schedule.agent_steps == 3 * 128
    assert (config.game.stages, config.game.war, config.game.action_mode) == (game.stages, game.war, game.action_mode)
    resolved = config.resolved_params()
    for field in ("balance", "war_cost", "trust", "burn_cost", "fungibility_override", "initiative_width"):
        np.testing.assert_array_equal(getattr(resolved, field), getattr(game.params, field), err_msg=field)


def test_bad_options_are_told() -> None:
    with pytest.raises(ConfigError, match=r"learner\.batch_size = 100 must divide slots × n_steps = 128"):
        stage_config("probe", STAGE_GAMES["crisis"], SMALL | {"batch_size": 100}, 1)


def test_what_is_seen_at_the_start_is_what_the_environment_shows() -> None:
    game = stage_game("baliga_sjostrom", initiative_mean=0.1)
    seen = at_start(game, initiatives=4)
    shown = Games(game.params, 1, stages=game.stages, max_cycles=1).reset(0)[0, 0]
    place = int(np.flatnonzero(np.ptp(seen, axis=0) > 0)[0])
    np.testing.assert_allclose(seen[:, place], 0.1 + 0.7 * np.array([-0.75, -0.25, 0.25, 0.75]), atol=1e-6)
    others = np.arange(seen.shape[1]) != place
    np.testing.assert_allclose(seen[:, others], np.tile(shown[others], (4, 1)), atol=1e-6)
    greedy = at_start(STAGE_GAMES["crisis"], greedy=True)
    assert greedy[0, 0] == STAGE_GAMES["crisis"].params.greed
    assert at_start(STAGE_GAMES["crisis"])[0, 0] == 0


def test_what_is_seen_after_a_stage() -> None:
    struck = after(STAGE_GAMES["kydd_reassurance"], (0, 1), [(Move.HOLD, Signal.SILENT), (Move.STRIKE, Signal.SILENT)])
    held = after(STAGE_GAMES["kydd_reassurance"], (0, 1), [(Move.HOLD, Signal.SILENT)] * 2)
    assert struck[0, 0] == 0
    assert struck[1, 0] == 1
    assert np.sum(struck[0] != held[0]) == 1  # that it was struck
    np.testing.assert_array_equal(struck[1], held[1])


@pytest.mark.slow
def test_a_prepared_start_plays_by_its_rule_but_for_trembles(tmp_path: Path) -> None:
    game = with_stakes(STAGE_GAMES["kydd_reassurance"], (0.5, 0.5))
    still = SMALL | {"learning_rate": 1e-12}
    policy = learned(stage_config("probe", game, still, 1), 0, tmp_path, tit_for_tat)
    held, struck = (
        after(game, (0, 0), [(Move.HOLD, Signal.SILENT), (move, Signal.SILENT)])[:1]
        for move in (Move.HOLD, Move.STRIKE)
    )
    trembles = TREMBLE / 5
    assert strikes(policy, at_start(game)) == pytest.approx(trembles, abs=0.01)
    assert strikes(policy, held) == pytest.approx(trembles, abs=0.01)
    assert strikes(policy, struck) == pytest.approx(1 - 4 * trembles, abs=0.02)
    assert policy.probabilities(held)[1][0, Signal.BURN] == pytest.approx(1 - 4 * trembles, abs=0.02)
    assert policy.probabilities(at_start(game))[1][0, Signal.SILENT] == pytest.approx(1 - 4 * trembles, abs=0.02)


@pytest.mark.slow
def test_finished_runs_are_found_again_and_others_kept_apart(tmp_path: Path) -> None:
    game = STAGE_GAMES["kydd_reassurance"]
    first = learned(stage_config("probe", game, SMALL, 2), 0, tmp_path, tit_for_tat)
    (path,) = tmp_path.rglob("policy.npz")
    written = path.stat().st_mtime_ns
    again = learned(stage_config("probe", game, SMALL, 2), 0, tmp_path, tit_for_tat)
    assert path.stat().st_mtime_ns == written
    seen = at_start(game)
    np.testing.assert_array_equal(first.probabilities(seen)[0], again.probabilities(seen)[0])
    learned(stage_config("probe", stage_game("kydd_reassurance", balance=0.5), SMALL, 2), 0, tmp_path)
    learned(stage_config("probe", game, SMALL, 2), 1, tmp_path)
    assert len(list(tmp_path.rglob("policy.npz"))) == 3


@pytest.mark.slow
def test_a_prepared_run_is_the_same_each_time(tmp_path: Path) -> None:
    config = stage_config("probe", STAGE_GAMES["kydd_reassurance"], SMALL, 2)
    seen = at_start(STAGE_GAMES["kydd_reassurance"])
    once, twice = (learned(config, 3, tmp_path / name, tit_for_tat).probabilities(seen)[0] for name in ("a", "b"))
    np.testing.assert_array_equal(once, twice)
