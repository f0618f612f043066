"""The data of a replay's charts: plain rows, of which nothing is computed but where things are drawn."""

from __future__ import annotations

from typing import Any

from security_dilemma_training.replay.episode import Episode, StateRow
from security_dilemma_training.replay.why import chance
from security_dilemma_training.replay.words import deed, intent, number, said, terms

__all__ = [
    "BELIEVED",
    "GREED",
    "TRUE",
    "Rows",
    "arms_rows",
    "dyad_rows",
    "is_armed",
    "names",
    "payoff_rows",
    "symbol_rows",
    "view_rows",
    "war_label",
]

BELIEVED, TRUE, GREED = "believed offensive share", "true offensive share", "belief that it is greedy"
"""The series of a chart of beliefs."""

Rows = list[dict[str, Any]]
"""Rows of data by the names of their fields."""


def names(episode: Episode) -> list[str]:
    """Return the names of the states in order."""
    return [row.state for row in episode.states[: episode.n_states]]


def is_armed(episode: Episode) -> bool:
    """Return whether anyone ever had arms."""
    return any(row.offensive + row.defensive > 0 for row in episode.states)


def arms_rows(episode: Episode, state: str) -> Rows:
    """Return what stood, was done and was paid in each step of one state."""
    return [_step(row) | _told(row) for row in episode.states if row.state == state]


def symbol_rows(episode: Episode) -> Rows:
    """Return a row for each state and step in which it could act: what it did, and what it said."""
    rows = [row for row in episode.states if row.alive and row.move is not None]
    return [
        {
            "step": row.step,
            "title": f"{row.state} in step {row.step}",
            "row": f"{row.state}|{intent(row.intent)}",
            "intent": intent(row.intent),
            "did": deed(row),
            "said": said(row),
        }
        for row in rows
    ]


def payoff_rows(episode: Episode) -> tuple[Rows, Rows]:
    """Return the discounted totals after each step by state, and for each step what it paid to whom."""
    acted = [row for row in episode.states if row.payoff is not None]
    start = [{"step": 0, "series": name, "total": 0.0} for name in names(episode)]
    totals = start + [{"step": row.step + 1, "series": row.state, "total": row.total} for row in acted]
    steps: dict[int, dict[str, Any]] = {}
    for row in acted:
        step = steps.setdefault(row.step, {"title": f"paid in step {row.step}", "step": row.step})
        if row.alive:
            step[row.state] = f"{number(row.payoff or 0.0, 3)} — {row.why or terms(row.terms or {})}"
    return totals, list(steps.values())


def view_rows(episode: Episode) -> Rows:
    """Return what each state makes of each other, one row for each step, observer and observed."""
    return [
        {"step": row.step, "observer": row.observer, "observed": row.observed, BELIEVED: row.dossier, TRUE: row.share}
        | ({} if row.belief is None else {GREED: row.belief})
        for row in episode.views
    ]


def dyad_rows(episode: Episode) -> Rows:
    """Return the arms of all living states in each step, by the states' names, and who was at war in it."""
    steps: dict[int, dict[str, Any]] = {}
    for row in episode.states:
        step = steps.setdefault(row.step, {"step": row.step, "war": []})
        if row.alive:
            step[row.state] = row.offensive + row.defensive
        if row.belligerent:
            step["war"].append(row.state)
    return list(steps.values())


def war_label(row: StateRow) -> str:
    """Return how a state fared in a war and its chance to win, as in ``strikes, wins (0.86)``."""
    came = "strikes" if row.struck else "is struck"
    odds = "" if row.win_chance is None else f" ({chance(row.win_chance)})"
    return f"{came}, {'wins' if row.won else 'loses'}{odds}"


def _step(row: StateRow) -> dict[str, Any]:
    """Where things of a step are drawn."""
    return {
        "step": row.step,
        "alive": row.alive,
        "crisis": row.crisis,
        "offensive": row.offensive,
        "defensive": row.defensive,
        "arms": row.offensive + row.defensive,
        "war": war_label(row) if row.belligerent else None,
        "struck": bool(row.struck),
    }


def _told(row: StateRow) -> dict[str, Any]:
    """What is told of a step where one points at it."""
    paid = None if row.payoff is None else f"{number(row.payoff, 3)} ({terms(row.terms or {}) or 'nothing'})"
    return {
        "title": f"{row.state} in step {row.step}",
        "has": f"{number(row.offensive)} offensive, {number(row.defensive)} defensive",
        "does": deed(row),
        "says": said(row),
        "paid": paid,
        "why": row.why,
    }
