"""Beliefs about intents: scores by hand, populations in which the posterior is known, and the exact solution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.perception import observation_table
from security_dilemma.solver import GameTree, Profile
from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.state import Move, Signal
from security_dilemma_training.beliefs import scores as beliefs_module
from security_dilemma_training.beliefs.probe import Histories, ProbeOptions, histories, train_probe
from security_dilemma_training.beliefs.scores import BELIEFS_FILE, Held, beliefs, exact_beliefs, probed_beliefs, scores
from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.train import train
from security_dilemma_training.trajectories import Bools, Floats, Policy
from tests.training.players import Coin, Scripted
from tests.training.runs_for_tests import crisis_config, new_run, silent, small_config
from tests.training.untrained import untrained

SMALL = ProbeOptions(training_games=4000, validation_games=500, held_out_games=4000)
TINY = ProbeOptions(training_games=60, validation_games=30, held_out_games=40, epochs=2, hidden_size=4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class ByIntent:
    """Strikes in a crisis with a probability that hangs on its intent, and holds otherwise."""

    def __init__(self, seeker: float, greedy: float) -> None:
        self.chances = np.array([seeker, greedy])

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        strike = rng.random(mask.shape[:2]) < self.chances[(observations[..., 0] > 0).astype(int)]
        moves = np.where(strike & mask[..., Move.STRIKE], Move.STRIKE, Move.HOLD)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


def short(**params: Any) -> RunConfig:
    """A repeated game of a few steps between unarmed states."""
    return small_config(params={"trust": 0.6, "crisis_rate": 0.3} | params, game={"max_cycles": 6})


def probed(policy: Policy, config: RunConfig, options: ProbeOptions = SMALL, seed: int = 0) -> dict[str, Any]:
    """Scores of a probe's beliefs."""
    sizes = (options.training_games, options.validation_games, options.held_out_games)
    training, validation, held_out = (histories(policy, config, n, 3 * seed + k) for k, n in enumerate(sizes))
    return scores(probed_beliefs(train_probe(training, validation, options, seed), held_out))


def held(belief: list[float], greedy: list[float], **fields: Any) -> Held:
    """Rows of beliefs of security seekers in the first step, all of the same weight and of prior ½."""
    ones = np.ones(len(belief))
    rows = {"weight": ones, "prior": ones / 2, "own_greedy": ones < 1, "step": np.zeros(len(belief), int)} | fields
    return Held(np.array(belief), np.array(greedy, float), **{name: np.array(x) for name, x in rows.items()})


def test_scores_by_hand() -> None:
    found = scores(held([0.9, 0.4, 0.2, 0.1], [1, 1, 0, 0], own_greedy=[False, True, False, False]))
    assert found["brier"] == pytest.approx((0.01 + 0.36 + 0.04 + 0.01) / 4)
    assert found["brier_prior"] == pytest.approx(0.25)
    assert found["skill"] == pytest.approx(1 - 0.42)
    assert found["misperception"] == pytest.approx((0.2 + 0.1) / 2)
    assert found["calibrated"] == pytest.approx((0.09 + 0.16 + 0.09) / (0.1 + 0.8 + 0.9))
    assert found["bias"] == pytest.approx(found["misperception"] - found["calibrated"])
    assert found["calibration"]["belief"] == pytest.approx([0.1, 0.2, 0.4, 0.9])
    assert found["calibration"]["greedy"] == pytest.approx([0, 0, 1, 1])
    assert found["calibration"]["weight"] == pytest.approx([0.25] * 4)
    curves = found["over_steps"]
    assert curves["security_seeker"] == {"security_seeker": [pytest.approx(0.15)], "greedy": [pytest.approx(0.9)]}
    assert curves["greedy"] == {"security_seeker": [None], "greedy": [pytest.approx(0.4)]}


def test_who_sees_the_worst_in_seekers_is_biased() -> None:
    right = held([0.5, 0.5], [1, 0])
    assert scores(right)["bias"] == pytest.approx(0)
    wrong = held([0.8, 0.8], [1, 0])
    assert scores(wrong)["bias"] == pytest.approx(0)  # it believes in many greedy states, but alike of all
    uneven = held([0.9, 0.1, 0.9, 0.1], [0, 0, 1, 1])
    assert scores(uneven)["bias"] > 0.3
    assert scores(uneven)["skill"] < 0


def test_weights_and_probable_intents_count_as_that_many_rows() -> None:
    rows = scores(held([0.2, 0.2, 0.2, 0.2, 0.7], [1, 0, 0, 0, 1]))
    pooled = scores(held([0.2, 0.7], [0.25, 1], weight=[4.0, 1.0]))
    for name in ("brier", "brier_prior", "skill", "misperception", "calibrated", "bias"):
        assert pooled[name] == pytest.approx(rows[name]), name


def test_where_no_intent_is_uncertain_there_is_no_skill() -> None:
    certain = scores(held([0.0, 0.0], [0, 0], prior=[0.0, 0.0]))
    assert certain["skill"] is None
    assert certain["brier"] == 0
    assert json.loads(json.dumps(certain, allow_nan=False)) == certain


@pytest.mark.slow
@pytest.mark.parametrize("greedy", [(Move.ARM_OFFENSIVELY, Signal.SILENT), (Move.HOLD, Signal.BURN)])
def test_postures_and_signals_that_differ_reveal_intents(greedy: tuple[int, int]) -> None:
    config = short(crisis_rate=0.0, distinguishability=1.0)
    found = probed(Scripted(Move.HOLD, greedy=greedy), config)
    first = 1 / 6  # of the steps: there nothing has been seen
    assert found["brier"] == pytest.approx(first * 0.24, abs=0.01)
    assert found["skill"] == pytest.approx(1 - first, abs=0.03)
    curves = found["over_steps"]["security_seeker"]
    assert curves["security_seeker"][0] == pytest.approx(0.4, abs=0.05)
    assert max(curves["security_seeker"][1:]) < 0.1
    assert min(curves["greedy"][1:]) > 0.9


@pytest.mark.slow
def test_babblers_leave_the_prior() -> None:
    found = probed(Coin(0.4), short())
    assert found["brier"] == pytest.approx(0.24, abs=0.015)
    assert found["skill"] == pytest.approx(0, abs=0.01)
    assert found["misperception"] == pytest.approx(0.4, abs=0.03)
    assert found["bias"] == pytest.approx(0, abs=0.01)


@pytest.mark.slow
def test_who_feigns_peace_is_known_by_crises_alone() -> None:
    """Greedy states play the seeker until a crisis: belief stays at the prior, and falls to 0 once one has passed.

    By step s, s - 1 steps might have been crises: a seeker has passed none of them with ``u = (1-χ)^(s-1)``.
    """
    found = probed(ByIntent(0.0, 1.0), short())
    curves = found["over_steps"]["security_seeker"]
    unknown = 0.7 ** np.maximum(np.arange(6) - 1, 0)
    np.testing.assert_allclose(curves["security_seeker"], 0.4 * unknown, atol=0.04)
    np.testing.assert_allclose(curves["greedy"], 0.4, atol=0.06)
    assert found["bias"] == pytest.approx(0, abs=0.015)


def two_stages(trust: float) -> tuple[RunConfig, StageGame]:
    """Kydd's reassurance game, as a config and as a stage game."""
    game = stage_game("kydd_reassurance", trust=trust)
    stages = [[list(moves), stake] for moves, stake in game.stages]
    params = {"balance": 1.0, "greed": 1.0, "trust": trust, "posture_noise": 0.0}
    return crisis_config(game={"max_cycles": 2, "stages": stages, "war": "scaled"}, params=params), game


def played_by_intent(tree: GameTree, seeker: float, greedy: float) -> Profile:
    """The profile of :class:`ByIntent`."""

    def choose(_player: int, stage: int, seen: Floats) -> Floats:
        strike = greedy if seen[tree.entries["own_greed"]] > 0 else seeker
        return (1 - strike) * tree.surely(stage) + strike * tree.surely(stage, "strike")

    return tree.profile(choose)


def test_exact_beliefs_follow_bayes_rule() -> None:
    _, game = two_stages(0.6)
    tree = GameTree.build(game)
    found = scores(exact_beliefs(tree, played_by_intent(tree, 0.2, 0.7)))
    after_strike, after_hold = 0.4 * 0.7 / (0.4 * 0.7 + 0.6 * 0.2), 0.4 * 0.3 / (0.4 * 0.3 + 0.6 * 0.8)
    about_seekers = 0.2 * after_strike + 0.8 * after_hold
    curves = found["over_steps"]["security_seeker"]
    assert curves["security_seeker"] == pytest.approx([0.4, about_seekers])
    assert curves["greedy"] == pytest.approx([0.4, 0.7 * after_strike + 0.3 * after_hold])
    second = 0.4 * after_strike * (1 - after_strike) + 0.6 * after_hold * (1 - after_hold)
    assert found["brier"] == pytest.approx((0.24 + second) / 2)
    assert found["brier_prior"] == pytest.approx(0.24)
    assert found["bias"] == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
def test_the_probe_agrees_with_the_exact_posterior() -> None:
    config, game = two_stages(0.6)
    tree = GameTree.build(game)
    exact = scores(exact_beliefs(tree, played_by_intent(tree, 0.2, 0.7)))
    found = probed(ByIntent(0.2, 0.7), config)
    for name in ("brier", "brier_prior", "misperception", "calibrated", "skill"):
        assert found[name] == pytest.approx(exact[name], abs=0.02), name
    assert found["bias"] == pytest.approx(0, abs=0.01)
    for own in ("security_seeker", "greedy"):
        for other in ("security_seeker", "greedy"):
            ours, theirs = found["over_steps"][own][other], exact["over_steps"][own][other]
            np.testing.assert_allclose(ours, theirs, atol=0.04)


@pytest.mark.parametrize(("mode", "n_states", "components"), [("discrete", 3, 75), ("continuous", 2, 5)])
def test_histories_of_every_action_mode_and_many_states(mode: str, n_states: int, components: int) -> None:
    class Idle:
        def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
            kind = (5, np.float32) if mode == "continuous" else (1, np.int64)
            return np.zeros((*observations.shape[:2], kind[0]), kind[1])

    trust = np.linspace(0.1, 0.9, n_states).tolist()
    config = small_config(game={"action_mode": mode, "n_states": n_states, "max_cycles": 3}, params={"trust": trust})
    seen = histories(Idle(), config, 2000, 0)
    assert seen.there.shape == (2000 * n_states, 3, n_states - 1)
    assert seen.there.all()
    assert (seen.features[:, 0, -components:] == 0).all()
    first = seen.greedy[::n_states]  # the first state's view of the others
    np.testing.assert_allclose(first.mean(axis=0), 1 - np.array(trust[1:]), atol=0.05)
    np.testing.assert_allclose(seen.trust[0], trust[1:])
    assert (seen.own_greedy == (seen.features[:, 0, 0] > 0)).all()


def test_beliefs_count_while_observer_and_observed_live() -> None:
    config = small_config(game={"n_states": 3, "max_cycles": 8}, params={"crisis_rate": 0.5})
    seen = histories(Scripted(Move.STRIKE), config, 300, 0)
    places = {entry.name: entry.place for entry in observation_table(config.resolved_params(), 3)}
    others = np.stack([seen.features[..., places[f"other_{k}_alive"]] for k in (1, 2)], axis=-1) > 0
    observer = (seen.features[..., : -sum(component_sizes(3))] != 0).any(
        axis=-1
    )  # but for the action of the step before
    assert not (seen.there & ~others).any()
    assert not (seen.there & ~observer[..., None]).any()
    one_left = seen.there.any(axis=-1) & ~seen.there.all(axis=-1)
    assert 0.05 < one_left.mean() < 0.5


def test_the_probe_is_scored_on_games_that_it_has_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[int, int]] = []

    def watched(policy: Policy, config: RunConfig, games: int, seed: int) -> Histories:
        played.append((games, seed))
        return histories(policy, config, games, seed)

    monkeypatch.setattr(beliefs_module, "histories", watched)
    for seed in (0, 1):
        beliefs(untrained(tmp_path / str(seed), seed, game={"max_cycles": 3}), TINY)
    assert [games for games, _ in played] == [60, 30, 40] * 2
    assert len({seed for _, seed in played}) == 6


def test_a_run_keeps_its_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(tmp_path / "run", short())
    with pytest.raises(CheckpointError, match="train the run first"):
        beliefs(run, TINY)
    train(run, silent)
    told: list[float] = []
    results = beliefs(run, TINY, report=lambda share, _message: told.append(share))
    assert told == sorted(told)
    assert json.loads((run.folder / BELIEFS_FILE).read_text()) == results
    assert (results["kind"], results["reason"]) == ("probe", "it is no stage game")
    assert results["seed"] == 0
    assert beliefs(run, TINY, reuse=False) == results  # the seed decides
    monkeypatch.setattr(beliefs_module, "train_probe", None)
    assert beliefs(run, TINY) == results
    with pytest.raises(TypeError):
        beliefs(run, TINY.model_copy(update={"epochs": 3}))


def test_a_run_of_a_stage_game_is_scored_exactly(tmp_path: Path) -> None:
    config, _ = two_stages(0.6)
    run = new_run(tmp_path / "run", config.model_copy(update={"schedule": small_config().schedule}))
    train(run, silent)
    results = beliefs(run, TINY)
    assert results["kind"] == "exact"
    assert results["bias"] == pytest.approx(0, abs=1e-9)
    assert 0 <= results["skill"] < 0.1  # it has hardly learned
    assert results["brier_prior"] == pytest.approx(0.24)


def test_noise_that_a_policy_may_react_to_is_left_to_the_probe(tmp_path: Path) -> None:
    config, _ = two_stages(0.6)
    noisy = config.params | {"posture_noise": 0.1}
    asked = config.model_copy(update={"params": noisy, "schedule": small_config().schedule})
    run = new_run(tmp_path / "run", asked)
    train(run, silent)
    results = beliefs(run, TINY)
    assert results["kind"] == "probe"
    assert "posture_noise" in results["reason"]
