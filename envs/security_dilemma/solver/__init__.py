"""Exact solutions of stage games with finite types: expected payoffs, best responses, exploitability, beliefs."""

from security_dilemma.solver.payoffs import (
    BestResponse,
    best_response,
    expected_payoffs,
    expected_payoffs_by_intent,
    gains,
    gains_by_intent,
    nash_conv,
    replaced,
)
from security_dilemma.solver.tree import Behaviour, GameTree, Profile

__all__ = [
    "Behaviour",
    "BestResponse",
    "GameTree",
    "Profile",
    "best_response",
    "expected_payoffs",
    "expected_payoffs_by_intent",
    "gains",
    "gains_by_intent",
    "nash_conv",
    "replaced",
]
