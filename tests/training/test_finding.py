"""Games found by what they show: the first that does, and how many others do."""

from __future__ import annotations

from typing import Any

import pytest

from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.one_game import one_game
from security_dilemma_training.replay import finding
from security_dilemma_training.replay.finding import GAMES, find_game
from tests.training.players import Coin, Scripted


def config_of(**params: Any) -> RunConfig:
    return parse({"world": "doubly_dangerous", "params": params, "game": {"max_cycles": 8}}, RunConfig)


def fought(config: RunConfig, policy: Any, seed: int) -> bool:
    return any(step.after.belligerent.any() for step in one_game(config, policy, seed=seed, intents="security_seeker"))


@pytest.mark.parametrize("shows", ["war", "peace"])
def test_the_first_game_that_shows_it_is_found(shows: str) -> None:
    config, policy = config_of(crisis_rate=0.2), Coin(0.4 if shows == "war" else 0.9)
    said: list[str] = []
    found = find_game(
        config, policy, shows, seed=5, intents="security_seeker", report=lambda _share, text: said.append(text)
    )
    has = [fought(config, policy, seed) == (shows == "war") for seed in range(5, found.seed + 1)]
    assert has == [False] * (found.place - 1) + [True]
    assert found.seed == 5 + found.place - 1
    assert len(said) == found.place + 1


def test_the_share_is_that_of_many_games() -> None:
    # the second of two steps is a crisis with chance 0.3, and a hawk strikes in it; 1000 games: sd 0.0145
    config = parse({"world": "intense", "params": {"crisis_rate": 0.3}, "game": {"max_cycles": 2}}, RunConfig)
    for shows, expected in (("war", 0.3), ("peace", 0.7), ("crisis", 0.3)):
        found = find_game(config, Scripted(Move.STRIKE), shows, seed=0, intents=["greedy", "security_seeker"])
        assert found.share == pytest.approx(expected, abs=0.06)
    assert str(found._replace(seed=7, place=8, share=0.3125)) == (
        "Seed 7, game 8 from seed 0 on, was chosen because it sees a crisis; of 1000 such games 31.2% do."
    )


def test_intents_may_be_drawn_from_the_prior() -> None:
    config = config_of(crisis_rate=1.0, trust=0.5)
    greedy_strike = Scripted(Move.HOLD, greedy=(Move.STRIKE, 0))
    found = find_game(config, greedy_strike, "peace", seed=0, intents=None)
    assert found.share == pytest.approx(0.25, abs=0.06)
    steps = list(one_game(config, greedy_strike, seed=found.seed))
    assert not (steps[0].before.greed > 0).any()


def test_what_no_game_shows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = f"find = 'war': none of {GAMES} games from seed 3 on sees a war; look for something else"
    with pytest.raises(ConfigError, match=told):
        find_game(config_of(), Scripted(Move.HOLD), "war", seed=3, intents="security_seeker")
    # a share above 0 in other games does not help where the games of the seeds do not show it
    monkeypatch.setattr(finding, "GAMES", 4)
    monkeypatch.setattr(finding, "_share", lambda *given: 0.001)
    with pytest.raises(ConfigError, match="none of 4 games from seed 0 on sees a war"):
        find_game(config_of(), Scripted(Move.HOLD), "war", seed=0, intents="security_seeker")
