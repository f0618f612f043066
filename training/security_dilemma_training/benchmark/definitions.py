"""What the words, figures and numbers of a benchmark's report mean."""

from __future__ import annotations

from collections.abc import Sequence

from security_dilemma_training.benchmark.tables import MeasuredCell, worlds_of
from security_dilemma_training.statistics import FEW_SEEDS, few_seeds, least_p_of_groups
from security_dilemma_training.verdict import NEARLY_ALL, PEACE_AT_MOST, WAR_AT_LEAST

__all__ = ["CAPTIONS", "LOGGED", "MEASURES", "MORE", "READING", "SURE", "few_seeds_told"]

SURE = 0.05
"""Adjusted p-values of at most this much are told apart from the others."""

LOGGED = {
    "games/wars_per_game": ("learning_wars", "Games that ended in war while learning (share)"),
    "games/discounted_return": ("learning_returns", "Discounted return while learning (undisturbed peaceful futures)"),
}
"""Columns of ``progress.csv`` that are drawn: name of the figure, and title with the unit."""

MEASURES = (
    ("payoff", "payoff"),
    ("tragic war rate", "tragic_war_rate"),
    ("welfare loss", "welfare_loss"),
    ("gain against it, seekers", "exploitability_security_seeker"),
    ("gain against it, greedy", "exploitability_greedy"),
)
"""Heading and column of what leaderboards show."""

MORE = (("war rate", "war_rate"), ("arms burden", "arms_burden"))
"""What is shown of every seed besides."""

CAPTIONS = {
    "seeds": "Every seed is a point, marked by how it ends; beside stands how many seeds end at war.",
    "payoffs": "Every seed is a point; the stroke is the interquartile mean with its 95 % bootstrap interval. With two "
    "heaps of seeds it may lie where no seed does.",
    "improvement": "Probability that a run of the row pays more than a run of the column, ½ where they are alike. "
    "Over all worlds it is the mean over the worlds that both played. White: neither is better.",
    "profiles": "Share of seeds that pay more than a threshold, with pointwise 95 % bootstrap bands up to four "
    "learners. A curve above another everywhere is better however one looks at it.",
    "learning_wars": "A line is a seed, coloured by how its evaluation ends. All wars count, also late ones and with "
    "greedy states.",
    "learning_returns": "A line is a seed, coloured by how its evaluation ends.",
    "controls": "A line joins one seed: without control first, then with one thing changed in training and evaluation.",
}
"""Captions of the figures."""

READING = f"""\
## How to read it

Seeds are the replicates: the games of a seed share one history of learning. Learned outcomes are bimodal, so look at
the seeds before any mean. A seed ends *at war* where its tragic war rate is at least {WAR_AT_LEAST:g} of the highest
that crises allow within the horizon, *at peace* where it is at most {PEACE_AT_MOST:g} of it, *in between* otherwise. A
world ends in war with a learner, or stays at peace, if at least {NEARLY_ALL:g} of the seeds do.

Bootstrap intervals of few seeds are too narrow: of five normally distributed values they hold the mean in about 83 % of
cases rather than 95 %, and where all runs of one learner pay more than all of another, the interval of the probability
of improvement has no width at all. Go by p there.

- *payoff*: mean discounted payoff of a state, pairs of intents weighted by how often trust makes them; an undisturbed
  peaceful future is 1 in every world, so payoffs of worlds need no rescaling.
- *tragic war rate*, *welfare loss*: of games between security seekers only; *war rate*, *arms burden*: under the prior.
- *gain against it*: what the best response found gains, a lower bound of exploitability, by the responder's intent.
- *rank*: by the mean of the payoff, 1 is the highest; its interval is over resamples of the seeds of all learners.
- *P(first pays more)*: probability of improvement, P(X > Y) + ½ P(X = Y) over runs (Agarwal et al. 2021), averaged
  over worlds, with its 95 % bootstrap interval. *p* is exact, of the Wilcoxon-Mann-Whitney test stratified by world. It
  takes runs as unpaired: the same seed number gives different learners little in common. *Adjusted p* is Holm's (1979),
  over all pairs of one world, or of all worlds together; each of these tables by itself.
- *optimality gap*: mean of what runs miss of a payoff of 1 (Agarwal et al. 2021).
- *share of wars that go*: with a causal control, (w - u) / w of the mean tragic war rates without it, w, and under it,
  u; its interval resamples seeds with both of their rates. *p* is exact, of the sign-flip test over these pairs,
  adjusted over all lines of the table.

All of it is about these configs, budgets and seeds; another budget or tuning may turn it around.
""".splitlines()


def few_seeds_told(cells: Sequence[MeasuredCell]) -> str | None:
    """Return what the fewest seeds cannot tell, of shares at war and of comparisons; None if they do for both."""
    fewest = min((len(cell.rows) for cell in cells), default=FEW_SEEDS)
    told = [few_seeds(fewest)]
    most = max((sum(cell.world == world for cell in cells) for world in worlds_of(cells)), default=0)
    pairs = most * (most - 1) // 2
    least = min(1.0, pairs * least_p_of_groups((fewest, fewest)))
    if pairs and least > SURE:
        clearest = f"even the clearest difference within one world has p = {least_p_of_groups((fewest, fewest)):.2g}"
        corrected = f", and {least:.2g} after Holm's correction for {pairs} pairs" if pairs > 1 else ""
        told.append(f"with {fewest} seed{'s' * (fewest > 1)} {clearest}{corrected}")
    words = "; ".join(words for words in told if words)
    return f"{words[0].upper()}{words[1:]}." if words else None
