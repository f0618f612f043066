"""The figure of a study: every seed of every condition, a panel for each metric that matters."""

from __future__ import annotations

import math
import textwrap

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from security_dilemma_training.figures import STYLE
from security_dilemma_training.statistics import FEW_SEEDS
from security_dilemma_training.studies.registry import SHARES
from security_dilemma_training.studies.results import Results

__all__ = ["KINDS", "kind_of", "study_figure"]

KINDS = {
    "learned": ("#0072b2", "o"),
    "learned on": ("#009e73", "s"),
    "played only": ("#d55e00", "^"),
}
"""Colour and marker of a condition by its kind; colours of Okabe & Ito (2008)."""

COLUMNS, WIDTH_OF_A_NAME = 3, 26


def kind_of(results: Results, condition: str) -> str:
    """Return which of :data:`KINDS` a condition is: learned, learned on from another's policy, or played only."""
    asked = results.asked.conditions[condition]
    if asked.players:
        return "played only"
    return "learned" if asked.after is None else "learned on"


def study_figure(results: Results) -> Figure:
    """Draw a panel for each metric that is shown: conditions from top to bottom, every seed a point."""
    metrics, conditions = results.asked.shown, list(results.asked.conditions)
    columns = 2 if len(metrics) == 4 else min(len(metrics), COLUMNS)
    rows = math.ceil(len(metrics) / columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(2.4 + 2.6 * columns, 1.0 + rows * (0.55 + 0.36 * len(conditions))))
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel().tolist()
        for axes, metric in zip(grid, metrics, strict=False):
            _panel(axes, results, metric)
        for unused in grid[len(metrics) :]:
            unused.set_visible(False)
        names = ["\n".join(textwrap.wrap(results.asked.title_of(name), WIDTH_OF_A_NAME)) for name in conditions]
        grid[0].set_yticks(range(len(conditions)), names)
        grid[0].set_ylim(len(conditions) - 0.5, -0.5)
        handles = {
            label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=8)
        few = len(results.asked.seeds) < FEW_SEEDS
        title = results.asked.question + (" (few seeds: intervals tell little)" if few else "")
        figure.suptitle("\n".join(textwrap.wrap(title, 34 * columns)), fontsize=10, x=0.01, ha="left")
    return figure


def _panel(axes: Axes, results: Results, metric: str) -> None:
    for place, condition in enumerate(results.asked.conditions):
        kind = kind_of(results, condition)
        color, marker = KINDS[kind]
        values = results.known(condition, metric)
        spread = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(len(values))
        axes.scatter(
            values, place - 0.08 + spread, s=20, marker=marker, color=color, alpha=0.75, linewidth=0.4,
            edgecolor="white", label=kind, zorder=3, clip_on=False,
        )  # fmt: skip
        middle = results.interval(condition, metric)
        if len(values) > 1:
            reach = [[max(middle.estimate - middle.low, 0)], [max(middle.high - middle.estimate, 0)]]
            told = "share of seeds" if metric in SHARES else "interquartile mean"
            axes.errorbar(
                middle.estimate, place + 0.28, xerr=reach, fmt="D", color="black", markersize=4, capsize=2.5,
                linewidth=1, label=f"{told}, 95 % interval",
            )  # fmt: skip
        if not values:
            axes.text(0.5, place, "nothing to measure", transform=axes.get_yaxis_transform(), ha="center", va="center",
                      fontsize=7, color="0.5")  # fmt: skip
    axes.set_title(metric.replace("_", " "), loc="left")
    axes.grid(axis="x", color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if metric in SHARES:
        axes.set_xlim(-0.06, 1.06)
