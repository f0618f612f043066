"""What a match is worth, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma_training.tournaments import matches
from security_dilemma_training.tournaments.contestants import Member
from security_dilemma_training.tournaments.matches import Match, play, play_all, stored
from tests.training.runs_for_tests import silent

DANGEROUS = WORLDS["doubly_dangerous"]
HAWK, DOVE, RANDOM = (Member(name, None) for name in ("hawk", "dove", "random"))


def match_of(first: Member, others: Member, params: Params = DANGEROUS, games: int = 60, **changes: Any) -> Match:
    return Match(params, 2, 64, first, others, (0, 0), games, 0)._replace(**changes)


def test_a_match_alternates_places_and_tells_of_both_sides() -> None:
    result = play(match_of(HAWK, DOVE))
    assert (result.games, result.wars) == (60, 60)
    assert result.first.survived + result.others.survived == 60
    assert result.first.states == result.others.states == 60
    assert result.first.survived > 45
    assert result.first.payoff > result.others.payoff + 0.3
    peace = play(match_of(DOVE, DOVE))
    assert (peace.wars, peace.first.survived, peace.first.states) == (0, 120, 120)
    assert np.isclose(peace.first.payoff, 1)
    assert np.isclose(peace.first.spread, 0, atol=1e-6)


def test_places_make_no_difference_to_what_a_match_is_worth() -> None:
    """The first state alone is strong, and so is each side in half of the games."""
    params = DANGEROUS.replace(home_defence=np.array([30.0, 0.3]), crisis_rate=1.0)
    result = play(match_of(HAWK, DOVE, params=params, games=200))
    assert (result.wars, result.first.states) == (200, 200)
    assert 95 <= result.first.survived <= 105
    one = play(match_of(HAWK, HAWK, params=params, games=200))
    assert one.first == one.others
    assert one.first.survived == 200


def test_intents_go_with_sides() -> None:
    """A greedy opportunist predates, a security seeker does not."""
    opportunist = HAWK._replace(source="opportunist")
    assert play(match_of(opportunist, DOVE, intents=(1, 0))).wars == 60
    assert play(match_of(opportunist, DOVE, intents=(0, 1))).wars == 0
    assert play(match_of(opportunist, opportunist, intents=(1, 0))).first.payoff > 1


def test_one_among_several_others() -> None:
    result = play(match_of(HAWK, DOVE, n_states=3, games=61))
    assert (result.first.states, result.others.states, result.games) == (61, 122, 61)
    assert result.wars > 40
    # a dove suffers from the one hawk, and from nobody else
    assert play(match_of(DOVE, DOVE, n_states=3)).wars == 0


def test_a_result_is_found_again_under_what_determines_it(tmp_path: Path) -> None:
    match = match_of(RANDOM, HAWK)
    path = tmp_path / f"{match.key}.json"
    assert stored(match, path) is None
    play_all({str(path): match}, silent)
    assert stored(match, path) == play(match)
    for changed in (
        match._replace(seed=1),
        match._replace(games=61),
        match._replace(intents=(0, 1)),
        match._replace(params=DANGEROUS.replace(war_cost=0.2)),
        match._replace(others=Member("somewhere", "f" * 64)),
        match._replace(max_cycles=32),
        match.reversed,
    ):
        assert changed.key != match.key
        assert stored(changed, path) is None
    # wherever the file of a learned policy is, it is the same policy
    here, there = (match._replace(others=Member(folder, "f" * 64)) for folder in ("here", "there"))
    assert here.key == there.key
    path.write_text(path.read_text()[:50])
    assert stored(match, path) is None


def test_another_source_is_another_result(monkeypatch: pytest.MonkeyPatch) -> None:
    key = match_of(RANDOM, HAWK).key
    monkeypatch.setattr(matches, "_source_hash", lambda: "changed")
    assert match_of(RANDOM, HAWK).key != key
