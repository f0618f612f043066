"""Playing by hand: what a person is shown, what it is asked, and what its answers become."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from security_dilemma.combat import strike_probability
from security_dilemma_training.action_modes import in_mode
from security_dilemma_training.by_hand.asking import Keys, LeftError, Lines
from security_dilemma_training.by_hand.choices import Choice, Question, questions
from security_dilemma_training.by_hand.game import ByHand, by_hand_config, command, same_moves
from security_dilemma_training.by_hand.news import news
from security_dilemma_training.by_hand.person import Person
from security_dilemma_training.by_hand.sight import Other, Sight, Watcher
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.one_game import Played, one_game
from security_dilemma_training.players import player
from security_dilemma_training.policies import Matched

MOVE = Question("move", (Choice(0, "hold", "rest"), Choice(2, "arm_offensively", "buy"), Choice(4, "strike", "war")))
SIGNAL = Question("signal", (Choice(0, "silent", "nothing"), Choice(1, "assure", "good will")))
OTHER = Other("state_1", True, False, 1.0, 0.5, 1.0, "silent", False, False, False, None, 0.5, 0.5)
SIGHT = Sight(0.0, 0.0, 0.5, 0.5, 1.0, 0.9, False, False, None, (OTHER,))


class Script:
    """Answers by a list of turns, and keeps the questions."""

    def __init__(self, turns: Sequence[Sequence[int]]) -> None:
        self.turns, self.asked = list(turns), list[list[Question]]()

    def ask(self, questions: Sequence[Question]) -> list[int]:
        self.asked.append(list(questions))
        return list(self.turns.pop(0)) if self.turns else [question.choices[0].value for question in questions]


def paper(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False)


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def game(**given: Any) -> RunConfig:
    return parse({"world": "doubly_dangerous"} | given, RunConfig)


def played(
    config: RunConfig,
    turns: Sequence[Sequence[int]] = (),
    against: str = "dove",
    seat: int = 0,
    intents: Any = "security_seeker",
) -> tuple[list[Played], str, Script, Person]:
    """A game of a person, by what it answers; and what was written."""
    console, script, shape = paper(), Script(turns), config.game
    person = Person(config, seat, console, script, against)
    seated = in_mode(person, "multidiscrete", shape.action_mode, shape.n_states)
    opponent = player(against, config, trusted=False)
    policy = Matched([seated if k == seat else opponent for k in range(shape.n_states)])
    return list(one_game(config, policy, seed=3, intents=intents)), written(console), script, person


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete", "continuous"])
def test_answers_are_played_in_every_action_mode(mode: str) -> None:
    turns = [(2, 2), (1, 0), (3, 2), (0, 0)]
    plays, text, _, person = played(game(game={"max_cycles": 4, "action_mode": mode}, params={"crisis_rate": 0}), turns)
    assert [int(play.after.last_move[0]) for play in plays] == [2, 1, 3, 0]
    assert [int(play.action.signal[0]) for play in plays] == [2, 0, 2, 0]
    assert person.done == turns
    assert text.count("You: ") == 4
    assert "You: arm offensively, burn." in text


@pytest.mark.parametrize("seat", [0, 3])
def test_every_seat_supports_the_state_that_was_named(seat: int) -> None:
    config = game(game={"n_states": 4, "max_cycles": 2}, params={"crisis_rate": 0})
    plays, text, script, _ = played(config, [(0, 0, 2)], seat=seat)
    ally = (seat + 2) % 4
    assert np.argwhere(plays[0].after.support).tolist() == [[seat, ally]]
    assert script.asked[0][2].choices[2].name == f"state_{ally}"
    assert f"standing by state_{ally}" in text
    assert f"You defend state_{ally} in this step." in text


def test_nothing_is_shown_that_a_state_does_not_observe() -> None:
    """The same play of a seeker and of a greedy state, by one who acts alike, reads alike."""
    texts = [played(game(game={"max_cycles": 8}), against="grim", intents=[0, greedy])[1] for greedy in (0, 1)]
    assert texts[0] == texts[1]
    assert "CRISIS" in texts[0]


def test_only_the_own_row_of_observations_is_read() -> None:
    config = game()
    play = next(iter(one_game(config, player("dove", config, trusted=False), seed=0)))
    shown = []
    for noise in (0.0, 9.0):
        console = paper()
        seen = play.observation[None] + np.array([0.0, noise], np.float32)[:, None]
        Person(config, 0, console, Script([]), "dove").act(seen, play.mask[None], np.random.default_rng(0))
        shown.append(written(console))
    assert shown[0] == shown[1]


def test_estimates_are_the_true_chances_where_what_is_seen_is_true() -> None:
    """A dove that opens its books: its posture and arms are known exactly."""
    config = game(game={"max_cycles": 6})
    plays = played(config, [(2, 4), (1, 4), (2, 4), (1, 4)], against="dove")[0]
    watcher = Watcher(config, 1)
    for play in plays[1:4]:
        sight, true = watcher.look(play.observation[1]), strike_probability(play.params, play.before)
        assert sight.others[0].threat == pytest.approx(float(true[0]), abs=1e-5)
        assert sight.others[0].chance == pytest.approx(float(true[1]), abs=1e-5)


def test_a_turn_shows_what_striking_and_being_struck_would_mean() -> None:
    # without arms: a strike wins with Λ(2 [0.9 + ln 0.1]) = 0.057; a state that is struck wins with the rest
    text = played(game(game={"max_cycles": 1}))[1]
    assert next(line for line in text.splitlines() if "state_1  " in line).split()[-2:] == ["0.06", "0.94"]


def test_only_moves_with_an_effect_are_offered() -> None:
    plays, _, script, _ = played(game(game={"max_cycles": 30}), against="dove")
    assert {bool(play.before.crisis[0]) for play in plays} == {True, False}
    for play, asked in zip(plays, script.asked, strict=True):
        names = [choice.name for choice in asked[0].choices]
        assert ("strike" in names) == bool(play.before.crisis[0])


def test_where_nothing_can_be_said_nothing_is_asked() -> None:
    _, text, script, person = played(game(game={"max_cycles": 2, "signals": False}), [(1,)])
    assert [[question.name for question in asked] for asked in script.asked] == [["move"], ["move"]]
    assert person.done == [(1,), (0,)]
    assert "You: arm defensively, silent." in text


def test_the_eliminated_is_told_once_and_asked_no_more() -> None:
    params = {"crisis_rate": 1, "balance": 3}
    config = game(game={"n_states": 4, "max_cycles": 12}, params=params)
    plays, text, script, _ = played(config, against="hawk")
    lived = sum(bool(play.before.alive[0]) for play in plays)
    assert 0 < lived < len(plays)
    assert len(script.asked) == lived
    assert text.count("You have been eliminated; the others play on.") == 1


def test_stage_games_are_played_to_their_end() -> None:
    config = parse({"stage_game": "kydd_reassurance"}, RunConfig)
    plays, text, script, _ = played(config, [(4, 0), (0, 1)], against="tit_for_tat")
    assert len(plays) == 2
    assert [choice.name for choice in script.asked[0][0].choices] == ["hold", "strike"]
    assert "stage 1 · CRISIS with state_1" in text
    assert "who won you learn later" in " ".join(text.split())
    assert "eliminated" not in text


def test_trust_is_that_in_the_others() -> None:
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    for trust, words in (([0.1, 0.9], "0.9"), ([0.1, 0.9, 0.2], "0.2 to 0.9")):
        shape = {"max_cycles": 1, "n_states": len(trust)}
        text = played(game(params={"trust": trust}, game=shape, learner=learner))[1]
        assert f"Others are security seekers with a probability of {words};" in " ".join(text.split())


def test_what_is_known_of_intents_is_told_where_it_is_revealed() -> None:
    text = played(game(game={"max_cycles": 2, "reveal_intents": True}), intents=[0, 1])[1]
    assert "You know that state_1 is greedy." in text


@pytest.mark.parametrize("n_states", [2, 8])
def test_turns_fit_80_columns(n_states: int) -> None:
    config = game(game={"n_states": n_states, "max_cycles": 20}, params={"crisis_rate": 1})
    text = played(
        config, [turn[: 2 + (n_states > 2)] for turn in [(2, 3, 0), *[(1, 3, 1)] * 19]], against="richardson"
    )[1]
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "Nothing that you can see has changed."),
        ({"arms": 1.5}, "state_1: arms up from 1.00 to 1.50."),
        ({"dossier": 0.25, "signal": "assure"}, "state_1: assures you; reads less offensive, 0.50 to 0.25."),
        ({"crisis": True}, "CRISIS with state_1: in this step either of you can strike."),
        ({"struck_me": True}, "state_1 struck you."),
        ({"supports_me": True}, "state_1 defends you in this step."),
        ({"alive": False}, "state_1 is eliminated, in a war with another."),
    ],
)
def test_news(changes: dict[str, Any], told: str) -> None:
    assert told in news(SIGHT, SIGHT._replace(others=(OTHER._replace(**changes),)))


def test_a_victory_is_news() -> None:
    before = SIGHT._replace(others=(OTHER._replace(crisis=True),))
    assert news(before, SIGHT._replace(others=(OTHER._replace(alive=False),))) == [
        "state_1 is eliminated: you have won the war."
    ]


def test_a_strike_says_whom_it_hits_and_what_it_breaks() -> None:
    sight = SIGHT._replace(pledged=True, crisis=True, others=(OTHER._replace(crisis=True),))
    params = Watcher(game(), 0).params
    asked = questions(sight, np.ones(10, bool), params, 0, scaled=False)
    strike = asked[0].choices[4]
    assert strike.name == "strike"
    assert (
        strike.meaning
        == "war with state_1: the loser is eliminated, each pays 0.25; it breaks your pledge, for 0.2 more"
    )


@pytest.mark.parametrize(
    ("line", "values"), [("2", [2, 0]), ("2 1", [2, 1]), ("strike assure", [4, 1]), ("  0   1 ", [0, 1])]
)
def test_lines_are_numbers_or_names(line: str, values: list[int]) -> None:
    assert Lines(paper(), io.StringIO(f"{line}\n")).ask([MOVE, SIGNAL]) == values


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "an empty line is no answer: give a number for the move"),
        ("3", "move 3 cannot be chosen now: choose among 0 hold, 2 arm_offensively, 4 strike"),
        ("disarm", "move disarm cannot be chosen now"),
        ("strik", "move 'strik' is unknown: did you mean 'strike'?"),
        ("2 7", "signal 7 cannot be chosen now: choose among 0 silent, 1 assure"),
        ("2 1 1", "'2 1 1' has 3 words: there is move, signal to choose"),
        ("?", "signal 1 assure: good will"),
    ],
)
def test_a_line_that_is_no_answer_is_told_and_the_next_one_is_taken(line: str, told: str) -> None:
    console = paper(200)
    assert Lines(console, io.StringIO(f"{line}\n4 1\n")).ask([MOVE, SIGNAL]) == [4, 1]
    assert told in written(console)


def test_lines_that_end_before_the_game_are_a_fault_and_q_leaves() -> None:
    with pytest.raises(ConfigError, match="standard input ends before the game does"):
        Lines(paper(), io.StringIO("")).ask([MOVE])
    with pytest.raises(LeftError):
        Lines(paper(), io.StringIO("q\n")).ask([MOVE])


def test_intents_are_as_drawn_but_for_the_persons_own() -> None:
    config = by_hand_config("dove", None, None, 8, 1)
    assert config.world == "doubly_dangerous"
    drawn = ByHand(config, "dove", 3, 5, None)
    fixed = [ByHand(config, "dove", 3, 5, intent) for intent in ("greedy", "security_seeker")]
    held = [one.play(one.person(paper(), Script([]))).intents for one in (drawn, *fixed)]
    assert [intents[3] for intents in held[1:]] == ["greedy", "security_seeker"]
    assert len({intents[:3] + intents[4:] for intents in held}) == 1
    assert set(held[0]) == {"security_seeker", "greedy"}, "a seed that draws both"


def test_the_commands_that_play_a_game_again() -> None:
    options = {"world": "intense", "against": "grim", "as": None, "seed": 7}
    again = "security-dilemma play --world intense --against grim --seed 7"
    assert command(options) == again
    assert same_moves(options, [(2, 0), (1,)]) == f"printf '%s\\n' '2 0' 1 | {again} --out game.html"


def test_keys_answer_a_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow keys and Enter, numbers, back, help and what is no key; the terminal itself is another test's."""
    for pressed, values in (
        ("4\x1b[B\r", [4, 1]),
        ("\x1b[B\x1bOB\r1", [4, 1]),
        ("\x1b[A\r0", [4, 0]),
        ("2\x1b[D00", [0, 0]),
        ("?3x21", [2, 1]),
    ):
        keys = Keys(paper())
        monkeypatch.setattr("security_dilemma_training.by_hand.asking._keys_at_once", io.StringIO)
        monkeypatch.setattr(keys, "_waiting", [])
        waiting = io.StringIO(pressed)
        monkeypatch.setattr("sys.stdin", waiting)
        monkeypatch.setattr(waiting, "fileno", lambda: 0)
        monkeypatch.setattr("os.read", lambda descriptor, size, waiting=waiting: waiting.read(size).encode())
        assert keys.ask([MOVE, SIGNAL]) == values, pressed
