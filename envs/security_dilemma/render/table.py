"""The table: within 80 columns for two states, and some more for each further one."""

from __future__ import annotations

import numpy as np

from security_dilemma.render.frame import UNKNOWN, Frame, headline, intent, move, number, signal, supported
from security_dilemma.state import State

__all__ = ["ansi"]

CORNERS, SIDE = ("┌", "└"), "│"


def ansi(frame: Frame) -> str:
    """Return the game as a table: true intents, stocks, last moves and signals, and each state's dossiers on others.

    A bracket joins the two states in crisis. What there is not, such as the arms of an eliminated state, is a dash.
    """
    n = frame.state.alive.shape[-1]
    about = " ".join(f"{f's{j}':>4}" for j in range(n))
    above = f"{'':26}{'arms':>10}{'':9}{'last':<23}{_allies(n, '')}dossier on"
    head = f"  {'state':<8}{'intent':<16}{'off.':>4}{'def.':>6}{'econ.':>7}  {'move':<16}{'signal':<7}"
    rows = [_row(frame.state, k) for k in range(n)]
    return "\n".join([_caption(frame), above, f"{head}{_allies(n, 'defends')}{about}", *rows, headline(frame.state)])


def _caption(frame: Frame) -> str:
    params = frame.params
    facts = {"b": params.balance, "visibility": params.visibility, "fungibility": params.fungibility}
    shown = "   ".join(f"{name} {number(value)}" for name, value in facts.items())
    return f"{frame.title}   {shown}   step {int(frame.state.steps)} of {frame.max_cycles}"


def _row(state: State, k: int) -> str:
    n, alive = state.alive.shape[-1], bool(state.alive[k])
    numbers = (state.offensive[k], state.defensive[k], state.economy[k])
    offensive, defensive, economy = (f"{float(value):.2f}" if alive else UNKNOWN for value in numbers)
    held = f"{intent(state, k):<16}{offensive:>4}{defensive:>6}{economy:>7}"
    allies = ", ".join(f"s{j}" for j in supported(state, k))
    deeds = f"{move(state, k):<16}{signal(state, k):<7}{_allies(n, allies or UNKNOWN)}"
    known = [alive and bool(state.alive[j]) and j != k for j in range(n)]
    dossiers = " ".join(f"{f'{state.dossier[k, j]:.2f}' if known[j] else UNKNOWN:>4}" for j in range(n))
    return f"{_bracket(state, k)} {f'state_{k}':<8}{held}  {deeds}{dossiers}"


def _allies(n: int, words: str) -> str:
    """The column of who defends whom, which two states have no use for."""
    return f"{words:<8}" if n > 2 else ""


def _bracket(state: State, k: int) -> str:
    """The part in row k of a bracket around the two states in crisis."""
    dyad = np.flatnonzero(state.crisis).tolist()
    if k in dyad:
        return CORNERS[dyad.index(k)]
    return SIDE if dyad and dyad[0] < k < dyad[1] else " "
