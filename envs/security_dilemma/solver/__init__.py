"""Exact solutions of stage games with finite types: payoffs, best and quantal responses, NashConv, beliefs.

A :class:`GameTree` enumerates a stage game through the rules of the environment; everything else reads the tree.
"""

from security_dilemma.solver.beliefs import Beliefs, posteriors
from security_dilemma.solver.openspiel import openspiel_policy, to_openspiel
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
from security_dilemma.solver.profiles import (
    all_hold,
    all_strike,
    costly_signal,
    greedy_strike,
    profile_of,
    reassurance,
)
from security_dilemma.solver.quantal import QuantalBranch, QuantalResponse, quantal_response_branch
from security_dilemma.solver.tree import Behaviour, GameTree, Profile

__all__ = [
    "Behaviour",
    "Beliefs",
    "BestResponse",
    "GameTree",
    "Profile",
    "QuantalBranch",
    "QuantalResponse",
    "all_hold",
    "all_strike",
    "best_response",
    "costly_signal",
    "expected_payoffs",
    "expected_payoffs_by_intent",
    "gains",
    "gains_by_intent",
    "greedy_strike",
    "nash_conv",
    "openspiel_policy",
    "posteriors",
    "profile_of",
    "quantal_response_branch",
    "reassurance",
    "replaced",
    "to_openspiel",
]
