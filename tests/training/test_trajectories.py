"""What is recorded is what the games did, from the start of each to its own end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.games import Games
from security_dilemma.params import WORLDS, ParameterError, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.trajectories import Bools, Floats, Matched, by_intent, record
from tests.training.players import Coin, Scripted

DANGEROUS = WORLDS["doubly_dangerous"]


def test_a_game_is_recorded_up_to_its_first_end_only() -> None:
    t = record(DANGEROUS, Scripted(Move.STRIKE), n_games=200, intents=0, seed=1)
    at_war = (t.active & t.belligerent.any(axis=-1)).sum(axis=0)
    assert set(at_war) <= {0, 1}
    lengths = t.active.sum(axis=0)
    ended = np.array([t.belligerent[length - 1, game].any() for game, length in enumerate(lengths)])
    assert np.array_equal(at_war == 1, ended)
    assert np.array_equal(t.active, np.arange(len(t.active))[:, None] < lengths)
    assert np.array_equal(t.truncated, np.broadcast_to(~ended[:, None], (200, 2)))
    assert (lengths[~ended] == 64).all()


def test_a_war_that_ends_a_game_is_recorded_although_the_game_restarts() -> None:
    t = record(DANGEROUS.replace(crisis_rate=1.0), Scripted(Move.STRIKE), n_games=50, intents=0, seed=2)
    assert t.active.shape == (2, 50)
    assert not t.crisis[0].any()
    assert t.crisis[1].all()
    assert t.struck[1].all()
    assert t.belligerent[1].all()
    assert (t.won[1].sum(axis=-1) == 1).all()
    assert (t.move[1][t.won[1]] == Move.STRIKE).all()
    assert np.allclose(t.reward[1][t.won[1]], 0.75)
    assert np.allclose(t.final_economy, t.won[1])


def test_the_arrays_agree_with_a_game_stepped_by_hand() -> None:
    arm = Scripted(Move.ARM_OFFENSIVELY, Signal.ASSURE, greedy=(Move.ARM_DEFENSIVELY, Signal.OPEN))
    t = record(DANGEROUS, arm, n_games=3, intents=[0, 1], seed=5, max_cycles=6)
    games = Games(DANGEROUS, 3, max_cycles=6, seed=5)
    games.reset(5, intents=[0, 1])
    for step in range(5):
        for name in ("offensive", "defensive", "economy", "crisis", "alive", "dossier"):
            assert np.array_equal(getattr(t, name)[step], getattr(games.state, name)), name
        _, rewards, *_ = games.step(np.tile([(2, 1), (1, 4)], (3, 1, 1)))
        assert np.array_equal(t.reward[step], rewards)
        assert np.array_equal(t.move[step], games.state.last_move)
        assert np.array_equal(t.signal[step], games.state.last_signal)
    assert np.allclose(t.burden, 0.02 * t.arms)
    assert np.array_equal(t.greedy, [[False, True]] * 3)
    assert np.array_equal(t.greed, [[0, 0.5]] * 3)


def test_intents_select_states() -> None:
    t = record(DANGEROUS, Scripted(Move.HOLD), n_games=2, intents=[[0, 1], [1, 1]], seed=0, max_cycles=1)
    selected = by_intent(t)
    assert np.array_equal(selected["greedy"], [[False, True], [True, True]])
    assert np.array_equal(selected["security_seeker"], ~selected["greedy"])


def test_the_same_seed_gives_the_same_games_and_another_gives_others() -> None:
    first, again, other = (record(DANGEROUS, Coin(0.3), n_games=64, intents=0, seed=s) for s in (7, 7, 8))
    assert np.array_equal(first.struck, again.struck)
    assert np.array_equal(first.dossier, again.dossier)
    assert first.crisis[:5].tolist() != other.crisis[:5].tolist()


@pytest.mark.parametrize("n", [3, 5])
def test_a_game_of_many_states_goes_on_after_a_war(n: int) -> None:
    params = DANGEROUS.replace(crisis_rate=0.6)
    t = record(params, Coin(0.5), n_games=60, n_states=n, intents=np.arange(n) == 0, seed=4, max_cycles=40)
    assert t.dossier.shape[2:] == (n, n)
    assert (t.active & t.belligerent.any(axis=-1)).sum(axis=0).max() > 1
    living = t.alive.sum(axis=-1)
    assert (np.diff(living, axis=0)[t.active[1:]] <= 0).all()
    assert (living[t.active] >= 2).all()
    assert (t.struck <= t.crisis)[t.active].all()
    assert (t.reward[t.active & ~t.alive.all(axis=-1)][~t.alive[t.active & ~t.alive.all(axis=-1)]] == 0).all()


def test_a_stage_game_is_recorded_to_its_last_stage() -> None:
    stages = ((("hold", "strike"), 0.25), (("hold", "strike"), 0.75))
    t = record(Params(), Scripted(Move.STRIKE), n_games=5, intents=0, seed=0, stages=stages, war="scaled")
    assert t.active.shape == (2, 5)
    assert t.active.all()
    assert t.struck.all()
    assert not t.truncated.any()


def test_a_faulty_game_is_refused() -> None:
    with pytest.raises(ParameterError, match="war_cost"):
        record(Params(war_cost=2.0), Coin(0.1), n_games=1, intents=0, seed=0)


class Counting:
    """Holds; counts its steps and how often it was told to forget."""

    def __init__(self) -> None:
        self.steps, self.starts = 0, list[tuple[int, object]]()

    def restart(self, n_games: int, which: object = None) -> None:
        self.steps = 0
        self.starts.append((n_games, which))

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        self.steps += 1
        return np.zeros((*observations.shape[:2], 2), int)


def test_a_policy_that_remembers_forgets_before_the_games() -> None:
    policy = Counting()
    for n_games in (3, 5):
        record(DANGEROUS, policy, n_games=n_games, intents=0, seed=0, max_cycles=4)
        assert policy.steps == 4
    assert policy.starts == [(3, None), (5, None)]


def test_each_state_of_a_match_is_played_by_its_own_policy() -> None:
    arm, hold = Scripted(Move.ARM_OFFENSIVELY, Signal.OPEN), Scripted(Move.HOLD, Signal.ASSURE)
    t = record(DANGEROUS, Matched([arm, hold]), n_games=4, intents=0, seed=0, max_cycles=6)
    assert (t.move == [Move.ARM_OFFENSIVELY, Move.HOLD]).all()
    assert (t.signal == [Signal.OPEN, Signal.ASSURE]).all()
    t = record(DANGEROUS, Matched([hold, arm, hold]), n_games=4, intents=0, seed=0, n_states=3, max_cycles=6)
    assert (t.move == [Move.HOLD, Move.ARM_OFFENSIVELY, Move.HOLD]).all()


def test_states_are_played_by_the_policies_of_their_seats() -> None:
    arm, hold = Scripted(Move.ARM_OFFENSIVELY), Scripted(Move.HOLD)
    seats = np.array([[0, 1], [1, 0], [1, 1]])
    t = record(DANGEROUS, Matched([arm, hold], seats), n_games=3, intents=0, seed=0, max_cycles=4)
    assert (t.move == np.where(seats == 0, Move.ARM_OFFENSIVELY, Move.HOLD)).all()
    with pytest.raises(ValueError, match=r"seats of shape \(3, 2\) for 4 games of 2 states"):
        record(DANGEROUS, Matched([arm, hold], seats), n_games=4, intents=0, seed=0)


def test_a_match_of_a_policy_with_itself_is_self_play() -> None:
    coin = Coin(0.3)
    alone, matched = (record(DANGEROUS, p, n_games=50, intents=0, seed=3) for p in (coin, Matched([coin, coin])))
    assert np.array_equal(alone.struck, matched.struck)
    assert np.array_equal(alone.reward, matched.reward)


def test_a_policy_of_several_states_of_a_match_acts_and_forgets_once() -> None:
    policy, coin = Counting(), Coin(0.0)
    matched = Matched([policy, coin, policy])
    matched.restart(7, np.array([2]))
    assert [n for n, _ in policy.starts] == [7]
    three = np.zeros((7, 3, 1), np.float32)
    with pytest.raises(ValueError, match="3 policies are matched in games of 2 states"):
        matched.act(three[:, :2], np.ones((7, 2, 5), bool), np.random.default_rng(0))
    two = Matched([policy, policy])
    two.act(three[:, :2], np.ones((7, 2, 5), bool), np.random.default_rng(0))
    assert policy.steps == 1
