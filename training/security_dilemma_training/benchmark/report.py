"""The report of a benchmark: which learner, in which world, ends in war, and how sure that is."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from security_dilemma_training.benchmark import charts, comparison_charts, figures
from security_dilemma_training.benchmark.definitions import CAPTIONS, LOGGED, MEASURES, READING, SURE, few_seeds_told
from security_dilemma_training.benchmark.effects import effects, effects_lines
from security_dilemma_training.benchmark.markdown import block, escaped, head, table_row
from security_dilemma_training.benchmark.particulars import commands, cost, failures, seeds
from security_dilemma_training.benchmark.tables import (
    ALL_WORLDS,
    Comparison,
    MeasuredCell,
    compare,
    contestants_of,
    gather,
    leaderboard,
    overall,
    uncontrolled,
    worlds_of,
)
from security_dilemma_training.curves import read_progress
from security_dilemma_training.figures import save
from security_dilemma_training.pages.report_page import Panels, report_page
from security_dilemma_training.statistics import Interval
from security_dilemma_training.summary import display_name, show_interval
from security_dilemma_training.verdict import Ending, Outcome
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_benchmark_report"]

TITLE = "Which learner, in which world, ends in war"

ENDS = {
    Outcome.SPIRAL: "ends in war with",
    Outcome.SPLIT: "splits over seeds with",
    Outcome.UNSETTLED: "is unsettled with",
    Outcome.NO_SPIRAL: "stays at peace with",
}


def write_benchmark_report(
    rows: pd.DataFrame,
    folder: Path,
    *,
    curves: Mapping[str, Path],
    command: str,
    failed: Mapping[str, str] | None = None,
    ceilings: Mapping[str, float] | None = None,
) -> Path:
    """Write ``report.md``, ``report.html`` and the figures, and return the first's path.

    ``report.html`` is one file with interactive charts within. ``comparisons.csv`` has every pair of learners, in each
    world and over all.

    Args:
        rows: The results table, a row for each run.
        folder: Where to; made if it is not there.
        curves: The ``progress.csv`` of runs by the key of their row; files that are not there are left out.
        command: What was called, to show how the benchmark is repeated.
        failed: By the name of each run that was asked for and is missing, why.
        ceilings: The highest tragic war rate that was possible, by the key of a row, as
            :func:`security_dilemma_training.verdict.ceiling` gives it; otherwise that of the default crises.

    Raises:
        ValueError: If there are no rows.
    """
    if not len(rows):
        raise ValueError("there are no results to report")
    folder.mkdir(parents=True, exist_ok=True)
    cells = gather(rows, ceilings)
    plain = uncontrolled(cells)
    pairs = compare(plain)
    runs = charts.run_lines(cells, folder)
    drawn = _draw(cells, runs, pairs, curves, folder)
    parts = (
        _first_screen(plain, command, failed or {}),
        _figure("seeds", drawn),
        _leaderboards(plain),
        _figure("payoffs", drawn),
        _comparisons(plain, pairs, drawn),
        _controls(cells, drawn),
        _learning(drawn),
        cost(cells),
        failures(failed or {}),
        seeds(cells),
        commands(cells),
        READING,
    )
    text = "\n".join(line for part in parts for line in part) + "\n"
    write_atomically(folder / "comparisons.csv", _csv(pairs))
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.html", report_page(text, TITLE, folder, drawn, list(runs.values())))
    return folder / "report.md"


def _draw(
    cells: Sequence[MeasuredCell],
    runs: charts.RunLines,
    pairs: Sequence[Comparison],
    curves: Mapping[str, Path],
    folder: Path,
) -> dict[str, Panels]:
    """Write the figures for which there are data, and return the charts of each by name."""
    plain = uncontrolled(cells)
    drawn: dict[str, tuple[Figure, Panels]] = {}
    if plain:
        metric, label = "tragic_war_rate", "tragic war rate"
        drawn["seeds"] = (
            figures.strips(plain, metric, label, "Where each seed ends", share=True),
            charts.strips(plain, runs, metric, label, share=True),
        )
    if any(cell.values("payoff") for cell in plain):
        label = "payoff of a state (undisturbed futures)"
        payoffs = charts.strips(plain, runs, "payoff", label)
        drawn["payoffs"] = figures.strips(plain, "payoff", label, "What a state is paid"), payoffs
        lines = figures.profile_lines(plain)
        drawn["profiles"] = figures.profiles(lines), comparison_charts.profiles(lines)
    if pairs:
        names = contestants_of(plain)
        drawn["improvement"] = figures.improvement(pairs, names), comparison_charts.improvement(pairs, names)
    if effects(cells):
        drawn["controls"] = figures.controls(cells), charts.controls(cells, runs)
    there = {key: path for key, path in curves.items() if path.exists()} if plain else {}
    logged = {key: read_progress(path, "agent_steps", *LOGGED) for key, path in there.items()}
    for column, (name, label) in LOGGED.items():
        if any(column in run and "agent_steps" in run for run in logged.values()):
            learning = charts.learning(plain, runs, logged, column, label)
            drawn[name] = figures.learning(plain, logged, column, label), learning
    for name, (picture, _) in drawn.items():
        save(picture, folder / name)
    return {name: panels for name, (_, panels) in drawn.items()}


def _first_screen(cells: Sequence[MeasuredCell], command: str, failed: Mapping[str, str]) -> Iterator[str]:
    yield f"# {TITLE}"
    yield ""
    if failed:
        yield f"**Incomplete: {len(failed)} of the runs that were asked for failed and are missing here, see below.**"
        yield ""
    few = few_seeds_told(cells)
    if few:
        yield f"**Few seeds.** {few}"
        yield ""
    if not cells:
        yield "Every run here is under a causal control: there is no leaderboard, and nothing to compare them with."
        yield ""
        yield from block([command])
        return
    for world in worlds_of(cells):
        yield f"- **{escaped(display_name(world))}** {_ends([cell for cell in cells if cell.world == world])}."
    yield ""
    yield "Seeds at war of all seeds and, how sure that is, the 95 % Wilson interval of that share. Self-play unless"
    yield "said otherwise; the highest payoff first."
    yield ""
    worlds, found = worlds_of(cells), {(cell.world, cell.contestant): cell for cell in cells}
    yield from head(["learner", *(escaped(display_name(world)) for world in worlds)])
    for name in contestants_of(cells):
        known = [found.get((world, name)) for world in worlds]
        yield table_row([escaped(name), *("–" if cell is None else _at_war(cell) for cell in known)])
    yield ""
    yield "**Add yours:** put another algorithm, other options or a world of your own into the benchmark's config and"
    yield "call it again. Runs that are there are recognised, only what is new is run, and this report is written anew:"
    yield ""
    yield from block([command])


def _ends(cells: Sequence[MeasuredCell]) -> str:
    """A world in words."""
    groups = [
        (
            words,
            [
                f"{cell.contestant} {cell.endings.count(Ending.WAR)}/{len(cell.endings)}"
                for cell in cells
                if cell.outcome is outcome
            ],
        )
        for outcome, words in ENDS.items()
    ]
    return "; ".join(f"{words} {escaped(', '.join(own))}" for words, own in groups if own)


def _at_war(cell: MeasuredCell) -> str:
    share = cell.at_war
    return f"{cell.endings.count(Ending.WAR)}/{len(cell.endings)} [{share.low:.2f}, {share.high:.2f}]"


def _rank(rank: Interval) -> str:
    if math.isnan(rank.estimate):
        return "–"
    return f"{rank.estimate:.3g}" + ("" if math.isnan(rank.low) else f" [{rank.low:.3g}, {rank.high:.3g}]")


def _leaderboards(cells: Sequence[MeasuredCell]) -> Iterator[str]:
    if not cells:
        return
    yield "## Leaderboards"
    yield ""
    yield "By mean payoff. All else is interquartile means over seeds. They do not see what fewer than a quarter of the"
    yield "seeds do; the share of seeds at war, the mean and the figures do. Intervals are 95 % bootstrap ones. Where"
    yield "all seeds are alike they have no width. That is no certainty: see the interval of the share of seeds at war."
    yield ""
    measures = [one for one in MEASURES if any(cell.values(one[1]) for cell in cells)]
    for world in worlds_of(cells):
        yield f"### {escaped(display_name(world))}"
        yield ""
        yield from head(["rank", "learner", "seeds", "at war", "mean payoff", *(heading for heading, _ in measures)])
        for cell, rank in leaderboard([cell for cell in cells if cell.world == world]):
            values = [show_interval(cell.mean("payoff")), *(show_interval(cell.interval(name)) for _, name in measures)]
            yield table_row([_rank(rank), escaped(cell.contestant), str(len(cell.rows)), _at_war(cell), *values])
        yield ""
    lines = overall(cells)
    if lines:
        yield f"### {display_name(ALL_WORLDS)}"
        yield ""
        yield "Learners that played every world. The optimality gap is what runs miss of an undisturbed peace."
        yield ""
        yield from head(["mean rank", "learner", "payoff", "optimality gap", "seeds at war"])
        for line in lines:
            numbers = [show_interval(line.payoff), show_interval(line.gap), f"{line.wars}/{line.seeds}"]
            yield table_row([_rank(line.rank), escaped(line.contestant), *numbers])
        yield ""


def _comparisons(cells: Sequence[MeasuredCell], pairs: Sequence[Comparison], drawn: Collection[str]) -> Iterator[str]:
    if not pairs:
        return
    yield "## Which is better, and how surely"
    yield ""
    yield from _figure("improvement", drawn)
    told = [pair for pair in pairs if pair.adjusted <= SURE]
    yield f"{len(told)} of {len(pairs)} comparisons have a Holm-adjusted p of at most {SURE:g}. Those over all"
    yield "worlds, and what else passes; all of them are in `comparisons.csv`:"
    yield ""
    yield from head(["where", "first", "second", "P(first pays more)", "p", "adjusted p"])
    for pair in sorted(pairs, key=lambda pair: pair.p):
        if pair.scope == ALL_WORLDS or len(worlds_of(cells)) == 1 or pair in told:
            chance, p = show_interval(pair.improvement, 2), (f"{pair.p:.2g}", f"{pair.adjusted:.2g}")
            yield table_row([escaped(display_name(pair.scope)), escaped(pair.first), escaped(pair.second), chance, *p])
    yield ""
    yield from _figure("profiles", drawn)


def _csv(pairs: Sequence[Comparison]) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ["where", "first", "second", "improvement", "improvement_low", "improvement_high", "p", "p_adjusted"]
    )
    for pair in pairs:
        numbers = [*pair.improvement, pair.p, pair.adjusted]
        table.writerow([*pair[:3], *("" if math.isnan(number) else f"{number:.6g}" for number in numbers)])
    return text.getvalue()


def _controls(cells: Sequence[MeasuredCell], drawn: Collection[str]) -> Iterator[str]:
    found = effects(cells)
    if found:
        yield "## How many wars are due to what"
        yield ""
        yield "The same training and seeds with one thing changed, in training and evaluation. Wars that go with it"
        yield "were due to it:"
        yield ""
        yield from effects_lines(found)
        yield from _figure("controls", drawn)


def _learning(drawn: Collection[str]) -> Iterator[str]:
    names = [name for name, _ in LOGGED.values() if name in drawn]
    if names:
        yield "## Learning curves"
        yield ""
        for name in names:
            yield from _figure(name, drawn)


def _figure(name: str, drawn: Collection[str]) -> Iterator[str]:
    if name in drawn:
        yield f"![{name.replace('_', ' ')}]({name}.png)"
        yield ""
        yield f"*{CAPTIONS[name]}*"
        yield ""
