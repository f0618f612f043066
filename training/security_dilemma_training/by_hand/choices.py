"""What a state can do in a step, as questions with numbered answers and a line on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from security_dilemma.actions import component_sizes
from security_dilemma.spaces import COMPONENT_NAMES
from security_dilemma.state import Move, Signal
from security_dilemma_training.by_hand.sight import Sight
from security_dilemma_training.policies import Bools

__all__ = ["Choice", "Question", "questions"]


class Choice(NamedTuple):
    """One answer."""

    value: int  # in the action
    name: str  # as in the rules
    meaning: str  # a line


class Question(NamedTuple):
    """A component of the action, with the answers that have an effect."""

    name: str  # move, signal or support
    choices: tuple[Choice, ...]


def questions(sight: Sight, mask: Bools, params: Mapping[str, float], seat: int, *, scaled: bool) -> list[Question]:
    """Return what there is to choose, one question for each component of the action.

    Args:
        sight: What the state sees.
        mask: (sum of component sizes,), which values have their effect.
        params: The state's own parameters by name.
        seat: Which state it is.
        scaled: Whether wars pay the stake of a stage, and eliminate nobody.
    """
    n = len(sight.others) + 1
    meanings: tuple[list[tuple[str, str]], ...] = (
        _moves(sight, params, scaled),
        _signals(params),
        _supports(params, seat, n),
    )
    asked, place = [], 0
    for name, size, told in zip(COMPONENT_NAMES, component_sizes(n), meanings, strict=False):
        offered = [Choice(value, *told[value]) for value in range(size) if mask[place + value]]
        asked.append(Question(name, tuple(offered)))
        place += size
    return asked


def _moves(sight: Sight, params: Mapping[str, float], scaled: bool) -> list[tuple[str, str]]:
    rival = "nobody" if sight.rival is None else sight.rival.name
    pledge = f"; it breaks your pledge, for {params['audience_cost']:g} more" if sight.pledged else ""
    lost = "the winner takes the stake" if scaled else "the loser is eliminated"
    meanings = (
        "leave your forces as they are",
        f"buy {params['build']:g} units of defensive arms",
        f"buy {params['build']:g} units of offensive arms",
        "halve both stocks",
        f"war with {rival}: {lost}, each pays {params['war_cost']:g}{pledge}",
    )
    return [(move.name.lower(), meaning) for move, meaning in zip(Move, meanings, strict=True)]


def _signals(params: Mapping[str, float]) -> list[tuple[str, str]]:
    meanings = (
        "say nothing",
        "a message of good will; free, and binds nobody",
        f"spend {params['burn_cost']:g} of this step's income for all to see",
        f"no strike in the coming step; to break it costs {params['audience_cost']:g}",
        "show your arms and posture exactly in the next reports",
    )
    return [(signal.name.lower(), meaning) for signal, meaning in zip(Signal, meanings, strict=True)]


def _supports(params: Mapping[str, float], seat: int, n: int) -> list[tuple[str, str]]:
    cost = f"defend it in the coming step; costs {params['support_cost']:g} if it is struck"
    return [("nobody", "stand by nobody"), *((f"state_{(seat + k) % n}", cost) for k in range(1, n))]
