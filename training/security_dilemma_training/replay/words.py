"""What a replay calls things, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from security_dilemma_training.replay.episode import Episode, StateRow

__all__ = ["DEEDS", "SIGNALS", "deed", "intent", "kind_of", "number", "said", "terms", "world_in_words"]

DEEDS = {
    "hold": "holds",
    "arm_defensively": "arms for defence",
    "arm_offensively": "arms for offence",
    "disarm": "disarms",
    "strike": "strikes",
}
"""What a state does, by the name of its move."""

SIGNALS = {
    "silent": "is silent",
    "assure": "assures",
    "burn": "burns resources",
    "pledge": "pledges peace",
    "open": "opens its books",
}
"""What a state says, by the name of its signal."""


def deed(row: StateRow) -> str | None:
    """Return what a state did in a step; None where it could do nothing."""
    if row.move is None or not row.alive:
        return None
    return "strikes" if row.struck else DEEDS.get(row.move, row.move.replace("_", " "))


def said(row: StateRow) -> str | None:
    """Return what a state said in a step; None where it could say nothing."""
    return None if row.signal is None or not row.alive else SIGNALS.get(row.signal, row.signal)


def intent(name: str) -> str:
    """Return the name of an intent as words."""
    return name.replace("_", " ")


def kind_of(name: str) -> str:
    """Return what a state of an intent is, with its article."""
    return "a greedy state" if name == "greedy" else f"a {intent(name)}"


def number(value: float, digits: int = 2) -> str:
    """Return a number without a minus before nothing."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def terms(parts: Mapping[str, float]) -> str:
    """Return what a payoff is made of, as in ``peaceful step +0.050, upkeep −0.002``; terms of nothing are left out."""
    told = {name: number(value, 3) for name, value in parts.items() if abs(value) >= 0.0005}
    return ", ".join(
        f"{name.replace('_', ' ')} {value if value[0] == '−' else '+' + value}" for name, value in told.items()
    )


def world_in_words(episode: Episode) -> str:
    """Return what the parameters say of attack and of what can be told apart."""
    if episode.stages:
        return f"A stage game of {len(episode.stages)} stage{'s' * (len(episode.stages) > 1)}: every stage is a crisis."
    return f"{_balance(episode.params['balance'])} {_distinguishability(episode.params['distinguishability'])}"


def _balance(balance: Any) -> str:
    if not isinstance(balance, (int, float)):
        return f"The offence-defence balance differs by state (b = {balance})."
    if balance == 0:
        return "Neither offence nor defence has the advantage (b = 0)."
    return f"{'Offence' if balance > 0 else 'Defence'} has the advantage (b = {balance:g})."


def _distinguishability(share: Any) -> str:
    if not isinstance(share, (int, float)):
        return f"How well postures can be told apart differs by state (d = {share})."
    if share == 0:
        return "Weapons for attack and for defence cannot be told apart (d = 0)."
    if share == 1:
        return "Weapons for attack and for defence can be told apart (d = 1)."
    return f"Weapons for attack and for defence can be told apart in part (d = {share:g}, of 1)."
