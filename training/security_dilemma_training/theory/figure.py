"""The figure of the table of theory: basins, trust and the spread of fear, with every kind of learner beside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from security_dilemma.theory import strike_shares
from security_dilemma_training.figures import GREEDY, SEEKER, STYLE
from security_dilemma_training.theory.settings import Settings, basin_starts, critical, trust_levels
from security_dilemma_training.theory.targets.fear import answers
from security_dilemma_training.theory.targets.rows import Row

__all__ = ["theory_figure"]

MARKERS = (("o", SEEKER), ("^", GREEDY))
"""Of the kinds of learners, in the order in which the rows name them."""


def theory_figure(rows: Sequence[Row], settings: Settings) -> Figure:
    """Draw the share of seeds at war by initial strike probability and by trust, and how fear multiplies.

    Args:
        rows: The rows of theory, with what learners reached if they were asked to.
        settings: The settings.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(10.2, 3.4))
        left, middle, right = figure.subplots(1, 3)
        boundary = critical(settings)
        _outcomes(left, rows, "basin", basin_starts(settings))
        _step(left, boundary, "π*", rising=True)
        left.set(xlabel="initial strike probability x0", ylabel="share at war", title="Basins of learning (§3)")
        _outcomes(middle, rows, "trust_threshold", trust_levels(settings))
        _step(middle, None if boundary is None else 1 - boundary, "m", rising=False)
        middle.set(xlabel="trust t", ylabel="share at war", title="Trust among security seekers (§2, 13)")
        _fear(right, rows, settings)
        handles, labels = _legend(left, middle, right)
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _outcomes(axes: Axes, rows: Sequence[Row], experiment: str, places: Sequence[float]) -> None:
    """The share of seeds at war at each place, for every kind of learner."""
    found = [row for row in rows if row.experiment is not None and row.experiment[0] == experiment]
    for place, row in zip(places, found, strict=False):
        for learned, (marker, color) in zip(row.learned, MARKERS, strict=False):
            label = f"{learned.learner}, share of {len(learned.values)} seeds"
            axes.plot(
                place, learned.mean, marker, color=color, markersize=7, fillstyle="none", label=label, clip_on=False
            )
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.04, 1.04)


def _step(axes: Axes, boundary: float | None, name: str, *, rising: bool) -> None:
    """What theory says: war on one side of a boundary; without one, peace everywhere."""
    if boundary is None:
        axes.plot([0, 1], [0, 0], color="black", linewidth=1.2, label="theory")
        return
    before, after = (0, 1) if rising else (1, 0)
    axes.plot([0, boundary, boundary, 1], [before, before, after, after], color="black", linewidth=1.2, label="theory")
    axes.annotate(f"{name} = {boundary:.3f}", (boundary, 0.5), (5, 0), textcoords="offset points", fontsize=8)


def _fear(axes: Axes, rows: Sequence[Row], settings: Settings) -> None:
    """The share that the environment makes strike by the share expected to; equilibria lie on the diagonal."""
    mean, width = settings.initiative_mean, settings.initiative_width
    expected = np.linspace(0, 1, 51)
    answer = answers(settings, mean, width)
    axes.plot(
        expected, [answer(float(share)) for share in expected], color="0.45", linewidth=1.5, label="best responses"
    )
    axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, linestyle=":")
    shares: tuple[float, ...] = ()
    with suppress(ValueError):  # every share is an equilibrium
        shares = strike_shares(settings.chance, settings.war_cost, mean, width)
    axes.plot(shares, shares, "s", color="black", markersize=6, fillstyle="none", label="equilibria of theory")
    reached = [row for row in rows if row.experiment == ("fear_multiplier", "share")]
    for row in reached:
        for learned, (marker, color) in zip(row.learned, MARKERS, strict=False):
            values = list(learned.values)
            axes.plot(values, values, marker, color=color, markersize=4, alpha=0.6)
    axes.set(xlabel="share expected to strike", ylabel="share that strikes", title="Fear that multiplies (§5)")
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.04, 1.04)


def _legend(*panels: Axes) -> tuple[list[Artist], list[str]]:
    """Every label once."""
    found: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)
