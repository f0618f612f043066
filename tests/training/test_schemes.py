"""The seats and the company of a learner, and learners that take turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma import Games, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.config import RunConfig, load
from security_dilemma_training.partner_sections import SCHEMES
from security_dilemma_training.policies import Bools, Floats, memory_of, remind
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.schemes.company import Company
from security_dilemma_training.schemes.seats import PartneredVecEnv, SeatsVecEnv, seats_in_turn
from security_dilemma_training.schemes.turns import Meeting, hand_over, take_turns
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.players import Scripted

GAMES = 40
EXAMPLES = sorted((Path(__file__).parents[2] / "configs" / "schemes").glob("*.yaml"))


class Counting:
    """Sends how many steps of each game it has seen, as its move; it remembers them."""

    def __init__(self) -> None:
        self.seen = np.zeros(0, int)

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        if which is None:
            self.seen = np.zeros(n_games, int)
        self.seen[slice(None) if which is None else which] = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        self.seen += 1
        moves = np.broadcast_to(self.seen[:, None], observations.shape[:2])
        return np.stack([moves, np.zeros_like(moves)], axis=-1)

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        return {"seen": self.seen}

    def remember(self, arrays: Any) -> None:
        self.seen = arrays["seen"].copy()


def company(members: list[Any], n_states: int = 2, seed: int = 0) -> Company:
    made = Company(members, seats_in_turn(GAMES, n_states), n_states, np.random.default_rng(seed))
    made.restart(GAMES)
    return made


def moves(of: Company, n_states: int = 2) -> NDArray[Any]:
    mask = np.ones((GAMES, n_states, 10), bool)
    played: NDArray[Any] = of.act(np.ones((GAMES, n_states, 7)), mask, np.random.default_rng(0))[..., 0]
    return played


@pytest.mark.parametrize("n_states", [2, 3])
def test_partners_are_drawn_alike_for_every_seat_but_the_learners(n_states: int) -> None:
    made = company([Scripted(Move.DISARM), Scripted(Move.ARM_DEFENSIVELY), Scripted(Move.STRIKE)], n_states)
    learner = np.arange(n_states) == seats_in_turn(GAMES, n_states)[:, None]
    counts = np.zeros(3)
    for _ in range(50):
        assert ((made.playing == -1) == learner).all()
        counts += np.bincount(made.playing[~learner], minlength=3)
        played = moves(made, n_states)
        assert (played[learner] == Move.HOLD).all()
        plays = np.array([Move.DISARM, Move.ARM_DEFENSIVELY, Move.STRIKE])
        np.testing.assert_array_equal(played[~learner], plays[made.playing[~learner]])
        made.restart(GAMES)
    assert counts / counts.sum() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_partners_change_when_a_game_starts_and_not_before() -> None:
    made = company([Scripted(move) for move in Move])
    before = made.playing.copy()
    which = np.array([1, 5, 6, 30])
    others = np.setdiff1d(np.arange(GAMES), which)
    for _ in range(5):
        made.restart(GAMES, which)
        np.testing.assert_array_equal(made.playing[others], before[others])
    assert (made.playing[which] != before[which]).any()
    with pytest.raises(ValueError, match="41 games for 40 seats"):
        made.restart(41)


def test_who_leaves_plays_its_games_to_their_end() -> None:
    made = company([Scripted(Move.STRIKE)])
    made.add(7, Scripted(Move.DISARM))
    made.leave(0)
    own = made.playing == 0
    assert own.any()
    assert (moves(made)[own] == Move.STRIKE).all()
    made.restart(GAMES, np.arange(20))
    assert set(made.members) == {0, 7}
    assert set(made.playing[:20].ravel().tolist()) == {-1, 7}
    assert set(made.playing[20:].ravel().tolist()) == {-1, 0}
    made.restart(GAMES, np.arange(20, GAMES))
    assert set(made.members) == {7}


def test_members_of_rows_see_what_is_their_own() -> None:
    """A member that decides from rows is shown only those that it plays, in the order of games and states."""

    class Echo:
        def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
            assert observations.shape[1] == 1
            assert mask.shape[:2] == observations.shape[:2]
            return observations[..., :2].astype(int)

    made = company([Scripted(Move.HOLD)])
    made.add(1, Echo())
    made.restart(GAMES)
    observations = np.arange(GAMES * 2 * 3, dtype=float).reshape(GAMES, 2, 3)
    played = made.act(observations, np.ones((GAMES, 2, 10), bool), np.random.default_rng(0))
    own = made.playing == 1
    np.testing.assert_array_equal(played[own], observations[own][:, :2])


def test_a_company_and_its_memories_go_on_from_where_they_were() -> None:
    first = company([Counting(), Scripted(Move.HOLD)])
    moves(first)
    first.restart(GAMES, np.arange(10))
    state = deepcopy(first.state())
    second = company([Counting(), Scripted(Move.HOLD)], seed=1)
    second.restore(state)
    np.testing.assert_array_equal(moves(second), moves(first))
    own = first.playing == 0
    assert set(moves(first)[:10][own[:10]].tolist()) == {2}
    assert set(moves(second)[10:][own[10:]].tolist()) == {3}


def test_a_policy_that_cannot_say_what_it_remembers_is_told() -> None:
    class Secretive(Scripted):
        def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
            """Remembers, and does not say what."""

    with pytest.raises(TypeError, match="Secretive has restart, but neither memory_arrays nor remember"):
        memory_of(Secretive(Move.HOLD))
    assert memory_of(Scripted(Move.HOLD)) == {}
    remind(Scripted(Move.HOLD), {})


def games_of(n_games: int, **options: Any) -> GamesVecEnv:
    return GamesVecEnv(Games(Params(**options.pop("params", {})), n_games, seed=0, **options))


def test_attributes_and_masks_are_those_of_the_seats() -> None:
    games = games_of(6, params={"crisis_rate": 1.0})
    env = SeatsVecEnvForTests(games, seats_in_turn(6, 2))
    assert env.num_envs == 6
    assert env.get_attr("state_index") == [0, 1, 0, 1, 0, 1]
    assert env.get_attr("game", [2, 5]) == [2, 5]
    env.set_attr("note", "own", [1])
    assert [getattr(slot, "note", None) for slot in games.slots[:4]] == [None, None, None, "own"]
    masks = env.env_method("action_masks")
    np.testing.assert_array_equal(masks, games.mask[np.arange(6), seats_in_turn(6, 2)])
    assert env.env_is_wrapped(GamesVecEnv) == [False] * 6


class SeatsVecEnvForTests(SeatsVecEnv):
    def reset(self) -> Any: ...
    def step_wait(self) -> Any: ...


def test_with_three_states_the_seat_of_an_eliminated_learner_idles_until_its_game_restarts() -> None:
    games = games_of(300, n_states=3, max_cycles=12, params={"crisis_rate": 1.0})
    env = PartneredVecEnv(games, seats_in_turn(300, 3), Scripted(Move.STRIKE), np.random.default_rng(0))
    env.seed(1)
    env.reset()
    hold = np.tile([Move.HOLD, Signal.SILENT, 0], (300, 1))
    idle, ever = np.zeros(300, bool), np.zeros(300, bool)
    for _ in range(12):
        seen, _, done, infos = env.step(hold)
        dead = (np.asarray(seen) == 0).all(axis=-1)
        assert (done[dead & ~idle]).all()  # eliminated in this step
        assert not done[dead & idle].any()
        assert (done[idle & ~dead]).all()  # its game has restarted
        assert all(("terminal_observation" in info) == over for info, over in zip(infos, done, strict=True))
        idle, ever = dead, ever | dead
    assert ever.any()


@contextmanager
def no_turn(_k: int) -> Iterator[None]:
    yield


def test_learners_take_turns_in_their_order_and_meet() -> None:
    told: list[Any] = []

    def learner(name: str) -> Any:
        def work() -> None:
            for place in (Meeting.ROLLOUT, Meeting.STEP):
                told.append(name)
                hand_over(place)
            told.append(f"{name} ends")

        return work

    take_turns([learner("a"), learner("b")], no_turn, told.append)
    assert told == ["a", "b", Meeting.ROLLOUT, "a", "b", Meeting.STEP, "a ends", "b ends"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("where", ["first", "last", "meeting"])
def test_what_goes_wrong_in_one_ends_all(error: type[BaseException], where: str) -> None:
    told = []

    def learner(name: str) -> Any:
        def work() -> None:
            try:
                hand_over(Meeting.ROLLOUT)
                if name == where:
                    raise error
                hand_over(Meeting.STEP)
            finally:
                told.append(name)

        return work

    def meet(place: Meeting) -> None:
        if place is Meeting.ROLLOUT and where == "meeting":
            raise error

    with pytest.raises(error):
        take_turns([learner("first"), learner("middle"), learner("last")], no_turn, meet)
    assert sorted(told) == ["first", "last", "middle"]


def test_learners_that_do_not_meet_are_told() -> None:
    def early() -> None:
        """Is done at once."""

    with pytest.raises(RuntimeError, match=r"at different meetings: \['end', 'step'\]"):
        take_turns([early, lambda: hand_over(Meeting.STEP)], no_turn, lambda _place: None)
    with pytest.raises(RuntimeError, match="for learners that take turns"):
        hand_over(Meeting.STEP)


def test_there_is_an_example_of_every_scheme() -> None:
    assert sorted(path.stem for path in EXAMPLES) == sorted(SCHEMES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid_and_can_be_built(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=../schema.json\n")
    config = load(path, ["learner.slots=32", "learner.batch_size=64"], RunConfig)
    assert config.partners.scheme == path.stem
    assert build_scheme(config, 0).games.num_envs == 2 * config.n_games
