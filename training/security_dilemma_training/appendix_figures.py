"""Figures of exploitability and of beliefs; every seed is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from security_dilemma.spaces import INTENTS
from security_dilemma_training.curves import belief_series, mean_series
from security_dilemma_training.figures import (
    LABELS,
    STYLE,
    STYLES,
    finish,
    panel_title,
    panels_of,
    seed_points,
    world_tick,
)
from security_dilemma_training.responses.closeness import SMALL_GAIN
from security_dilemma_training.summary import WorldSummary

__all__ = ["beliefs_over_steps", "exploitability"]


def exploitability(worlds: Sequence[WorldSummary]) -> Figure:
    """Draw what a best response gains in every seed by the responder's intent, above the tragic war rates.

    Args:
        worlds: The worlds, with ``exploitability`` in all their results.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(1.6 + 1.45 * len(worlds), 4.6))
        gains, rates = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        gains.axhspan(0, SMALL_GAIN, color="0.9", zorder=0, label=f"gain of at most {SMALL_GAIN:g}")
        gains.axhline(0, color="0.6", linewidth=0.8)
        for place, world in enumerate(worlds):
            for shift, intent in zip((-0.2, 0.2), INTENTS, strict=True):
                color, _, marker = STYLES[intent]
                found = [result["exploitability"]["by_intent"][intent] for result in world.results]
                gain, low, high = (
                    np.array([np.nan if one is None else one[name] for one in found])
                    for name in ("gain", "low", "high")
                )
                spots = seed_points(
                    gains, place + shift, gain.tolist(), color, marker, None if place else LABELS[intent]
                )
                gains.errorbar(
                    spots, gain, yerr=[gain - low, high - gain], fmt="none", ecolor=color, elinewidth=0.7, alpha=0.6
                )
            seed_points(rates, place, world.tragic, "0.25", "o")
        gains.set_ylabel("gain of the best response found\n(undisturbed futures)")
        gains.set_title("What a best response gains: a lower bound of exploitability", loc="left")
        rates.set_ylim(-0.06, 1.06)
        rates.set_ylabel("tragic war\nrate")
        rates.set_xticks(range(len(worlds)), [world_tick(world) for world in worlds])
        rates.set_xlim(-0.55, len(worlds) - 0.45)
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def beliefs_over_steps(worlds: Sequence[WorldSummary]) -> Figure:
    """Draw the mean belief of security seekers that the other is greedy, over steps, by the other's intent.

    Args:
        worlds: The worlds, with ``beliefs`` in all their results.
    """
    with rc_context(STYLE):
        figure, panels = panels_of(len(worlds))
        for axes, world in zip(panels, worlds, strict=True):
            for intent in INTENTS:
                color, line, _ = STYLES[intent]
                series = [belief_series(result, intent) for result in world.results]
                for steps, beliefs in series:
                    axes.plot(steps, beliefs, color=color, linestyle=line, linewidth=0.7, alpha=0.4)
                steps, mean = mean_series(series)
                if len(steps):
                    label = f"about {LABELS[intent]}"
                    axes.plot(steps, mean, color=color, linestyle=line, linewidth=2.2, label=label)
            trust = float(np.mean(world.results[0]["params"]["trust"]))
            axes.axhline(1 - trust, color="0.4", linewidth=0.8, linestyle=":", label="prior")
            axes.set_title(panel_title(world), loc="left")
            axes.set_ylim(0, 1)
        finish(figure, panels, "step", "belief of a security seeker\nthat the other is greedy")
    return figure
