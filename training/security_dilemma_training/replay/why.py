"""Why a step paid what it paid: one or two plain sentences for each state."""

from __future__ import annotations

import numpy as np

from security_dilemma_training.replay.accounted import Step, state_name

__all__ = ["chance", "fight", "number", "why"]

NOTHING = 1e-9
"""A term below this is not worth a word."""

CERTAIN = 0.995
"""From here on two digits would say 1."""

TEXTS = {
    "upkeep": "upkeep of {arms} units of arms took {x}",
    "burnt_signal": "the burnt signal cost {x}",
    "conquest": "conquest is worth {x} to a greedy state",
    "initiative": "striking as such brought {x}",
    "broken_pledge": "breaking its pledge cost {x}",
    "war_cost": "the war cost {x}",
    "support": "defending {victim} cost {x}",
    "spoils": "spoils added {x}",
    "power": "its share of power added {x}",
    "routine": "breaking its routine cost {x}",
    "prosocial": "what the others got added {x}",
}
"""What is said of each term but the first two; of one with the other sign than usual see ``TURNED``."""

TURNED = {"initiative": "striking as such cost {x}", "prosocial": "what the others lost took {x}"}


def number(value: float) -> str:
    """Return a number with three significant digits, without exponent."""
    return np.format_float_positional(float(value), precision=3, fractional=False, unique=True, trim="-")


def chance(value: float) -> str:
    """Return a probability with two digits, never rounded to certainty."""
    if value >= CERTAIN:
        return "over 0.99"
    return "under 0.01" if value < 1 - CERTAIN else f"{value:.2f}"


def fight(step: Step) -> str:
    """Return who struck whom in a war, and who won it with which chance."""
    winner = step.winner
    if winner is None:
        raise ValueError(f"step {step.number} saw no war")
    odds = chance(step.win_chance[winner])
    if len(step.strikers) > 1:
        one, other = map(state_name, step.belligerents)
        return f"{one} and {other} struck at once and {state_name(winner)} won, with a chance of {odds}"
    striker = step.strikers[0]
    victim = next(i for i in step.belligerents if i != striker)
    deed = f"{state_name(striker)} struck {state_name(victim)}"
    if winner == striker:
        return f"{deed} and won, with a chance of {odds}"
    return f"{deed} and lost: the attack was repelled, which had a chance of {odds}"


def why(step: Step, i: int) -> str:
    """Return in words what the step paid a living state and why, in units of an undisturbed future.

    Args:
        step: The step.
        i: The state.
    """
    clauses = [*_base(step, i), *_clauses(step, i)]
    paid = float(sum(terms[i] for terms in step.terms.values()))
    if not clauses:
        clauses = ["nothing was paid"]
    text = f"{_occasion(step, i)}{'; '.join(clauses)}."
    if len(clauses) > 1:
        text += f" In all {'+' if paid > 0 else ''}{number(paid)}."
    if i in step.strikers and len(step.strikers) > 1:
        text += f" Had {state_name(i)} held still, its chance would have been {chance(step.held_chance[i])}."
    return text if text.startswith("state_") else text[0].upper() + text[1:]


def _occasion(step: Step, i: int) -> str:
    """What happened before the account: a war, or a crisis in which nobody struck."""
    if i in step.belligerents:
        return f"{fight(step)}: "
    return "nobody struck in the crisis: " if step.can_strike[i] and not step.strikers else ""


def _base(step: Step, i: int) -> list[str]:
    """What a state has without any burden: the step, its future, or neither."""
    step_paid, future = step.terms["peaceful_step"][i], step.terms["undisturbed_future"][i]
    told = []
    if abs(step_paid) > NOTHING:
        if step.staged:
            told.append(f"a peaceful stage pays its stake, {number(step_paid)}")
        elif i in step.belligerents:
            told.append(f"as others are left, {state_name(i)} is paid its step as in peace, {number(step_paid)}")
        else:
            told.append(f"a peaceful step pays {number(step_paid)} of an undisturbed future")
    if abs(future) > NOTHING:
        kept = "takes the stake of the stage" if step.scaled else "keeps what is still at stake"
        told.append(f"{state_name(i)} {kept if step.staged else 'keeps its undisturbed future'} (+{number(future)})")
    if i in step.belligerents and i != step.winner:
        lost = "gets nothing of the stake" if step.scaled else "is eliminated and its future gone"
        told.append(f"{state_name(i)} {lost}")
    return told


def _clauses(step: Step, i: int) -> list[str]:
    before = step.played.before
    arms = number(float(before.offensive[i] + before.defensive[i]))
    victim = next((state_name(j) for j in step.belligerents if j not in step.strikers), "")
    told = []
    for name, text in TEXTS.items():
        x = float(step.terms[name][i])
        if abs(x) > NOTHING:
            gains = "added" in text or "brought" in text
            text = TURNED[name] if gains and x < 0 and name in TURNED else text
            told.append(text.format(x=number(abs(x)), arms=arms, victim=victim))
    return told
