"""Figures of results: every seed is shown, colours are safe for colour-blind readers and tell apart in grey, too."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from security_dilemma.spaces import INTENTS
from security_dilemma_training.curves import Curves, Series, arms_series, mean_series, strikes_series
from security_dilemma_training.statistics import FEW_SEEDS
from security_dilemma_training.summary import RunKey, WorldSummary, display_name, run_key
from security_dilemma_training.verdict import PEACE_AT_MOST, WAR_AT_LEAST, Outcome, ceiling
from security_dilemma_training.writing import write_atomically

__all__ = [
    "GREEDY",
    "LABELS",
    "SEEKER",
    "STYLE",
    "STYLES",
    "arms_over_time",
    "expected_rates",
    "finish",
    "learning_curves",
    "panel_title",
    "panels_of",
    "save",
    "seed_points",
    "strikes",
    "tragic_war_rates",
    "world_tick",
]

SEEKER, GREEDY = "#0072b2", "#d55e00"  # blue and vermilion of Okabe & Ito (2008); the vermilion is lighter in grey
STYLES = dict(zip(INTENTS, ((SEEKER, "-", "o"), (GREEDY, "--", "^")), strict=True))
LABELS = dict(zip(INTENTS, ("security seekers", "greedy states"), strict=True))
STYLE: Any = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "security-dilemma",
}


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PNG and SVG, atomically and the same to the byte each time, and return the files.

    Args:
        figure: The figure.
        path: The files' path without a suffix.
    """
    files = []
    with rc_context(STYLE):
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=160, metadata=metadata)
            files.append(path.with_name(f"{path.name}.{kind}"))
            write_atomically(files[-1], buffer.getvalue())
    return files


def tragic_war_rates(worlds: Sequence[WorldSummary]) -> Figure:
    """Draw the tragic war rate of every seed by world, with the interquartile mean, its interval and theory beside."""
    with rc_context(STYLE):
        figure = Figure(figsize=(1.6 + 1.45 * len(worlds), 3.9))
        axes = figure.subplots()
        first = next((place for place, world in enumerate(worlds) if len(world.tragic) > 1), None)
        for place, world in enumerate(worlds):
            for low, high in expected_rates(world):
                label = None if axes.patches else "expected"
                axes.bar(place, high - low, 0.86, low, color="0.9", zorder=0, label=label)
            seed_points(axes, place - 0.1, world.tragic, SEEKER, "o", "one seed" if place == 0 else None)
            middle = world.interval("seekers", "tragic_war_rate")
            if len(world.tragic) > 1:
                low, high = middle.estimate - middle.low, middle.high - middle.estimate
                axes.errorbar(
                    place + 0.27,
                    middle.estimate,
                    yerr=[[max(low, 0)], [max(high, 0)]],
                    fmt="D",
                    color="black",
                    markersize=5,
                    capsize=3,
                    label="interquartile mean, 95 % interval" if place == first else None,
                )
        axes.set_xticks(range(len(worlds)), [world_tick(world) for world in worlds])
        axes.set_xlim(-0.55, len(worlds) - 0.45)
        horizon = worlds[0].results[0]["horizon"]
        axes.set_ylabel(f"tragic war rate (war within {horizon} steps,\nbetween security seekers)")
        axes.set_ylim(-0.04, 1.04)
        few = any(len(world.tragic) < FEW_SEEDS for world in worlds)
        title = "Where learned security seekers spiral into war"
        axes.set_title(title + (" (few seeds: intervals tell little)" if few else ""), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def arms_over_time(worlds: Sequence[WorldSummary], curves: Mapping[RunKey, Curves]) -> Figure:
    """Draw arms over time by intent in each world: seeds thin, their mean thick.

    Curves are those of :func:`security_dilemma_training.curves.arms_series`; they end where nearly all games have seen
    a war.

    Args:
        worlds: The worlds.
        curves: The contents of ``arms.npz`` by run.
    """
    with rc_context(STYLE):
        figure, panels = panels_of(len(worlds))
        for axes, world in zip(panels, worlds, strict=True):
            for intent in INTENTS:
                _bundle(axes, [arms_series(curves.get(run_key(r)), intent) for r in world.results], intent)
            axes.set_title(panel_title(world), loc="left")
            cap = float(np.max(world.results[0]["params"]["arms_cap"]))
            axes.axhline(cap, color="0.6", linewidth=0.8, linestyle=":")
            axes.set_ylim(0, 1.08 * cap)
        panels[0].text(1, panels[0].get_ylim()[1] * 0.935, "cap", color="0.45", fontsize=7.5, va="bottom")
        finish(figure, panels, "step", "arms of those still there (units)")
    return figure


def strikes(worlds: Sequence[WorldSummary]) -> Figure:
    """Draw the strike rate in a crisis of every seed by intent in each world."""
    with rc_context(STYLE):
        figure = Figure(figsize=(1.6 + 1.45 * len(worlds), 3.7))
        axes = figure.subplots()
        for place, world in enumerate(worlds):
            for shift, pair, intent in ((-0.17, "seekers", INTENTS[0]), (0.17, "mixed", INTENTS[1])):
                color, _, marker = STYLES[intent]
                values = world.values(pair, f"strike_rate_{intent}")
                facing = "facing a security seeker"
                seed_points(
                    axes, place + shift, values, color, marker, f"{LABELS[intent]} {facing}" if not place else None
                )
                middle = world.interval(pair, f"strike_rate_{intent}").estimate
                axes.plot([place + shift - 0.12, place + shift + 0.12], [middle] * 2, color="black", linewidth=1.8)
        axes.plot([], [], color="black", linewidth=1.8, label="interquartile mean")
        axes.set_xticks(range(len(worlds)), [world_tick(world) for world in worlds])
        axes.set_xlim(-0.55, len(worlds) - 0.45)
        axes.set_ylim(-0.04, 1.04)
        axes.set_ylabel("strikes per crisis of a state")
        axes.set_title("Who strikes in a crisis (every seed a point)", loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def learning_curves(worlds: Sequence[WorldSummary], curves: Mapping[RunKey, Curves]) -> Figure:
    """Draw how the strike rate in a crisis by intent changed over the training: seeds thin, their mean thick.

    Args:
        worlds: The worlds.
        curves: The columns of ``progress.csv`` by run.
    """
    with rc_context(STYLE):
        figure, panels = panels_of(len(worlds))
        for axes, world in zip(panels, worlds, strict=True):
            for intent in INTENTS:
                _bundle(axes, [strikes_series(curves.get(run_key(r)), intent) for r in world.results], intent)
            axes.set_title(panel_title(world), loc="left")
            axes.set_ylim(0, 1)
        finish(figure, panels, "million agent-steps", "strikes per crisis while learning")
    return figure


def expected_rates(world: WorldSummary) -> list[tuple[float, float]]:
    """Return the lowest and the highest tragic war rate of each region in which the seeds of a world are expected."""
    first = world.results[0]
    highest = ceiling(first["params"], min(first["horizon"], first["max_cycles"]), first["stages"])
    war, peace = (WAR_AT_LEAST * highest, highest), (0.0, PEACE_AT_MOST * highest)
    regions = {Outcome.SPIRAL: [war], Outcome.NO_SPIRAL: [peace], Outcome.SPLIT: [war, peace]}
    outcome = world.verdict.expectation.outcome
    return regions[outcome] if outcome else []


def seed_points(
    axes: Axes, place: float, values: Sequence[float], color: str, marker: str, label: str | None = None
) -> NDArray[Any]:
    """Draw one point a seed and return their places.

    They are spread sideways in the order of the seeds so that equal ones can be counted.
    """
    n = len(values)
    places: NDArray[Any] = place + min(0.15, 0.03 * (n - 1)) * np.linspace(-1, 1, n)
    axes.scatter(
        places, values, s=26, marker=marker, color=color, alpha=0.75, linewidth=0.4, edgecolor="white",
        label=label, zorder=3, clip_on=False,
    )  # fmt: skip
    return places


def _bundle(axes: Axes, series: Sequence[Series], intent: str) -> None:
    """Seeds as thin lines, and their mean as a thick one as long as all of them go on."""
    color, line, _ = STYLES[intent]
    for x, y in series:
        if len(x):
            axes.plot(x, y, color=color, linestyle=line, linewidth=0.7, alpha=0.4)
    places, mean = mean_series(series)
    if len(places):
        axes.plot(places, mean, color=color, linestyle=line, linewidth=2.2, label=LABELS[intent])


def panels_of(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with one panel for each of so many worlds, four in a row, with common axes."""
    columns = min(count, 4)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(1.2 + 2.25 * columns, 0.8 + 2.2 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
    for unused in grid[count:]:
        unused.set_visible(False)
    return figure, grid[:count]


def finish(figure: Figure, panels: list[Axes], x: str, y: str) -> None:
    """Label the axes of all panels and name in one legend what any of them shows."""
    figure.supxlabel(x, fontsize=9)
    figure.supylabel(y, fontsize=9)
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper right", ncols=2, fontsize=8)


def panel_title(world: WorldSummary) -> str:
    """Return the title of a world's panel: its name, verdict and seeds."""
    n = len(world.results)
    return f"{display_name(world.world)}\n({world.verdict.outcome}, {n} seed{'s' * (n > 1)})"


def world_tick(world: WorldSummary) -> str:
    """Return a world's label on an axis of worlds: its name, place in Jervis's table and seeds at war."""
    at_war = world.verdict.at_war
    ended = f"{round(at_war.estimate * len(world.tragic))} of {len(world.tragic)} at war"
    return f"{display_name(world.world)}\n{_place(world)}\n{ended}"


def _place(world: WorldSummary) -> str:
    """Where a world stands in Jervis's table: b and d."""
    params = world.results[0]["params"]
    return f"b = {params['balance']}, d = {params['distinguishability']}"
