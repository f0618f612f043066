"""Games in which one state answers a frozen policy, and what it learns there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma import Params
from security_dilemma.spaces import action_space
from security_dilemma.state import Move, Signal
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.learners import LearnedPolicy, build_games
from security_dilemma_training.responses.best_response import ResponseOptions, responder_config, train_response
from security_dilemma_training.responses.best_response_env import ResponseGames, ResponseVecEnv, Seated, seats_of
from security_dilemma_training.trajectories import Bools, Floats
from tests.training.learners_for_tests import built, policy_of, tiny
from tests.training.players import Coin, Scripted
from tests.training.runs_for_tests import loaded, small_config
from tests.training.untrained import untrained

HOLD = np.array([Move.HOLD, 0])


class Clerk(Scripted):
    """Holds, and keeps a book of what it is told and shown."""

    def __init__(self) -> None:
        super().__init__(Move.HOLD)
        self.told: list[tuple[int, list[int] | None]] = []

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        self.told.append((n_games, None if which is None else which.tolist()))


def response_games(n_games: int, *, greedy: bool, n_states: int = 2, **options: Any) -> ResponseGames:
    """Games with a responder in every place in turn, by the given parameters."""
    params = Params(**options.pop("params", {}))
    seats = seats_of(params, greedy, n_games, n_states)
    return ResponseGames(params, n_games, greedy=greedy, seats=seats, n_states=n_states, seed=0, **options)


@pytest.mark.parametrize("n_states", [2, 3])
@pytest.mark.parametrize("greedy", [False, True])
def test_the_responder_keeps_its_intent_and_the_others_draw_theirs_anew(n_states: int, greedy: bool) -> None:
    games = response_games(3000, greedy=greedy, n_states=n_states, params={"trust": 0.7}, max_cycles=1)
    others = []
    for _ in range(4):
        responds = np.arange(n_states) == games.seats[:, None]
        assert ((games.state.greed[responds] > 0) == greedy).all()
        others.append(games.state.greed[~responds] > 0)
        games.step(np.zeros((3000, n_states, games.n_components), int))
    for drawn in others:
        assert np.mean(drawn) == pytest.approx(0.3, abs=0.04)
    assert (others[0] != others[1]).mean() == pytest.approx(2 * 0.3 * 0.7, abs=0.04)
    assert np.bincount(games.seats, minlength=n_states).tolist() == [3000 // n_states] * n_states


def test_a_state_that_cannot_have_the_intent_is_no_responder() -> None:
    params = Params(trust=np.array([0.2, 1.0]))
    assert seats_of(params, True, 4, 2).tolist() == [0, 0, 0, 0]
    assert seats_of(params, False, 4, 2).tolist() == [0, 1, 0, 1]
    assert seats_of(Params(trust=1.0), True, 4, 2).size == 0
    assert seats_of(Params(trust=0.0), False, 4, 2).size == 0


def test_a_slot_is_the_responder_of_its_game() -> None:
    games = response_games(4, greedy=False, params={"crisis_rate": 0.0})
    env = ResponseVecEnv(games, Scripted(Move.ARM_DEFENSIVELY), np.random.default_rng(0))
    assert env.num_envs == 4
    env.seed(3)
    assert np.shape(env.reset()) == (4, games.obs_dim)
    actions = np.tile([Move.ARM_OFFENSIVELY, Signal.SILENT], (4, 1))
    observations, rewards, done, infos = env.step(actions)
    assert games.seats.tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(games.state.offensive, [[0.5, 0], [0, 0.5], [0.5, 0], [0, 0.5]])
    np.testing.assert_array_equal(games.state.defensive, [[0, 0.5], [0.5, 0], [0, 0.5], [0.5, 0]])
    assert isinstance(observations, np.ndarray)
    np.testing.assert_array_equal(observations[:, 2], 0.5)  # own offensive stock
    assert rewards.shape == done.shape == (4,)
    assert len(infos) == 4
    assert not done.any()


def test_time_limits_are_told_from_ends_and_the_policy_of_restarts() -> None:
    clerk = Clerk()
    env = ResponseVecEnv(response_games(3, greedy=False, max_cycles=2), clerk, np.random.default_rng(0))
    env.reset()
    for late in (False, True):
        _, _, done, infos = env.step(np.tile(HOLD, (3, 1)))
        assert [info.get("TimeLimit.truncated", False) for info in infos] == [late] * 3
        assert done.tolist() == [late] * 3
    assert clerk.told == [(3, None), (3, [0, 1, 2])]

    war = response_games(3, greedy=True, params={"crisis_rate": 1.0})
    env = ResponseVecEnv(war, Scripted(Move.HOLD), np.random.default_rng(0))
    env.reset()
    env.step(np.tile(HOLD, (3, 1)))
    _, rewards, done, infos = env.step(np.tile([Move.STRIKE, 0], (3, 1)))
    assert done.all()
    assert not any(info["TimeLimit.truncated"] for info in infos)
    assert set(np.round(rewards, 4).tolist()) <= {1.25, -0.25}  # 1 + g - c or -c


def test_a_seated_responder_leaves_the_others_their_chance() -> None:
    rng = np.random.default_rng(1)
    observations, mask = np.ones((50, 2, 30), np.float32), np.ones((50, 2, 10), bool)
    alone = Coin(0.5).act(observations, mask, np.random.default_rng(2))
    seats = np.arange(50) % 2
    seated = Seated(Coin(0.5), Scripted(Move.DISARM), seats, 5)
    together = seated.act(observations, mask, np.random.default_rng(2))
    games = np.arange(50)
    np.testing.assert_array_equal(together[games, 1 - seats], alone[games, 1 - seats])
    assert (together[games, seats, 0] == Move.DISARM).all()
    clerk = Clerk()
    Seated(clerk, Scripted(Move.HOLD), seats, 5).restart(50, rng.permutation(2))
    assert len(clerk.told) == 1


def strikes(network: LearnedPolicy, games: ResponseGames) -> Floats:
    """Chance of a strike at the start of each game."""
    return network.probabilities(games.reset(0))[0][..., Move.STRIKE]


@pytest.mark.parametrize(("start", "expected"), [(0, 0.2), (1, 0.5)])
def test_starts_differ_in_their_first_strikes(start: int, expected: float) -> None:
    config = small_config()
    options = ResponseOptions(agent_steps=1, slots=16)
    network = train_response(Scripted(Move.HOLD), config, options, greedy=True, start=start, seed=0)
    policy = LearnedPolicy(network, "multidiscrete", 2)
    games = response_games(8, greedy=True)
    assert strikes(policy, games).mean() == pytest.approx(expected, abs=0.1)


def test_the_first_start_is_the_policy_itself_if_it_has_weights(tmp_path: Path) -> None:
    config = small_config(learner={"learning_rate": 1e-9})
    run = untrained(tmp_path / "run", 7, learner={"learning_rate": 1e-9})
    options, games = ResponseOptions(agent_steps=1, slots=16), response_games(8, greedy=True)
    own = strikes(loaded(run), games)
    for start, same in ((0, True), (2, False)):
        network = train_response(Coin(0.3), config, options, greedy=True, start=start, seed=0, weights=run.policy_path)
        found = strikes(LearnedPolicy(network, "multidiscrete", 2), games)
        assert np.allclose(found, own, atol=1e-5) == same


def test_training_repeats_by_its_seed() -> None:
    config, options = small_config(), ResponseOptions(agent_steps=200, slots=16)
    games = response_games(8, greedy=True)

    def trained(seed: int) -> Floats:
        network = train_response(Coin(0.3), config, options, greedy=True, start=0, seed=seed)
        return strikes(LearnedPolicy(network, "multidiscrete", 2), games)

    np.testing.assert_array_equal(trained(1), trained(1))
    assert (trained(1) != trained(2)).any()


@pytest.mark.parametrize("mode", ["discrete", "continuous"])
def test_every_action_mode_and_many_states(mode: Any) -> None:
    config = small_config(game={"action_mode": mode, "n_states": 3})

    class Idle:
        def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
            components = {"discrete": 1, "continuous": 5}[mode]
            return np.zeros((*observations.shape[:2], components), np.float32 if mode == "continuous" else int)

    options = ResponseOptions(agent_steps=300, slots=15)
    network = train_response(Idle(), config, options, greedy=False, start=1, seed=0)
    assert network.action_space == action_space(3, mode)


@pytest.mark.parametrize("name", ["a2c", "dqn", "sac"])
def test_a_policy_of_any_algorithm_is_answered_by_ppo(name: str) -> None:
    config = tiny(name)
    asked = responder_config(config)
    assert asked.learner == PPOConfig()
    assert (asked.game, asked.partners.scheme) == (config.game, "self_play")
    policy = policy_of(built(config), config)
    options = ResponseOptions(agent_steps=1, slots=16)
    network = train_response(policy, config, options, greedy=True, start=0, seed=0)
    responder = LearnedPolicy(network, config.game.action_mode, 2)
    games = build_games(config, 4)
    games.step(responder.act(games.reset(0), games.action_mask(), np.random.default_rng(0)))


def test_a_policy_of_ppo_is_answered_with_its_own_options() -> None:
    config = small_config(learner={"hidden_sizes": [8], "clip_range": 0.1}, partners={"scheme": "population"})
    asked = responder_config(config)
    assert asked.learner is config.learner
    assert asked.partners.scheme == "self_play"
