"""What a benchmark's results say: each contestant in each world over its seeds, the leaderboard, and comparisons."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from security_dilemma.params import WORLDS, Params
from security_dilemma_training.comparisons import holm, probability_of_improvement, rank_intervals, rank_sum_test
from security_dilemma_training.metrics import HORIZON
from security_dilemma_training.statistics import Interval, bootstrap_interval, optimality_gap, wilson_interval
from security_dilemma_training.verdict import Ending, Outcome, ceiling, ending, outcome_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALL_WORLDS",
    "CEILING",
    "NO_CONTROL",
    "Comparison",
    "MeasuredCell",
    "Overall",
    "Row",
    "Standing",
    "compare",
    "contestants_of",
    "gather",
    "leaderboard",
    "overall",
    "uncontrolled",
    "worlds_of",
]

NO_CONTROL = "none"
ALL_WORLDS = "all worlds"

CEILING = ceiling(vars(Params()), HORIZON)
"""The highest tragic war rate that the default crises and horizon allow."""

SETTING = ("params", "game", "worlds")
"""Sections of a config that make the world; changes of the others make the contestant, as do action modes."""

UNKNOWN = Interval(math.nan, math.nan, math.nan)

Row: TypeAlias = Mapping[str, Any]
"""A row of the results table by column: one run."""


class MeasuredCell(NamedTuple):
    """One contestant in one world, over its seeds."""

    world: str
    contestant: str
    control: str
    rows: tuple[Row, ...]  # by seed
    endings: tuple[Ending, ...]  # of each row

    def values(self, metric: str) -> list[float]:
        """Return a metric of the seeds for which it was measured."""
        return [value for value in (float(row[metric]) for row in self.rows) if not math.isnan(value)]

    def interval(self, metric: str) -> Interval:
        """Return the interquartile mean over the seeds that have the metric, with its 95 % bootstrap interval."""
        values = self.values(metric)
        return bootstrap_interval([values]) if values else UNKNOWN

    def mean(self, metric: str) -> Interval:
        """Return the mean over the seeds that have the metric, with its 95 % bootstrap interval.

        Unlike the interquartile mean it sees what fewer than a quarter of the seeds do: some of them go to war.
        """
        values = self.values(metric)
        return bootstrap_interval([values], _mean) if values else UNKNOWN

    @property
    def at_war(self) -> Interval:
        """The share of seeds that end at war, with its 95 % Wilson interval."""
        return wilson_interval(self.endings.count(Ending.WAR), len(self.endings))

    @property
    def outcome(self) -> Outcome:
        """What becomes of the world with this contestant."""
        return outcome_of(self.endings)


class Standing(NamedTuple):
    """A line of a world's leaderboard."""

    cell: MeasuredCell
    rank: Interval  # by mean payoff, 1 for the highest, among the contestants of the world


class Overall(NamedTuple):
    """A contestant over all worlds, each of which counts alike in the rank; runs are resampled within worlds."""

    contestant: str
    payoff: Interval  # interquartile mean over all runs
    gap: Interval  # optimality gap of the payoff to an undisturbed peace
    rank: Interval  # by mean payoff, averaged over worlds
    wars: int  # seeds at war
    seeds: int


class Comparison(NamedTuple):
    """Two contestants side by side, by payoff."""

    scope: str  # a world, or all worlds in which both played
    first: str
    second: str
    improvement: Interval  # probability that a run of the first pays more than one of the second
    p: float  # of the exact rank-sum test
    adjusted: float  # by Holm, over all pairs of the scope


def gather(rows: pd.DataFrame, ceilings: Mapping[str, float] | None = None) -> list[MeasuredCell]:
    """Return the contestants in the worlds, Jervis's first and in his order, otherwise as they come.

    A contestant is an algorithm with its scheme and with what a product changed outside the world; what it changed of
    parameters or the game makes another world. Runs of different length, and else of different configs, are no
    replicates: where names do not tell them apart, their steps or the beginning of their hash do. Of several rows of
    one config and seed the last counts.

    Args:
        rows: The results table.
        ceilings: The highest tragic war rate that was possible, by the key of a row; others: :data:`CEILING`.
    """
    highest = ceilings or {}
    records: list[Row] = rows.to_dict("records")
    groups: dict[tuple[str, str, str], dict[int, Row]] = {}
    for record, (world, contestant) in zip(records, _names(records), strict=True):
        group = groups.setdefault((world, contestant, str(record["control"])), {})
        group[int(record["seed"])] = record
    order = {name: place for place, name in enumerate(WORLDS)}
    cells = [_cell(*key, [group[seed] for seed in sorted(group)], highest) for key, group in groups.items()]
    return sorted(cells, key=lambda cell: order.get(cell.world, len(order)))


def uncontrolled(cells: Sequence[MeasuredCell]) -> list[MeasuredCell]:
    """Return the cells in which nothing was changed for a causal control."""
    return [cell for cell in cells if cell.control == NO_CONTROL]


def worlds_of(cells: Sequence[MeasuredCell]) -> list[str]:
    """Return the worlds in order."""
    return list(dict.fromkeys(cell.world for cell in cells))


def contestants_of(cells: Sequence[MeasuredCell]) -> list[str]:
    """Return the contestants, those with the highest mean of payoffs over their worlds first."""
    found: dict[str, list[float]] = {}
    for cell in cells:
        found.setdefault(cell.contestant, []).append(cell.mean("payoff").estimate)
    means = {name: sum(values) / len(values) for name, values in found.items()}
    return sorted(means, key=lambda name: math.inf if math.isnan(means[name]) else -means[name])


def leaderboard(cells: Sequence[MeasuredCell]) -> list[Standing]:
    """Return the contestants of one world by mean payoff; those without one come last, unranked."""
    ranked = [cell for cell in cells if cell.values("payoff")]
    ranks = rank_intervals([[cell.values("payoff")] for cell in ranked], _mean) if ranked else []
    standings = [Standing(cell, rank) for cell, rank in zip(ranked, ranks, strict=True)]
    standings.sort(key=lambda standing: standing.rank.estimate)
    return standings + [Standing(cell, UNKNOWN) for cell in cells if not cell.values("payoff")]


def overall(cells: Sequence[MeasuredCell]) -> list[Overall]:
    """Return the contestants that played every world, the first in rank first; none if there is one world only."""
    worlds = worlds_of(cells)
    played = {name: [cell for cell in cells if cell.contestant == name] for name in contestants_of(cells)}
    everywhere = {
        n: own for n, own in played.items() if sum(bool(cell.values("payoff")) for cell in own) == len(worlds)
    }
    if len(worlds) < 2 or not everywhere:
        return []
    paid = {name: [cell.values("payoff") for cell in own] for name, own in everywhere.items()}
    found = [
        Overall(
            name,
            bootstrap_interval(paid[name]),
            bootstrap_interval(paid[name], optimality_gap),
            rank,
            sum(cell.endings.count(Ending.WAR) for cell in own),
            sum(len(cell.endings) for cell in own),
        )
        for (name, own), rank in zip(everywhere.items(), rank_intervals(list(paid.values()), _mean), strict=True)
    ]
    return sorted(found, key=lambda line: line.rank.estimate)


def compare(cells: Sequence[MeasuredCell]) -> list[Comparison]:
    """Return every pair of contestants in each world, and over all worlds that both played if there are several."""
    payoffs = {(cell.world, cell.contestant): cell.values("payoff") for cell in cells if cell.values("payoff")}
    worlds = worlds_of(cells)
    scopes = {ALL_WORLDS: worlds} if len(worlds) > 1 else {}
    scopes |= {world: [world] for world in worlds}
    return [found for scope, of in scopes.items() for found in _pairs(scope, of, contestants_of(cells), payoffs)]


def _pairs(
    scope: str, worlds: Sequence[str], contestants: Sequence[str], payoffs: Mapping[tuple[str, str], list[float]]
) -> list[Comparison]:
    pairs = []
    for first, second in combinations(contestants, 2):
        both = [world for world in worlds if (world, first) in payoffs and (world, second) in payoffs]
        if both and len(both) >= min(2, len(worlds)):
            x, y = ([payoffs[world, name] for world in both] for name in (first, second))
            pairs.append(
                Comparison(scope, first, second, probability_of_improvement(x, y), rank_sum_test(x, y), math.nan)
            )
    adjusted = holm([pair.p for pair in pairs])
    return [pair._replace(adjusted=float(p)) for pair, p in zip(pairs, adjusted, strict=True)]


def _cell(
    world: str, contestant: str, control: str, rows: Sequence[Row], ceilings: Mapping[str, float]
) -> MeasuredCell:
    endings = (ending(float(row["tragic_war_rate"]), ceilings.get(str(row["key"]), CEILING)) for row in rows)
    return MeasuredCell(world, contestant, control, tuple(rows), tuple(endings))


def _names(records: Sequence[Row]) -> list[tuple[str, str]]:
    """World and contestant of each row, told apart as far as need be."""
    named = [_name(record) for record in records]
    for column, show in (("agent_steps", "{:,} agent-steps"), ("config_hash", "#{:.6}")):
        alike = [(*name, record["control"]) for record, name in zip(records, named, strict=True)]
        if column == "agent_steps":  # those with a control keep the name of those without
            alike = [(world, contestant, "") for world, contestant, _ in alike]
        found: dict[tuple[str, ...], set[Any]] = {}
        for record, group in zip(records, alike, strict=True):
            found.setdefault(group, set()).add(record[column])
        named = [
            (world, _with(contestant, [show.format(record[column])] if len(found[group]) > 1 else []))
            for record, group, (world, contestant) in zip(records, alike, named, strict=True)
        ]
    return named


def _name(record: Row) -> tuple[str, str]:
    changes: dict[str, Any] = json.loads(record["changes"])
    own: dict[bool, list[str]] = {True: [], False: []}
    for key, value in changes.items():
        section, option = key.split(".")[0], key.split(".")[-1]
        own[section in SETTING and option != "action_mode"].append(f"{option}={_plain(value)}")
    own[False] = ([] if record["scheme"] == "self_play" else [str(record["scheme"]).replace("_", " ")]) + own[False]
    return _with(str(record["world"]), own[True]), _with(str(record["algorithm"]), own[False])


def _with(name: str, details: Sequence[str]) -> str:
    """A name with what tells it from others in brackets, added to those it has."""
    if not details:
        return name
    told = ", ".join(details)
    return f"{name[:-1]}, {told})" if name.endswith(")") else f"{name} ({told})"


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.mean(axis=-1))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
