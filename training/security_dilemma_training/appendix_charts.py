"""The figures of exploitability and of beliefs as interactive charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from security_dilemma.spaces import INTENTS
from security_dilemma_training.charts import (
    WIDTH,
    place_of_world,
    seed_marks,
    who_color,
    who_shape,
)
from security_dilemma_training.curve_charts import lines_of_worlds
from security_dilemma_training.curves import belief_series
from security_dilemma_training.figures import LABELS
from security_dilemma_training.pages.marks import (
    ONLY,
    RunLine,
    layered,
    lit_opacity,
    number,
    row_of,
    spread,
    tooltips,
)
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.pages.theme import LINE
from security_dilemma_training.responses.closeness import SMALL_GAIN
from security_dilemma_training.statistics import Interval
from security_dilemma_training.summary import RunKey, WorldSummary, run_key, show_interval

__all__ = ["beliefs_over_steps", "exploitability"]


def exploitability(worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine]) -> Panels:
    """Return what a best response gains in every seed by the responder's intent.

    Args:
        worlds: The worlds, with ``exploitability`` in all their results.
        runs: What is told of each run.
    """
    seeds = []
    for place, world in enumerate(worlds):
        for shift, intent in zip((-0.2, 0.2), INTENTS, strict=True):
            sides = spread(len(world.results))
            for result, side in zip(world.results, sides, strict=True):
                found = result["exploitability"]["by_intent"][intent]
                if found is not None:
                    gain = Interval(found["gain"], found["low"], found["high"])
                    bounds = {"low": number(gain.low), "high": number(gain.high), "gain": show_interval(gain)}
                    where = {"place": place + shift + WIDTH * side, "value": number(gain.estimate)}
                    seeds.append(row_of(runs[run_key(result)], who=LABELS[intent], **where, **bounds))
    only = alt.selection_point(name=ONLY, fields=["who"], bind="legend")
    told = tooltips(list(runs.values()), alt.Tooltip("gain:N", title="gain [95 %]"), alt.Tooltip("who:N", title="of"))
    points = seed_marks(seeds, worlds, "gain of the best response found", told, None, only)
    points = points.encode(color=who_color(), shape=who_shape())
    rules = (
        alt.Chart(alt.InlineData(values=seeds))
        .mark_rule(tooltip=None)
        .encode(x=place_of_world(worlds), y="low:Q", y2="high:Q", color=who_color(), opacity=lit_opacity(0.5, only))
    )
    small = alt.Chart(alt.InlineData(values=[{"low": 0, "high": SMALL_GAIN}])).mark_rect(
        color=LINE, opacity=0.6, tooltip=None
    )
    small = small.encode(y="low:Q", y2="high:Q")
    chart = layered(small, rules, points.add_params(only), height=300)
    return Panels([chart], "Gains of best responses to every seed's policy")


def beliefs_over_steps(worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine]) -> Panels:
    """Return the mean belief of security seekers that the other is greedy, over steps, by the other's intent.

    Args:
        worlds: The worlds, with ``beliefs`` in all their results.
        runs: What is told of each run.
    """
    priors = [(1 - float(np.mean(world.results[0]["params"]["trust"])), "prior") for world in worlds]
    axes = ("step", "belief that the other is greedy", (0.0, 1.0))
    charts = lines_of_worlds(worlds, runs, belief_series, axes, priors)
    return Panels(charts, "Beliefs of security seekers by what the other is")
