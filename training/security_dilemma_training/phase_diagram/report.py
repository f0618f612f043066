"""The report of a phase diagram: where learned states are at war, and how well theory's boundaries tell."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from security_dilemma_training.benchmark.markdown import block, escaped, head, table_row
from security_dilemma_training.benchmark.particulars import failures
from security_dilemma_training.display import duration
from security_dilemma_training.figures import save
from security_dilemma_training.measures import definitions
from security_dilemma_training.pages.report_page import report_page
from security_dilemma_training.phase_diagram.boundaries import SPIRAL
from security_dilemma_training.phase_diagram.charts import phase_chart, run_lines
from security_dilemma_training.phase_diagram.definitions import BOUNDARIES, CAPTION, READING, TITLE
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.phase_diagram.figures import MISSING, axis_words, phase_figure
from security_dilemma_training.phase_diagram.measured import METRICS, MeasuredCell, MeasuredPlane
from security_dilemma_training.phase_diagram.planes import text_of
from security_dilemma_training.phase_diagram.sides import Divided, Side, by_expectation, divided
from security_dilemma_training.phase_diagram.tables import CELLS_FILE, RESULTS_FILE, write_tables
from security_dilemma_training.statistics import few_seeds
from security_dilemma_training.summary import show_interval
from security_dilemma_training.verdict import Ending
from security_dilemma_training.writing import write_atomically

__all__ = ["write_phase_report"]


def write_phase_report(
    planes: Sequence[MeasuredPlane],
    asked: PhaseDiagramConfig,
    *,
    command: str,
    failed: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.md``, ``report.html``, both tables and a figure of each plane, and return the first's path.

    ``report.html`` is one file with interactive charts within.

    Args:
        planes: What was measured, at least one seed.
        asked: The diagram; its folder is where to.
        command: What was called, to show how the diagram is repeated.
        failed: By the name of each run that failed, why.
    """
    folder = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(planes, folder)
    runs = run_lines(planes, folder)
    for plane in planes:
        save(phase_figure(plane), folder / plane.name)
    drawn = {plane.name: phase_chart(plane, runs) for plane in planes}
    parts = (
        _first_screen(planes, asked, failed or {}),
        *(_plane(plane) for plane in planes),
        _every_cell(planes),
        _run(planes, asked, command),
        failures(failed or {}),
        _reading(planes),
    )
    text = "\n".join(line for part in parts for line in part) + "\n"
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.html", report_page(text, TITLE, folder, drawn, list(runs.values())))
    return folder / "report.md"


def _first_screen(planes: Sequence[MeasuredPlane], asked: PhaseDiagramConfig, failed: Collection[str]) -> Iterator[str]:
    yield f"# {TITLE}"
    yield ""
    missing = sum(len(cell.missing) for plane in planes for cell in plane.cells)
    if missing:
        which = f"{missing} of the seeds that were asked for {'are' if missing > 1 else 'is'} missing"
        why = f", as {len(failed)} run{'s' * (len(failed) > 1)} failed, see below" if failed else ""
        yield f"**Incomplete: {which}{why}.** Cells that miss some are marked by {MISSING} behind their count."
        yield ""
    few = few_seeds(len(asked.seeds))
    if few:
        yield f"**Few seeds in a cell.** {few[0].upper()}{few[1:]}."
        yield ""
    for plane in planes:
        yield f"- **By {axis_words(plane)}.** {_endings(plane)}"
        yield from (f"  - {line}" for line in _told(plane))
    expected = by_expectation(planes)
    if any(side.name != "open" for side in expected):
        told = "; ".join(f"{side.name}: {_wars(side)}" for side in expected)
        yield f"- **What theory expects of each cell**, fixed before anything is run. {told[0].upper()}{told[1:]}."
    yield ""
    yield "Brackets are 95 % Wilson intervals. Over several cells they are too narrow, see how to read it."
    yield ""


def _endings(plane: MeasuredPlane) -> str:
    counts = [f"{sum(seed.ending is kind for seed in plane.seeds)} {kind}" for kind in Ending]
    cells = sum(cell.count(Ending.WAR) > 0 for cell in plane.cells)
    return (
        f"Of {len(plane.seeds)} seeds in {len(plane.cells)} cells, {', '.join(counts)}; {cells} of the cells have war."
    )


def _told(plane: MeasuredPlane) -> Iterator[str]:
    """How the seeds end on either side of each boundary, in words."""
    if plane.outside:
        yield f"Theory draws no boundaries here: {plane.outside}."
        return
    for found in divided(plane):
        near, far = found.sides
        words = f"{BOUNDARIES[found.boundary.kind].format(posture=found.boundary.posture)}: {_wars(near)}"
        more = ""
        if found.boundary.kind == SPIRAL:
            (low, of_low), (high, of_high) = near.spirals, far.spirals
            more = f" The spiral index is above 1 in {low} of {of_low} that have one, beyond in {high} of {of_high}."
        yield f"{words}. Beyond: {_wars(far)}.{more}"


def _wars(side: Side) -> str:
    share = side.share
    cells = f"{len(side.cells)} cell{'s' * (len(side.cells) > 1)}"
    return f"{side.count(Ending.WAR)} of {side.seeds} at war [{share.low:.2f}, {share.high:.2f}] in {cells}"


def _plane(plane: MeasuredPlane) -> Iterator[str]:
    words = axis_words(plane)
    yield f"## {words[0].upper()}{words[1:]}"
    yield ""
    yield f"![{words}]({plane.name}.png)"
    yield ""
    yield f"*{CAPTION}*"
    yield ""
    yield from _sides(plane)


def _sides(plane: MeasuredPlane) -> Iterator[str]:
    if plane.outside:
        yield f"Theory draws no boundaries here: {plane.outside}."
        yield ""
        return
    found = divided(plane)
    if found:
        yield "How seeds end on either side of theory's boundaries, and seed by seed in how many cells it is at war:"
        yield ""
        yield from head(
            ["boundary", "side", "cells", "with war", "seeds", "at war", "share [95 %]", "by seed", "spiral index > 1"]
        )
        yield from (_side_row(one, side) for one in found for side in one.sides)
        yield ""
    there = {one.boundary.label for one in found}
    gone = [boundary.label for boundary in plane.boundaries if boundary.label not in there]
    if gone:
        yield f"These do not part the cells that were measured: {'; '.join(gone)}."
        yield ""


def _side_row(found: Divided, side: Side) -> str:
    share, (above, known) = side.share, side.spirals
    seeds = ", ".join(f"{seed}: {wars}/{runs}" for seed, (wars, runs) in side.by_seed.items())
    numbers = [str(len(side.cells)), str(side.cells_at_war), str(side.seeds), str(side.count(Ending.WAR))]
    told = [f"{share.estimate:.2f} [{share.low:.2f}, {share.high:.2f}]", seeds, f"{above} of {known}"]
    return table_row([found.boundary.label, side.name, *numbers, *told])


def _every_cell(planes: Sequence[MeasuredPlane]) -> Iterator[str]:
    yield "## Every cell"
    yield ""
    yield "Interquartile means over seeds with 95 % bootstrap intervals. P, m(P) and ρ are theory's, the first two from"
    yield "the lowest to the highest over what equals may have."
    yield ""
    for plane in planes:
        metrics = [metric.heading for metric in METRICS]
        yield from head([*plane.plane.parameters, "at war", "share [95 %]", *metrics, "P", "m(P)", "ρ", "expected"])
        yield from (table_row(_cell_row(cell)) for cell in plane.cells)
        yield ""


def _cell_row(cell: MeasuredCell) -> list[str]:
    share, said = cell.share, cell.theory
    counted = f"{cell.count(Ending.WAR)}/{len(cell.seeds)}" + (f" {MISSING}" if cell.missing else "")
    spans = [f"{low:.2f}–{high:.2f}" for low, high in (said.chances, said.minimum_trusts)] if said else ["–", "–"]
    rho = "–" if said is None or said.reaction is None else f"{said.reaction:.2f}"
    return [
        *map(text_of, cell.cell.values.values()),
        escaped(counted),
        "–" if math.isnan(share.low) else f"{share.estimate:.2f} [{share.low:.2f}, {share.high:.2f}]",
        *(show_interval(cell.interval(metric.name)) for metric in METRICS),
        *spans,
        rho,
        str(cell.expected.outcome or "open"),
    ]


def _run(planes: Sequence[MeasuredPlane], asked: PhaseDiagramConfig, command: str) -> Iterator[str]:
    seeds = [seed for plane in planes for seed in plane.seeds]
    costs = {seed.folder: seed.cpu_seconds for seed in seeds if not math.isnan(seed.cpu_seconds)}
    runs = len({seed.folder for seed in seeds})
    yield "## What was run"
    yield ""
    yield f"{runs} runs of {asked.schedule.agent_steps:,} agent-steps, each evaluated over {asked.evaluation.games}"
    yield "fresh games for each pair of intents. A cell that two planes share was run once."
    if costs:
        took = f"{duration(sum(costs.values()))} of CPU time, {sum(costs.values()) / len(costs):.1f} s a run"
        yield f"Training took {took}."
    yield ""
    yield "```yaml"
    yield _yaml(asked)
    yield "```"
    yield ""
    yield f"All other parameters are the model's defaults. `{RESULTS_FILE}` has one row for each run, `{CELLS_FILE}`"
    yield "one for each cell. To reproduce, in an environment with the versions of `constraints.txt` (each run's"
    yield "`manifest.json` names its own):"
    yield ""
    yield from block([command])


def _yaml(asked: PhaseDiagramConfig) -> str:
    told: dict[str, Any] = asked.model_dump(mode="json", exclude={"name", "output"})
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, default_flow_style=None).rstrip()


def _reading(planes: Sequence[MeasuredPlane]) -> Iterator[str]:
    yield from READING
    yield ""
    defined = definitions()
    yield "| metric | definition |"
    yield "| --- | --- |"
    for metric in METRICS:
        name = metric.of.replace("_security_seeker", "_…")
        yield table_row([metric.heading, defined[name].replace("|", "\\|")])
    yield ""
    reasons: dict[str, int] = {}
    for seed in (seed for plane in planes for seed in plane.seeds if seed.reason):
        kind = seed.reason.partition(":")[0].lstrip("0123456789 ").partition(" = ")[0]
        reasons[kind] = reasons.get(kind, 0) + 1
    if reasons:
        counted = "; ".join(f"{kind} ({count})" for kind, count in sorted(reasons.items(), key=lambda one: -one[1]))
        yield f"Why seeds have no spiral index, each run's reason stands in `{RESULTS_FILE}`: {escaped(counted)}."
