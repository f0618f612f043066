"""Closed forms of the theory, with their sources: what the environment is checked against.

They are derived for two equal states with an economy of 1, in units where an undisturbed peaceful future is worth 1.
Each says where it holds and raises a ValueError elsewhere. Nothing in the rules imports this package.
"""

from security_dilemma.theory.arms import RichardsonRace, SecurityRequirement, power_armament, security_requirement
from security_dilemma.theory.contagion import (
    dominant_hawks,
    fear_feedback,
    fear_multiplier,
    strike_shares,
    war_chance,
)
from security_dilemma.theory.crisis import (
    CrisisPayoffs,
    balance_against_defenders,
    crisis_payoffs,
    critical_strike_probability,
    is_stag_hunt,
    minimum_trust,
    parity_chance,
    peace_is_equilibrium,
    predation_threshold,
    strike_is_risk_dominant,
)
from security_dilemma.theory.learning import ends_at_war, quantal_responses
from security_dilemma.theory.militarization import Militarization, militarization, warning_distinguishability
from security_dilemma.theory.misperception import label_information, misperception_cutoff
from security_dilemma.theory.reassurance import Window, reassurance_window
from security_dilemma.theory.signalling import signal_window

__all__ = [
    "CrisisPayoffs",
    "Militarization",
    "RichardsonRace",
    "SecurityRequirement",
    "Window",
    "balance_against_defenders",
    "crisis_payoffs",
    "critical_strike_probability",
    "dominant_hawks",
    "ends_at_war",
    "fear_feedback",
    "fear_multiplier",
    "is_stag_hunt",
    "label_information",
    "militarization",
    "minimum_trust",
    "misperception_cutoff",
    "parity_chance",
    "peace_is_equilibrium",
    "power_armament",
    "predation_threshold",
    "quantal_responses",
    "reassurance_window",
    "security_requirement",
    "signal_window",
    "strike_is_risk_dominant",
    "strike_shares",
    "war_chance",
    "warning_distinguishability",
]
