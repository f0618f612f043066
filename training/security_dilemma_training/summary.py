"""Results by world: the seeds together, their statistics and the verdict, as tables and figures show them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from security_dilemma.params import WORLDS
from security_dilemma.spaces import INTENTS
from security_dilemma_training.responses.closeness import (
    SMALL_GAIN,
    Closeness,
    WorldCloseness,
    gains_of,
    judge_closeness,
)
from security_dilemma_training.statistics import Interval, bootstrap_interval, iqm
from security_dilemma_training.verdict import Agreement, Ending, Verdict, judge

__all__ = [
    "ROWS",
    "RunKey",
    "WorldSummary",
    "closeness_table",
    "display_name",
    "print_tables",
    "run_key",
    "seeker_pair",
    "show_interval",
    "show_number",
    "summarise",
    "summary_table",
]

ROWS = (
    ("tragic war rate", "seekers", "tragic_war_rate"),
    ("war per crisis", "seekers", "war_per_crisis"),
    ("seekers' strike rate", "seekers", "strike_rate_security_seeker"),
    ("seekers' arms", "seekers", "arms_security_seeker"),
    ("welfare loss", "seekers", "welfare_loss"),
    ("mixed: war rate", "mixed", "war_rate"),
    ("posture bits", "mixed", "posture_bits"),
)
"""Columns of the table of worlds: heading, pair of intents, metric."""


RunKey: TypeAlias = tuple[str, str, int]
"""World, hash of the config, and seed of a run."""

Kind: TypeAlias = tuple[str, str, int]
"""What replicates share: world, hash of the config (which fixes the shape of the game), and horizon in steps."""


class WorldSummary(NamedTuple):
    """One world over its seeds."""

    world: str
    results: tuple[Mapping[str, Any], ...]  # of each seed, by seed
    tragic: tuple[float, ...]  # tragic war rate of each seed
    verdict: Verdict
    closeness: WorldCloseness | None  # where exploitability was measured

    def values(self, pair: str, metric: str) -> list[float]:
        """Return a metric of each seed; NaN where it is null.

        Args:
            pair: ``seekers`` or ``mixed``, whatever the number of states, or the name of a pair of intents.
            metric: Its name.
        """
        rows = (_pair(result, pair)[metric] for result in self.results)
        return [math.nan if value is None else float(value) for value in rows]

    def interval(self, pair: str, metric: str) -> Interval:
        """Return the interquartile mean over the seeds that have the metric, with its 95 % bootstrap interval."""
        values = [value for value in self.values(pair, metric) if not math.isnan(value)]
        return bootstrap_interval([values], iqm) if values else Interval(math.nan, math.nan, math.nan)


def run_key(result: Mapping[str, Any]) -> RunKey:
    """Return what tells a run from all others: its world, the hash of its config, and its seed."""
    return str(result["world"]), str(result["config_hash"]), int(result["seed"])


def seeker_pair(result: Mapping[str, Any]) -> str:
    """Return the name of the pair of security seekers."""
    return "both_security_seekers" if result["n_states"] == 2 else "all_security_seekers"


def summarise(results: Sequence[Mapping[str, Any]]) -> list[WorldSummary]:
    """Return the results by world, Jervis's worlds first and in his order, then others as they come.

    Runs of different configs, and results over different horizons, are no replicates: where they bear the same name,
    each config is a world of its own, told apart by the beginning of its hash, and so is each horizon of a config, told
    apart by its steps. Of several results of one run over one horizon the last counts.
    """
    found = {_kind(result): 0 for result in results}
    order = {name: place for place, name in enumerate(WORLDS)}
    summaries = []
    for kind in sorted(found, key=lambda kind: order.get(kind[0], len(order))):
        own = {r["seed"]: r for r in results if _kind(r) == kind}
        summaries.append(_summary(_name(kind, list(found)), [own[seed] for seed in sorted(own)]))
    return summaries


def display_name(world: str) -> str:
    """Return a world's name for people."""
    return world.replace("_", " ").capitalize()


def show_number(value: float, decimals: int = 3) -> str:
    """Return a number for a table, no minus before a zero; a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:z.{decimals}f}"


def show_interval(interval: Interval, decimals: int = 3) -> str:
    """Return an estimate for a table, with its interval if it has one."""
    estimate, low, high = (show_number(value, decimals) for value in interval)
    return estimate if math.isnan(interval.low) else f"{estimate} [{low}, {high}]"


MARKS = {Agreement.IN_LINE: "✓", Agreement.AGAINST: "✗"}


def summary_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of worlds for a terminal: interquartile means over seeds [95 % intervals], and the verdict."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption="interquartile means over seeds [95 % intervals], between security seekers\n"
        "✓ in line with the expectation, ✗ against it, ? too few seeds or no prediction",
    )
    table.add_column("world", min_width=len("dangerous"))
    for heading in ("tragic war rate", "arms", "welfare\nloss", "seeds\nat war"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("expected", no_wrap=True)
    for world in summarise(results):
        verdict = world.verdict
        count = f"{verdict.endings.count(Ending.WAR)}/{len(verdict.endings)}"
        tragic = show_interval(world.interval("seekers", "tragic_war_rate"), 2)
        arms, loss = (
            show_number(world.interval("seekers", metric).estimate, 2)
            for metric in ("arms_security_seeker", "welfare_loss")
        )
        outcome, expected = (
            str(x or "–").removesuffix(" over seeds") for x in (verdict.outcome, verdict.expectation.outcome)
        )
        expected = f"{expected} {MARKS.get(verdict.agreement, '?')}"
        cells = (display_name(world.world), tragic, arms, loss, count, outcome, expected)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def closeness_table(results: Sequence[Mapping[str, Any]]) -> Table | None:
    """Return the table of exploitability and beliefs for a terminal, or None if neither was measured."""
    measured = [result for result in results if "exploitability" in result or "beliefs" in result]
    if not measured:
        return None
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption="interquartile means over seeds; gains found are lower bounds\n"
        f"close: no intent gains more than {SMALL_GAIN:g}",
    )
    table.add_column("world", min_width=len("dangerous"))
    for heading in (
        "tragic\nwar rate",
        "gain,\nseekers",
        "gain,\ngreedy",
        "seeds close to\nequilibrium",
        "skill of\nbeliefs",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for world in summarise(measured):
        gains = [show_number(_middle(gains_of(world.results, intent))) for intent in INTENTS]
        seeds = world.closeness.seeds if world.closeness else ()
        close = f"{seeds.count(Closeness.CLOSE)}/{len(seeds)}" if seeds else "–"
        skills = [(result.get("beliefs") or {}).get("skill") for result in world.results]
        skill = show_number(_middle([math.nan if value is None else value for value in skills]))
        tragic = show_number(world.interval("seekers", "tragic_war_rate").estimate)
        table.add_row(escape(display_name(world.world)), tragic, *gains, close, skill)
    return table


def print_tables(results: Sequence[Mapping[str, Any]]) -> None:
    """Print the table of worlds, and that of exploitability and beliefs if they were measured."""
    console = Console()
    for table in (summary_table(results), closeness_table(results)):
        if table is not None:
            console.print(table)


def _middle(values: Sequence[float]) -> float:
    """The interquartile mean of the values that are there, or NaN."""
    known = [value for value in values if not math.isnan(value)]
    return float(iqm(known)) if known else math.nan


def _pair(result: Mapping[str, Any], pair: str) -> Mapping[str, Any]:
    names = {"seekers": seeker_pair(result), "mixed": "mixed" if result["n_states"] == 2 else "one_greedy"}
    values: Mapping[str, Any] = result["pairs"][names.get(pair, pair)]
    return values


def _kind(result: Mapping[str, Any]) -> Kind:
    return str(result["world"]), str(result["config_hash"]), int(result["horizon"])


def _name(kind: Kind, kinds: Sequence[Kind]) -> str:
    """The name of a world among others: its own, as far as need be with what tells it apart."""
    world, config, horizon = kind
    configs = {other[1] for other in kinds if other[0] == world}
    horizons = {other[2] for other in kinds if other[:2] == kind[:2]}
    name = world if len(configs) == 1 else f"{world} #{config[:6]}"
    return name if len(horizons) == 1 else f"{name} within {horizon} step{'s' * (horizon > 1)}"


def _summary(name: str, results: Sequence[Mapping[str, Any]]) -> WorldSummary:
    first = results[0]
    tragic = tuple(float(_pair(result, "seekers")["tragic_war_rate"]) for result in results)
    horizon = min(first["horizon"], first["max_cycles"])
    verdict = judge(tragic, first["params"], horizon=horizon, n_states=first["n_states"], stages=first["stages"])
    close = judge_closeness(results)
    verdict = verdict._replace(words=f"{verdict.words} {close.words}") if close else verdict
    return WorldSummary(name, tuple(results), tragic, verdict, close)
