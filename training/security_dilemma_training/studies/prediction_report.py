"""Net assessment as a predictor of a phase diagram's cells: the table and the figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from security_dilemma_training.figures import GREEDY, SEEKER, STYLE, save
from security_dilemma_training.statistics import Interval
from security_dilemma_training.studies.prediction import RESAMPLES, Assessed, Cells, assess, predictors_of, read_cells

__all__ = ["FIGURE_FILE", "prediction_figure", "prediction_table", "write_prediction"]

FIGURE_FILE = "net_assessment"
REFERENCES = ("-d, indistinguishability", "b, the balance")
"""Predictors that the others are held against."""
SHOWN = "net assessment, mixed arms"
CRITERIA = {
    "tragic_war_rate": "rank correlation with the tragic war rate",
    "arms": "rank correlation with arms",
    "within": "the same within cells of equal balance, mean",
    "loss": "log loss of a seed's ending in cells left out, nats",
}


def write_prediction(cells_file: Path, folder: Path, *, resamples: int = RESAMPLES) -> str:
    """Draw the figure into a folder and return the table, from a phase diagram's ``cells.csv``.

    Args:
        cells_file: The file.
        folder: Where the figure goes.
        resamples: Number of bootstrap resamples of cells.

    Raises:
        ValueError: If the file has no plane of balance and distinguishability.
    """
    cells = read_cells(cells_file)
    predictors = predictors_of(cells.params)
    both = [assess(predictors, cells, reference, resamples=resamples) for reference in REFERENCES]
    save(prediction_figure(cells, both[0]), folder / FIGURE_FILE)
    return prediction_table(both)


def prediction_table(assessed: Sequence[Sequence[Assessed]]) -> str:
    """Return the table in Markdown.

    Args:
        assessed: All predictors, held against each of :data:`REFERENCES`.
    """
    return "\n".join(_lines(assessed))


def prediction_figure(cells: Cells, assessed: Sequence[Assessed]) -> Figure:
    """Draw war and arms of every cell by the net assessment of mixed arms, and the log loss of every predictor.

    Args:
        cells: The cells.
        assessed: All predictors.
    """
    net = predictors_of(cells.params)[SHOWN]
    told_apart = np.array([float(p.distinguishability) for p in cells.params])
    with rc_context(STYLE):
        figure = Figure(figsize=(10.2, 3.4))
        left, middle, right = figure.subplots(1, 3)
        for axes, outcome, label in (
            (left, "tragic_war_rate", "tragic war rate"),
            (middle, "arms", "mean arms (units)"),
        ):
            points = axes.scatter(
                net, cells.outcomes[outcome], c=told_apart, cmap="cividis", s=26, edgecolor="black", linewidth=0.4
            )
            axes.set(xlabel="net assessment of mixed arms", ylabel=label)
            axes.set_ylim(bottom=0)
        left.set_title("War by net assessment", loc="left")
        middle.set_title("Arms by net assessment", loc="left")
        figure.colorbar(points, ax=middle, label="distinguishability d")
        _losses(right, assessed)
    return figure


def _losses(axes: Axes, assessed: Sequence[Assessed]) -> None:
    """The log loss of every predictor with its interval over cells, and that of a coin."""
    for place, one in enumerate(reversed(assessed)):
        color = GREEDY if one.predictor in REFERENCES else SEEKER
        reach = [[one.loss.estimate - one.loss.low], [one.loss.high - one.loss.estimate]]
        marker = "^" if one.predictor in REFERENCES else "o"
        axes.errorbar(one.loss.estimate, place, xerr=reach, fmt=marker, color=color, capsize=3)
    axes.axvline(np.log(2), color="0.6", linewidth=0.8, linestyle=":")
    axes.annotate(
        "a coin", (np.log(2), len(assessed) - 0.6), (-3, 0), textcoords="offset points", ha="right", fontsize=8
    )
    axes.set_yticks(range(len(assessed)), [one.predictor for one in reversed(assessed)], fontsize=8)
    axes.set(xlabel="log loss in cells left out (nats)", xlim=(0, 0.75), ylim=(-0.6, len(assessed) - 0.3))
    axes.set_title("Less is better", loc="left")


def _lines(assessed: Sequence[Sequence[Assessed]]) -> Iterator[str]:
    yield "| measured by | predictor | value | better than d by | better than b by |"
    yield "| --- | --- | --- | --- | --- |"
    for criterion, told in CRITERIA.items():
        for rows in zip(*assessed, strict=True):
            value = _value(rows[0], criterion)
            better = ["" if one.predictor == reference else _better(one, criterion)
                      for one, reference in zip(rows, REFERENCES, strict=True)]  # fmt: skip
            yield f"| {told} | {rows[0].predictor} | {_text(value)} | {' | '.join(better)} |"
            told = ""


def _value(one: Assessed, criterion: str) -> Interval:
    if criterion == "loss":
        return one.loss
    return one.within["arms"] if criterion == "within" else one.correlation[criterion]


def _better(one: Assessed, criterion: str) -> str:
    """By how much a predictor is better; a smaller loss is."""
    if criterion == "within":
        return ""
    if criterion == "loss":
        less = one.less_loss
        return _text(Interval(-less.estimate, -less.high, -less.low))
    return _text(one.better[criterion])


def _text(interval: Interval) -> str:
    return f"{_number(interval.estimate)} [{_number(interval.low)}, {_number(interval.high)}]"


def _number(value: float) -> str:
    """Two decimals; what rounds to 0 has no sign."""
    return f"{round(value, 2) + 0.0:.2f}"
