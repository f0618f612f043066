"""What the words and lines of a phase diagram mean."""

from __future__ import annotations

from security_dilemma_training.phase_diagram.boundaries import DOMINANCE, SPIRAL, TRUST
from security_dilemma_training.verdict import PEACE_AT_MOST, WAR_AT_LEAST

__all__ = ["BOUNDARIES", "CAPTION", "READING", "TITLE"]

TITLE = "Where learned security seekers are at war"

CAPTION = (
    "Cells are parameters, coloured by the share of seeds at war; beside it what security seekers do among themselves, "
    "interquartile means over the seeds that have the metric. A triangle is a seed at war, a circle one at peace, a "
    "square one in between. Lines are theory's, for equals; they are no fit."
)

BOUNDARIES = {
    DOMINANCE: "Striking is dominated for equals {posture} (P ≤ ½)",
    TRUST: "Trust suffices for equals {posture}, or the greedy need not strike (of the cells with P > ½)",
    SPIRAL: "A unit of arms calls for no more than one in answer (ρ ≤ 1)",
}
"""The first side of each kind of boundary, in words."""

READING = f"""\
## How to read it

Seeds are the replicates. Learned outcomes are bimodal: a seed ends *at war* where its tragic war rate is at least
{WAR_AT_LEAST:g} of the highest that crises allow within the horizon, *at peace* where it is at most {PEACE_AT_MOST:g}
of it, *in between* otherwise. So the colour is a share of seeds, with its count in the cell. All numbers are of games
between security seekers, of policies that were learned among seekers and greedy states as trust has it.

Theory's lines are closed forms of one crisis between two equals; nothing is fitted:

- **P = ½**, with P = Λ(k [b + ln(E_att / E_def)]) the chance that a one-sided strike wins. Where P ≤ ½ striking is
  dominated for a security seeker; above, the crisis is a stag hunt: peace and war are both equilibria (Jervis 1978).
  P hangs on what equals have, so there is a line for each extreme: no arms, and arms up to the cap, for attack or for
  defence.
- **t = m(P)**, with m = (P - ½) / (½ + c): with less trust peace is no equilibrium of the stag hunt, if the greedy
  strike for certain (Kydd 2005). The line is dotted where they need not, P (1 + γ) - c ≤ 1.
- **ρ = 1**, with ρ = (1 - d) e^b / Ō and Ō = [(1 + c) / (γ - c)]^(1/k): beyond, a unit of arms calls for more than
  one in answer (Richardson 1960, micro-founded), of continuous arms without a cap. The *spiral index* is measured on
  play, where it is identified; cells without are hatched.

Above P = ½ theory allows peace as well as war, so that a share of seeds between 0 and 1 is no failure of theory there.
Where striking is dominated, or trust too low, it says more. Learners choose their arms, so no single line must hold.
A seed begins with the same weights in every cell: runs of one seed are no independent draws, and intervals over
several cells, which take them for that, are too narrow.
""".splitlines()
