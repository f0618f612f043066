"""The page of a study: what was asked and expected, what came out, and what it rests on, on one page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from security_dilemma_training.benchmark.markdown import block, escaped, head, table_row
from security_dilemma_training.benchmark.particulars import failures
from security_dilemma_training.figures import save
from security_dilemma_training.pages.report_page import report_page
from security_dilemma_training.statistics import few_seeds
from security_dilemma_training.studies.figures import kind_of, study_figure
from security_dilemma_training.studies.registry import SHARES
from security_dilemma_training.studies.results import SIGNIFICANT, Compared, Finding, Results
from security_dilemma_training.studies.tables import COMPARISONS_FILE, RESULTS_FILE, write_tables
from security_dilemma_training.summary import show_interval, show_number
from security_dilemma_training.writing import write_atomically

__all__ = ["FIGURE", "STUDY_FILE", "show_middle", "show_p", "write_study"]

STUDY_FILE, FIGURE = "study.md", "study"


def write_study(results: Results, *, command: str, failed: Mapping[str, str] | None = None) -> Path:
    """Write ``study.md``, ``study.html``, the figure and both tables, and return the first's path.

    Args:
        results: What was measured, at least one seed; the study's folder is where to.
        command: What was called, to show how the study is repeated.
        failed: By the name of each run that failed, why.
    """
    folder = results.asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(results, folder)
    save(study_figure(results), folder / FIGURE)
    parts = (
        _first_screen(results, failed or {}),
        _conditions(results),
        _comparisons(results),
        _reading(results),
        _run(results, command),
        failures(failed or {}),
    )
    text = "\n".join(line for part in parts for line in part) + "\n"
    write_atomically(folder / STUDY_FILE, text)
    page = report_page(text, results.asked.question, folder)
    write_atomically((folder / STUDY_FILE).with_suffix(".html"), page)
    return folder / STUDY_FILE


def show_middle(results: Results, condition: str, metric: str) -> str:
    """Return a metric of a condition for a table: its middle over seeds with the interval, of a share the count."""
    interval = results.interval(condition, metric)
    if math.isnan(interval.estimate):
        return "–"
    if metric not in SHARES:
        return show_interval(interval, _decimals(interval.estimate))
    values = results.known(condition, metric)
    return f"{round(sum(values))}/{len(values)} [{interval.low:.2f}, {interval.high:.2f}]"


def _decimals(value: float) -> int:
    return 1 if abs(value) >= 10 else 3


def _first_screen(results: Results, failed: Mapping[str, str]) -> Iterator[str]:
    asked = results.asked
    yield f"# {escaped(asked.label.replace('_', ' ').capitalize())}: {escaped(asked.question)}"
    yield ""
    if results.missing:
        why = f", as {len(failed)} failed, see below" if failed else ""
        yield f"**Incomplete: {results.missing} of the seeds of conditions are missing{why}.**"
        yield ""
    few = few_seeds(len(asked.seeds))
    if few:
        yield f"**Few seeds.** {few[0].upper()}{few[1:]}."
        yield ""
    if asked.expectation:
        yield f"*Expected before anything was run.* {escaped(asked.expectation)}"
        yield ""
    yield from _answers(results)
    yield f"![Every seed of every condition, by {', '.join(asked.shown)}]({FIGURE}.png)"
    yield ""


def _answers(results: Results) -> Iterator[str]:
    """What was told apart, each in a sentence, and what was not, in one."""
    compared = results.compared
    if not compared:
        return
    counts = {kind: sum(one.finding is kind for one in compared) for kind in Finding}
    yield f"Of {len(compared)} comparisons: " + ", ".join(f"{n} {kind}" for kind, n in counts.items() if n) + "."
    yield ""
    same = (Finding.NOT_TOLD_APART, Finding.NO_DIFFERENCE, Finding.MISSING)
    yield from (f"- {_told(results, one)}" for one in compared if one.finding not in same)
    for kind in same:
        alike = [_named(results, one) for one in compared if one.finding is kind]
        if alike:
            yield f"- **{kind[0].upper()}{kind[1:]}**: {'; '.join(alike)}."
    yield ""


def _named(results: Results, one: Compared) -> str:
    """A comparison by its names."""
    asked = one.comparison
    names = [escaped(results.asked.title_of(name)) for name in (asked.condition, asked.against)]
    return f"{asked.metric.replace('_', ' ')} ({names[0]} against {names[1]})"


def _told(results: Results, one: Compared) -> str:
    """A comparison in a sentence."""
    asked = one.comparison
    names = [escaped(results.asked.title_of(name)) for name in (asked.condition, asked.against)]
    metric = asked.metric.replace("_", " ")
    sides = [show_middle(results, name, asked.metric) for name in (asked.condition, asked.against)]
    expected = "nothing was expected" if asked.expected == "open" else f"expected {asked.expected}"
    why = f" ({escaped(asked.why)})" if asked.why else ""
    text = f"**{metric}**: {names[0]} {sides[0]}, {names[1]} {sides[1]}; {expected}{why}: **{one.finding}**"
    return f"{text}, p = {show_p(one.adjusted)}."


def show_p(value: float) -> str:
    """Return a p-value for a table; a dash where there is none."""
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def _conditions(results: Results) -> Iterator[str]:
    asked = results.asked
    yield "## Every condition"
    yield ""
    yield from head(["condition", "how", "seeds", *(metric.replace("_", " ") for metric in asked.shown)])
    for name in asked.conditions:
        seeds = sum((name, seed) in results.values for seed in asked.seeds)
        metrics = [show_middle(results, name, metric) for metric in asked.shown]
        yield table_row([escaped(asked.title_of(name)), _how(results, name), str(seeds), *map(escaped, metrics)])
    yield ""
    yield "Interquartile means over seeds with 95 % bootstrap intervals; of shares the count with a Wilson interval."
    yield f"Every seed and every metric that was measured stands in `{RESULTS_FILE}`."
    if any(
        condition.players and not set(condition.players) & set(asked.conditions)
        for condition in asked.conditions.values()
    ):
        yield "Seeds of conditions that scripted states play differ in the luck of the games alone."
    yield ""


def _how(results: Results, name: str) -> str:
    condition = results.asked.conditions[name]
    if condition.players:
        return f"played by {escaped(', '.join(condition.players))}"
    kind = kind_of(results, name)
    return kind if condition.after is None else f"{kind} from {escaped(condition.after)}"


def _comparisons(results: Results) -> Iterator[str]:
    if not results.compared:
        return
    yield "## Comparisons"
    yield ""
    columns = ["metric", "condition", "against", "difference", "P(higher)", "p", "p (Holm)", "expected", "finding"]
    yield from head(columns)
    for one in results.compared:
        asked = one.comparison
        names = [escaped(results.asked.title_of(name)) for name in (asked.condition, asked.against)]
        intervals = [escaped(show_interval(one.difference)), escaped(show_interval(one.above, 2))]
        told = [show_p(one.p), show_p(one.adjusted), asked.expected, str(one.finding)]
        yield table_row([escaped(asked.metric), *names, *intervals, *told])
    yield ""
    yield "p is of the exact two-sided rank-sum test over seeds, adjusted by Holm's method for all comparisons of the"
    yield f"study; a difference is told apart below {SIGNIFICANT:g}. P(higher) is the chance that a seed of the"
    yield "condition is above one of the other, ties counted half. No difference found is not the same as none: see the"
    yield "intervals."
    least = max((one.least for one in results.compared if not math.isnan(one.least)), default=0.0)
    if least * len(results.compared) >= SIGNIFICANT:
        yield f"**So few seeds cannot tell apart**: the smallest p that they can give is {show_number(least)}."
    yield ""


def _reading(results: Results) -> Iterator[str]:
    asked = results.asked
    yield "## What is measured"
    yield ""
    yield from head(["metric", "definition"])
    yield from (table_row([escaped(name), asked.definitions[name].replace("|", "\\|")]) for name in asked.shown)
    yield ""
    if asked.caveats:
        yield "## What it does not show"
        yield ""
        yield from (f"- {escaped(caveat)}" for caveat in asked.caveats)
        yield ""


def _run(results: Results, command: str) -> Iterator[str]:
    asked = results.asked
    runs = len(asked.seeds) * sum(not condition.players for condition in asked.conditions.values())
    yield "## What was run"
    yield ""
    yield f"{runs} runs of {asked.schedule.agent_steps:,} agent-steps; each seed of each condition was measured over"
    yield f"{asked.evaluation.games} fresh games of each population. In an environment with the versions of"
    yield "`constraints.txt` this repeats it:"
    yield ""
    yield from block([command])
    yield from ("```yaml", _yaml(results), "```", "", f"The comparisons stand in `{COMPARISONS_FILE}`, too.", "")


def _yaml(results: Results) -> str:
    asked = results.asked
    left_out = {"name", "output", "question", "expectation", "caveats", "comparisons"}
    told: dict[str, Any] = asked.model_dump(mode="json", exclude_unset=True, exclude=left_out)
    told["seeds"] = list(asked.seeds)
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, default_flow_style=None).rstrip()
