"""What a replay calls things: worlds, numbers, terms."""

from __future__ import annotations

from typing import Any

from security_dilemma_training.replay.page import CAPTIONS, GREED_CAPTIONS
from security_dilemma_training.replay.words import number, terms, world_in_words
from tests.training.replays_for_tests import a_stage_game, played


def test_worlds_in_words() -> None:
    doves = played("dove", game={"max_cycles": 1})

    def words(**params: Any) -> str:
        return world_in_words(doves._replace(params=doves.params | params))

    assert "Defence has the advantage" in words(balance=-0.9)
    assert "Neither" in words(balance=0.0)
    assert "differs by state" in words(balance=[0.1, 0.2])
    assert "can be told apart (d = 1)" in words(distinguishability=1.0)
    assert "in part (d = 0.95" in words(distinguishability=0.95)
    assert "differs by state" in words(distinguishability=[0.1, 0.2])
    assert "every stage is a crisis" in world_in_words(a_stage_game())


def test_numbers_and_terms_in_words() -> None:
    assert [number(value) for value in (0.5, -0.001, -0.25)] == ["0.50", "0.00", "−0.25"]
    assert terms({"peaceful_step": 0.05, "upkeep": -0.002, "spoils": 0.0001}) == "peaceful step +0.050, upkeep −0.002"


def test_captions_name_every_kind_of_chart() -> None:
    assert set(CAPTIONS) == {"arms", "deeds", "signals", "beliefs", "phase", "payoffs"}
    assert set(GREED_CAPTIONS) == {"exact", "probe"}
