"""The story of a game: what happened in which step, and how it ended, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from security_dilemma.perception import posture_share
from security_dilemma.state import Signal
from security_dilemma_training.replay.accounted import Step, state_name
from security_dilemma_training.replay.episode import Event
from security_dilemma_training.replay.why import chance, fight, number

__all__ = ["events", "outcome"]

SAID = {
    Signal.ASSURE: "assures",
    Signal.BURN: "burns resources",
    Signal.PLEDGE: "pledges not to strike first",
    Signal.OPEN: "opens its books",
}


def events(steps: Sequence[Step]) -> tuple[Event, ...]:
    """Return what is worth telling of a game, in order; a signal or support that goes on is told when it begins."""
    told: list[Event] = []
    for step in steps:
        told += [*_crisis(step), *_signals(steps, step.number), *_supports(step), *_strikes(step), *_war(step)]
    return (*told, _end(steps))


def outcome(steps: Sequence[Step]) -> str:
    """Return how a game went and ended, in a sentence or two."""
    wars = [step for step in steps if step.belligerents]
    crises = sum(bool(step.can_strike.any()) for step in steps)
    if not wars:
        survived = f", and {_count(crises, 'crisis', 'crises')}" if crises and not steps[0].staged else ""
        return f"Peace through {_length(steps)}{survived}."
    tragic = sum(step.tragic for step in wars)
    if len(wars) == 1:
        kind = "A tragic war, of two security seekers," if tragic else "War"
        return f"{kind} in {_place(wars[0])}: {fight(wars[0])}."
    of_seekers = f", {tragic} of them tragic, of two security seekers" if tragic else ""
    return f"{len(wars)} wars{of_seekers}; the last in {_place(wars[-1])}: {fight(wars[-1])}."


def _described(step: Step, i: int) -> str:
    return f"{state_name(i)} ({step.intents[i].replace('_', ' ')})"


def _crisis(step: Step) -> Iterator[Event]:
    dyad = [int(i) for i in np.flatnonzero(step.can_strike)]
    if dyad:
        names = tuple(map(state_name, dyad))
        odds = " and ".join(f"{chance(step.strike_chance[i])} for {state_name(i)}" for i in dyad)
        text = f"A crisis of {' and '.join(names)}: a strike that is not returned would win with a chance of {odds}."
        yield Event(step.number, "crisis", names, text)


def _signals(steps: Sequence[Step], number: int) -> Iterator[Event]:
    for i, signal in enumerate(_said(steps[number])):
        if signal == Signal.SILENT or (number and _said(steps[number - 1])[i] == signal):
            continue
        length = next((k for k, step in enumerate(steps[number:]) if _said(step)[i] != signal), len(steps) - number)
        going_on = f", {length} steps on end" if length > 1 else ""
        text = f"{_described(steps[number], i)} {SAID[Signal(signal)]}{going_on}."
        yield Event(number, "signal", (state_name(i),), text)


def _said(step: Step) -> list[int]:
    """The signals of a step; the dead are silent."""
    signals: list[int] = np.where(step.played.before.alive, step.played.action.signal, Signal.SILENT).tolist()
    return signals


def _supports(step: Step) -> Iterator[Event]:
    before, after = step.played.before.support, step.played.after.support
    for i, j in np.argwhere(after & ~before).tolist():
        names = (state_name(i), state_name(j))
        text = f"{_described(step, i)} takes the side of {names[1]}, which it defends in the next step."
        yield Event(step.number, "support", names, text)


def _strikes(step: Step) -> Iterator[Event]:
    before = step.played.before
    for i in step.strikers:
        j = next(k for k in step.belligerents if k != i)
        text = f"{_described(step, i)} strikes {_described(step, j)}"
        if before.reported_arms[i, j] > 0:
            true = float(posture_share(before.offensive[j], before.defensive[j]))
            arms = number(float(before.reported_arms[i, j]))
            text += (
                f", whose {arms} units of arms it takes for {before.dossier[i, j]:.0%} offensive (in truth {true:.0%})"
            )
        broken = " It breaks its pledge not to." if before.pledged[i] else ""
        yield Event(step.number, "strike", (state_name(i), state_name(j)), f"{text}.{broken}")


def _war(step: Step) -> Iterator[Event]:
    winner = step.winner
    if winner is None:
        return
    loser = next(i for i in step.belligerents if i != winner)
    gone = "" if step.scaled else f"; {state_name(loser)} is eliminated"
    gain = "but the victor takes spoils" if np.any(step.terms["spoils"]) else "and neither gains from conquest"
    tragic = f" A tragic war: both are security seekers, {gain}." if step.tragic else ""
    names = (state_name(winner), state_name(loser))
    text = f"War: {names[0]} wins, with a chance of {chance(step.win_chance[winner])}{gone}.{tragic}"
    yield Event(step.number, "war", names, text)


def _end(steps: Sequence[Step]) -> Event:
    last = steps[-1]
    alive = [int(i) for i in np.flatnonzero(last.played.after.alive)]
    if len(alive) == 1:
        kept = "what was still at stake" if last.staged else "its future"
        text = f"{_described(last, alive[0])} alone is left, and keeps {kept}."
    elif last.staged:
        text = "The last stage has been played."
    else:
        limit = _count(len(steps), "step", "steps")
        text = f"The time limit of {limit} cuts the game off; whoever is alive would go on."
    return Event(len(steps), "end", tuple(map(state_name, alive)), text)


def _place(step: Step) -> str:
    return f"{'stage' if step.staged else 'step'} {step.number}"


def _length(steps: Sequence[Step]) -> str:
    if steps[0].staged:
        return _count(len(steps), "stage", "stages")
    return f"{_count(len(steps), 'step', 'steps')}, the time limit"


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
