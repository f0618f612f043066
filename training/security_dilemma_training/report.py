"""The report of an experiment: what was run, what came out in each world, and what theory says to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from security_dilemma.spaces import INTENTS
from security_dilemma_training import appendices, charts, curve_charts, figures
from security_dilemma_training.appendices import table_row
from security_dilemma_training.curves import Curves, read_progress
from security_dilemma_training.evaluate import ARMS_FILE
from security_dilemma_training.measures import definitions
from security_dilemma_training.pages.marks import RunLine
from security_dilemma_training.pages.report_page import Panels, report_page
from security_dilemma_training.statistics import few_seeds
from security_dilemma_training.summary import (
    ROWS,
    RunKey,
    WorldSummary,
    display_name,
    run_key,
    seeker_pair,
    show_interval,
    show_number,
    summarise,
)
from security_dilemma_training.verdict import NEARLY_ALL, PEACE_AT_MOST, WAR_AT_LEAST, ceiling
from security_dilemma_training.writing import write_atomically

__all__ = ["write_report"]

TITLE = "Where learned security seekers spiral into war"

CAPTIONS = {
    "tragic_war_rate": "Tragic war rate. Every seed is a point; the diamond is the interquartile mean with its 95 % "
    "bootstrap interval; shaded is where the seeds are expected.",
    "strikes": "Strikes per crisis of a state that faces a security seeker, by its own intent.",
    "arms_over_time": "Arms over time: security seekers among themselves, greedy states facing a security seeker; thin "
    "lines are seeds and end where fewer than 5 % of the games are left; thick ones are their mean while all go on.",
    "learning_curves": "Strikes per crisis while learning, moving mean over five rollouts.",
    **appendices.CAPTIONS,
}


def write_report(
    results: Sequence[Mapping[str, Any]],
    folder: Path,
    *,
    run_folders: Sequence[Path] | None = None,
    command: str = "security-dilemma four-worlds",
    failed: Collection[str] = (),
) -> Path:
    """Write the report, as ``report.md`` and ``report.html``, its results and figures, and return the first's path.

    ``report.html`` is one file with interactive charts within. The results are ``results.csv`` and ``results.json``.

    Args:
        results: Of each run, as :func:`security_dilemma_training.evaluate.evaluate_run` returns them.
        folder: Where to; made if it is not there.
        run_folders: The folder of each run, for curves over time; None: ``<folder>/<world>/seed_<seed>``. Figures for
            which no run has the data are left out.
        command: What was called, for the instructions how to reproduce.
        failed: Names of runs that were asked for and failed; the report says at its top that they are missing.

    Raises:
        ValueError: If there are no results.
    """
    if not results:
        raise ValueError("there are no results to report")
    folder.mkdir(parents=True, exist_ok=True)
    if run_folders is None:
        run_folders = [folder / str(result["world"]) / f"seed_{result['seed']}" for result in results]
    worlds, folders = summarise(results), dict(zip(map(run_key, results), run_folders, strict=True))
    runs = charts.run_lines(worlds, folders, folder)
    drawn = _draw(worlds, runs, folder, folders)
    text = json.dumps(list(results), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / "results.json", text + "\n")
    write_atomically(folder / "results.csv", _table(results))
    parts = (
        _title(worlds, failed),
        _worlds(worlds),
        _figures(list(drawn)),
        _seeds(worlds),
        appendices.exploitability_section(worlds),
        appendices.beliefs_section(worlds),
        _run(worlds, command),
        _definitions(worlds),
    )
    report = "\n".join(line for part in parts for line in part) + "\n"
    write_atomically(folder / "report.md", report)
    write_atomically(folder / "report.html", report_page(report, TITLE, folder, drawn, list(runs.values())))
    return folder / "report.md"


def _draw(
    worlds: list[WorldSummary], runs: Mapping[RunKey, RunLine], folder: Path, folders: Mapping[RunKey, Path]
) -> dict[str, Panels]:
    """Write the figures for which there are data, and return the charts of each by name."""
    drawn = {
        "tragic_war_rate": (figures.tragic_war_rates(worlds), charts.tragic_war_rates(worlds, runs)),
        "strikes": (figures.strikes(worlds), charts.strikes(worlds, runs)),
    }
    arms = {key: _arms(path / ARMS_FILE) for key, path in folders.items() if (path / ARMS_FILE).exists()}
    if arms:
        drawn["arms_over_time"] = figures.arms_over_time(worlds, arms), curve_charts.arms_over_time(worlds, runs, arms)
    logs = {key: path / "progress.csv" for key, path in folders.items() if (path / "progress.csv").exists()}
    progress = {key: read_progress(path, "agent_steps", "strike_rate") for key, path in logs.items()}
    if any("agent_steps" in columns for columns in progress.values()):
        learning = curve_charts.learning_curves(worlds, runs, progress)
        drawn["learning_curves"] = figures.learning_curves(worlds, progress), learning
    drawn |= appendices.pictures(worlds, runs)
    for name, (picture, _) in drawn.items():
        figures.save(picture, folder / name)
    return {name: panels for name, (_, panels) in drawn.items()}


def _arms(path: Path) -> Curves:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def _table(results: Sequence[Mapping[str, Any]]) -> str:
    """Tidy CSV: one row for each run and pair of intents; empty where a metric is null."""
    identity = ("world", "seed", "config_hash", "n_states", "games", "horizon", "eval_seed", "train_seconds")
    metrics = list(dict.fromkeys(name for result in results for pair in result["pairs"].values() for name in pair))
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [*identity[:2], "pair", *identity[2:], *metrics], lineterminator="\n")
    table.writeheader()
    for result in results:
        for pair, values in result["pairs"].items():
            table.writerow({name: result[name] for name in identity} | {"pair": pair} | values)
    return text.getvalue()


def _title(worlds: list[WorldSummary], failed: Collection[str]) -> Iterator[str]:
    yield f"# {TITLE}"
    yield ""
    if failed:
        count = f"{len(failed)} of the runs that were asked for failed" if len(failed) > 1 else "one run failed"
        yield f"**Incomplete: {count} and {'are' if len(failed) > 1 else 'is'} missing here: {', '.join(failed)}.**"
        yield ""
    for world in worlds:
        yield f"- **{display_name(world.world)}.** {world.verdict.words}"
    yield ""


def _worlds(worlds: list[WorldSummary]) -> Iterator[str]:
    yield "## The worlds"
    yield ""
    yield "Interquartile means over seeds with 95 % bootstrap intervals; a dash where nothing was observed. Unless said"
    yield "otherwise, games are between security seekers."
    yield ""
    headings = ["world", "b", "d", "seeds", *(heading for heading, *_ in ROWS), "seeds at war", "verdict", "theory"]
    yield table_row(headings)
    yield table_row(["---"] * len(headings))
    for world in worlds:
        params, verdict = world.results[0]["params"], world.verdict
        at_war = f"{verdict.at_war.estimate:.2f} [{verdict.at_war.low:.2f}, {verdict.at_war.high:.2f}]"
        cells = [show_interval(world.interval(pair, metric)) for _, pair, metric in ROWS]
        given = [str(params["balance"]), str(params["distinguishability"]), str(len(world.results))]
        expected = str(verdict.expectation.outcome or "open")
        yield table_row([display_name(world.world), *given, *cells, at_war, f"**{verdict.outcome}**", expected])
    yield ""
    for world in worlds:
        few = few_seeds(len(world.results))
        if few:
            yield f"{display_name(world.world)}: {few}."
            yield ""


def _figures(names: Sequence[str]) -> Iterator[str]:
    yield "## Figures"
    yield ""
    for name in names:
        yield f"![{name.replace('_', ' ')}]({name}.png)"
        yield ""
        yield f"*{CAPTIONS[name]}*"
        yield ""


def _seeds(worlds: list[WorldSummary]) -> Iterator[str]:
    yield "## Every seed"
    yield ""
    headings = ["world", "seed", "ends", *(heading for heading, *_ in ROWS), "spiral index", "CPU seconds"]
    yield table_row(headings)
    yield table_row(["---"] * len(headings))
    for world in worlds:
        columns = [world.values(pair, metric) for _, pair, metric in (*ROWS, ("", "seekers", "spiral_index"))]
        for place, (result, ending) in enumerate(zip(world.results, world.verdict.endings, strict=True)):
            cost = result["train_seconds"]
            cells = [show_number(column[place]) for column in columns]
            seconds = "–" if cost is None else f"{cost:.0f}"
            yield table_row([display_name(world.world), str(result["seed"]), str(ending), *cells, seconds])
    yield ""
    reasons = [
        f"- {display_name(world.world)}, seed {result['seed']}: {reason}"
        for world in worlds
        for result in world.results
        if (reason := result["reasons"].get(seeker_pair(result), {}).get("spiral_index"))
    ]
    if reasons:
        yield "No spiral index, and why:"
        yield ""
        yield from reasons
        yield ""


def _run(worlds: list[WorldSummary], command: str) -> Iterator[str]:
    results = [result for world in worlds for result in world.results]
    first = results[0]
    costs = [result["train_seconds"] for result in results if result["train_seconds"] is not None]
    yield "## What was run"
    yield ""
    yield f"{len(results)} runs in {len(worlds)} worlds, each evaluated over {first['games']} fresh games for each pair"
    yield f"of intents (seed {first['eval_seed']})."
    if costs:
        yield f"Training took {sum(costs) / 60:.1f} minutes of CPU time, {np.mean(costs):.0f} seconds a run."
    yield ""
    for world in worlds:
        seeds = ", ".join(str(result["seed"]) for result in world.results)
        yield f"- {display_name(world.world)}: seeds {seeds}; config {world.results[0]['config_hash'][:12]}"
    yield ""
    for value in dict.fromkeys(_yaml(result["config"]) for result in results):
        yield from ("```yaml", value, "```", "")
    yield "Parameters, where one value stands for all worlds or one for each in the order above:"
    yield ""
    yield "```yaml"
    for name in first["params"]:
        values = [world.results[0]["params"][name] for world in worlds]
        same = all(value == values[0] for value in values)
        yield f"{name}: {values[0]}" if same else f"{name}: {', '.join(map(str, values))}  # by world"
    yield "```"
    yield ""
    yield "To reproduce, in an environment with the versions of `constraints.txt` (each run's `manifest.json` names its"
    yield f"own): `{command}` with these seeds and options. `results.csv` has one row for each run and pair of intents;"
    yield "`results.json` has everything."
    yield ""


def _yaml(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, default_flow_style=None).rstrip()


def _definitions(worlds: list[WorldSummary]) -> Iterator[str]:
    first = worlds[0].results[0]
    horizon = min(first["horizon"], first["max_cycles"])
    highest = ceiling(first["params"], horizon, first["stages"])
    yield "## How to read it"
    yield ""
    yield "Seeds are the replicates. Learned outcomes are bimodal, so look at the seeds before any mean."
    yield f"A seed ends *at war* where its tragic war rate is at least {WAR_AT_LEAST:g} of the highest possible within"
    yield f"{horizon} steps ({highest:.3f} in the first world), *at peace* where it is at most {PEACE_AT_MOST:g} of it,"
    yield f"and *in between* otherwise. A world spirals, or does not, if at least {NEARLY_ALL:g} of its seeds end at"
    yield "war, or at peace; it is split over seeds if some end at war and some at peace, and at most half of them in"
    yield "between; otherwise it is unsettled. Theory's expectation is fixed before anything is run."
    yield ""
    yield "| metric | definition |"
    yield "| --- | --- |"
    for name, definition in definitions().items():
        yield table_row([f"`{name}`", _cell(definition)])
    yield ""
    suffixes = ", ".join(f"`_{intent}`" for intent in INTENTS)
    yield f"… stands for the intent whose states are measured: {suffixes}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
