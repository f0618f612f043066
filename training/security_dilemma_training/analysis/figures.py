"""Figures of what is inside a policy: response surfaces with what was met, and what signals change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from security_dilemma_training.analysis.signals import SignalEffect
from security_dilemma_training.analysis.surfaces import Surface
from security_dilemma_training.figures import GREEDY, SEEKER, STYLE

__all__ = ["effects_figure", "surfaces_figure"]

DOTS = 300
"""So many of the situations that were met are drawn at most; more would hide the surface."""

MARKERS = (("^", GREEDY), ("o", SEEKER), ("s", "0.35"))


def surfaces_figure(surfaces: Mapping[str, Surface], columns: int | None = None) -> Figure:
    """Draw response surfaces: light is a strike, the line is one half, dots are the situations that were met.

    Args:
        surfaces: The surfaces by title.
        columns: So many in a row; None: all in one.
    """
    columns = columns or len(surfaces)
    rows = -(-len(surfaces) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(1.1 + 3.1 * columns, 3.0 * rows))
        panels = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
        for unused in panels[len(surfaces) :]:
            unused.set_visible(False)
        for axes, (title, surface) in zip(panels, surfaces.items(), strict=False):
            first, second = surface.first, surface.second
            drawn = axes.pcolormesh(
                first.values, second.values, surface.strike.T, cmap="cividis", vmin=0, vmax=1, shading="nearest"
            )
            if surface.strike.min() < 0.5 < surface.strike.max():
                axes.contour(
                    first.values, second.values, surface.strike.T, levels=[0.5], colors="white", linewidths=1.2
                )
            met = surface.met[:: max(1, len(surface.met) // DOTS)]
            axes.scatter(*met.T, s=7, color="white", edgecolor="black", linewidth=0.4, alpha=0.8)
            axes.set_xlim(min(first.values), max(first.values))
            axes.set_ylim(min(second.values), max(second.values))
            axes.set(xlabel=first.label, ylabel=second.label)
            axes.set_title(title, loc="left")
        figure.colorbar(drawn, ax=panels[: len(surfaces)], label="probability of striking", shrink=0.9)
    return figure


def effects_figure(effects: Mapping[str, Sequence[SignalEffect]]) -> Figure:
    """Draw by how much each message of the other moves the probability of striking, against silence.

    Args:
        effects: The effects of every signal by the name of the policy.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 0.9 + 0.75 * len(next(iter(effects.values())))))
        axes = figure.subplots()
        shifts = np.linspace(-0.22, 0.22, len(effects)) if len(effects) > 1 else np.zeros(1)
        for k, (name, told) in enumerate(effects.items()):
            marker, color = MARKERS[k % len(MARKERS)]
            spoken = [effect for effect in told if effect.signal != "silent"]
            middle = np.array([effect.difference.estimate for effect in spoken])
            ends = np.array([[effect.difference.low, effect.difference.high] for effect in spoken]).T
            places = np.arange(len(spoken)) + shifts[k]
            axes.errorbar(middle, places, xerr=np.abs(ends - middle), fmt=marker, color=color, capsize=2, label=name)
        axes.set_yticks(range(len(spoken)), [effect.signal for effect in spoken])
        axes.set_ylim(len(spoken) - 0.5, -0.5)
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.set_xlabel("change of the probability of striking, against silence (95 % intervals over games)")
        axes.set_title("What the other's last message does, everything else equal", loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure
