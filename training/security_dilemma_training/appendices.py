"""Parts of the report that are there where they were measured: exploitability, and beliefs about intents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from security_dilemma.spaces import INTENTS
from security_dilemma_training import appendix_charts, appendix_figures
from security_dilemma_training.figures import LABELS
from security_dilemma_training.pages.marks import RunLine
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.responses.closeness import SMALL_GAIN, Closeness, closeness, gains_of
from security_dilemma_training.statistics import Interval, bootstrap_interval, iqm
from security_dilemma_training.summary import RunKey, WorldSummary, display_name, show_interval, show_number, summarise

__all__ = ["CAPTIONS", "beliefs_section", "exploitability_section", "pictures", "table_row"]

CAPTIONS = {
    "exploitability": "What a best response to each policy gains, by the responder's intent: every seed a point with "
    f"its 95 % interval over games. Shaded: gains of at most {SMALL_GAIN:g}, which count as close to an equilibrium.",
    "beliefs": "Belief of a security seeker that the other is greedy, by what the other is: thin lines are seeds, "
    "thick ones their mean, the dotted line is the prior.",
}
"""Captions of the figures."""

EXPLOITABILITY = f"""\
A policy is worth what a best response leaves of it. For each policy and intent one state learned to answer it
({{starts}} starts of {{agent_steps:,}} steps; games of their own chose among them), while the others played the policy,
with intents drawn from the prior. What it gains over {{games:,}} other games, in undisturbed peaceful futures, is a
**lower bound**: a longer search, or a responder that remembers, may find more. So a gain proves that a policy is no
equilibrium, but that none is found does not prove that it is one. At most {SMALL_GAIN:g} for every intent counts as
close to an equilibrium: less than half of what a single step of peace pays at the default discount."""

GAINS_OF_SEEDS = """\
Interquartile means over seeds with 95 % bootstrap intervals, and numbers of seeds. Every seed, with its 95 % intervals
over games:"""

TOLD = """\
What can be told of the other's intent from everything that a state sees and does:
{sources}.
Skill is 1 - Brier score / Brier score of the prior, 0 where intents cannot be told and 1 where they are known.
Every step of a game that goes on counts alike, so that long peaces weigh most. Misperception is the mean belief of
security seekers about security seekers that they are greedy, calibrated is what it would be if beliefs were right on
average, and the bias is the difference. These are beliefs of an observer that knows the policy, not what the policy
itself makes of what it sees: a posterior has no bias, and that of a probe is what it has failed to learn. Interquartile
means over seeds with 95 % bootstrap intervals."""

SOURCES = {
    "exact": "the exact Bayesian posterior",
    "probe": "a recurrent probe that learned from play, scored on games that it has not seen",
}

BELIEFS = (
    ("Brier score", "brier"),
    ("of the prior", "brier_prior"),
    ("skill", "skill"),
    ("misperception", "misperception"),
    ("calibrated", "calibrated"),
    ("bias", "bias"),
)
"""Columns of the table of beliefs: heading and score."""


def pictures(worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine]) -> dict[str, tuple[Figure, Panels]]:
    """Return the figures by name for which something was measured, each as a picture and as interactive charts.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
    """
    found = {}
    exploited, believed = _measured(worlds, "exploitability"), _measured(worlds, "beliefs")
    if exploited:
        charts = appendix_charts.exploitability(exploited, runs)
        found["exploitability"] = (appendix_figures.exploitability(exploited), charts)
    if believed:
        charts = appendix_charts.beliefs_over_steps(believed, runs)
        found["beliefs"] = (appendix_figures.beliefs_over_steps(believed), charts)
    return found


def exploitability_section(worlds: Sequence[WorldSummary]) -> Iterator[str]:
    """Yield the lines of the part on exploitability; none where it was not measured."""
    known = _measured(worlds, "exploitability")
    if not known:
        return
    budget = known[0].results[0]["exploitability"]["options"]
    yield "## How close to an equilibrium"
    yield ""
    yield EXPLOITABILITY.format(**budget)
    yield ""
    headings = [
        "world",
        "tragic war rate",
        *(f"gain, {LABELS[i]}" for i in INTENTS),
        *(str(kind) for kind in Closeness),
    ]
    yield table_row(headings)
    yield table_row(["---"] * len(headings))
    for world in known:
        gains = [show_interval(_over_seeds(gains_of(world.results, intent))) for intent in INTENTS]
        kinds = world.closeness.seeds if world.closeness else ()
        tragic = show_interval(world.interval("seekers", "tragic_war_rate"))
        yield table_row([display_name(world.world), tragic, *gains, *(str(kinds.count(kind)) for kind in Closeness)])
    yield ""
    yield from _other_makers(known)
    yield GAINS_OF_SEEDS
    yield ""
    yield from _gains_of_seeds(known)


def beliefs_section(worlds: Sequence[WorldSummary]) -> Iterator[str]:
    """Yield the lines of the part on beliefs; none where they were not scored."""
    known = _measured(worlds, "beliefs")
    if not known:
        return
    kinds = sorted({result["beliefs"]["kind"] for world in known for result in world.results})
    yield "## Beliefs about intents"
    yield ""
    yield TOLD.format(sources=", or ".join(SOURCES[kind] for kind in kinds))
    yield ""
    headings = ["world", "seeds", *(heading for heading, _ in BELIEFS)]
    yield table_row(headings)
    yield table_row(["---"] * len(headings))
    for world in known:
        scores = [[_value(result["beliefs"][name]) for result in world.results] for _, name in BELIEFS]
        cells = [show_interval(_over_seeds(values)) for values in scores]
        yield table_row([display_name(world.world), str(len(world.results)), *cells])
    yield ""


def table_row(cells: Sequence[str]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def _gains_of_seeds(worlds: Sequence[WorldSummary]) -> Iterator[str]:
    headings = ["world", "seed", "ends", "tragic war rate", *(f"gain, {LABELS[i]}" for i in INTENTS), "equilibrium"]
    yield table_row(headings)
    yield table_row(["---"] * len(headings))
    for world in worlds:
        for result, ending, tragic in zip(world.results, world.verdict.endings, world.tragic, strict=True):
            found = result["exploitability"]["by_intent"]
            gains = [_gain(found[intent]) for intent in INTENTS]
            cells = [display_name(world.world), str(result["seed"]), str(ending), show_number(tragic), *gains]
            yield table_row([*cells, str(closeness(found))])
    yield ""


def _other_makers(worlds: Sequence[WorldSummary]) -> Iterator[str]:
    """Tell of searches that were kept though another version made them than the evaluation: rules may have changed."""
    results = [result for world in worlds for result in world.results]
    makers = [result["exploitability"].get("measured_by") for result in results]
    others = [made for result, made in zip(results, makers, strict=True) if made != result["measured_by"]]
    if others:
        yield f"{len(others)} of {len(results)} searches were kept from another version than the evaluation's:"
        yield f"{', '.join(dict.fromkeys(map(str, others)))}. Delete their `exploitability.json` to search anew."
        yield ""


def _measured(worlds: Sequence[WorldSummary], what: str) -> list[WorldSummary]:
    """The worlds over those of their seeds for which something was measured."""
    chosen = [(world.world, [result for result in world.results if result.get(what)]) for world in worlds]
    return [summarise(results)[0]._replace(world=name) for name, results in chosen if results]


def _over_seeds(values: Sequence[float]) -> Interval:
    known = [value for value in values if not math.isnan(value)]
    return bootstrap_interval([known], iqm) if known else Interval(math.nan, math.nan, math.nan)


def _gain(found: Mapping[str, Any] | None) -> str:
    return "–" if found is None else show_interval(Interval(found["gain"], found["low"], found["high"]))


def _value(score: float | None) -> float:
    return math.nan if score is None else score
