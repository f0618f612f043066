"""The report of a tournament: matrices, who does well, and how a population of the contestants evolves."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.markup import escape
from rich.table import Table

from security_dilemma_training import tournament_figures
from security_dilemma_training.figures import save
from security_dilemma_training.provenance import circumstances, maker
from security_dilemma_training.replicator import evolve, path, random_populations, rest_points
from security_dilemma_training.statistics import Interval, few_seeds
from security_dilemma_training.summary import display_name, show_interval, show_number
from security_dilemma_training.tournament import (
    GREEDY_FACING_SEEKER,
    SEEKER_FACING_GREEDY,
    SEEKERS,
    SELF_PLAY,
    Entry,
    Tournament,
)
from security_dilemma_training.writing import write_atomically

__all__ = ["Population", "evolution", "matrix", "tournament_table", "write_tournament"]

QUANTITIES = ("payoff", "war_rate", "survival")
STARTS = 300
"""Populations from which the replicator dynamic starts."""

DURATION, STEPS = 1000.0, 1000
"""Of the replicator dynamic, in units of time, see :mod:`security_dilemma_training.replicator`, and in steps."""

POINTS = 5
"""Rest points that are told of."""


class Population(NamedTuple):
    """How a population of the contestants evolves in a world by the replicator dynamic."""

    names: tuple[str, ...]
    path: NDArray[Any]  # (steps + 1, n), from all alike
    shares: NDArray[Any]  # (n,), mean at the end over random starts
    war_rate: float  # at the end of the path: of the meetings of two drawn from the population
    at_war: float  # share of random starts that end where most meetings see a war
    points: list[tuple[float, NDArray[Any]]]  # share of random starts, and shares (n,), of the largest rest points


def matrix(entries: Sequence[Entry], world: str, condition: str, quantity: str = "payoff") -> NDArray[np.float64]:
    """Return the estimates of a quantity in a world under a condition, (rows, columns)."""
    own = [entry for entry in entries if (entry.world, entry.condition) == (world, condition)]
    names = list(dict.fromkeys(entry.row for entry in own))
    values = np.full((len(names), len(names)), math.nan)
    for entry in own:
        values[names.index(entry.row), names.index(entry.column)] = getattr(entry, quantity).estimate
    return values


def evolution(names: Sequence[str], payoffs: NDArray[np.float64], wars: NDArray[np.float64]) -> Population:
    """Return how a population evolves.

    Args:
        names: The contestants.
        payoffs: (n, n), of the row among columns.
        wars: (n, n), share of their games that see a war.
    """
    n = len(names)
    start = np.full(n, 1 / n)
    ends = evolve(payoffs, random_populations(STARTS, n), duration=DURATION, steps=STEPS)
    one = path(payoffs, start, duration=DURATION, steps=STEPS)
    points = [(point.basin, point.shares) for point in rest_points(ends)[:POINTS]]
    at_war = float((np.einsum("si,ij,sj->s", ends, wars, ends) > 0.5).mean())
    return Population(tuple(names), one, ends.mean(axis=0), float(one[-1] @ wars @ one[-1]), at_war, points)


def write_tournament(asked: Tournament, entries: Sequence[Entry], folder: Path, command: str) -> Path:
    """Write ``tournament.md``, ``matrix.csv``, ``results.json`` and the figures, and return the report's path."""
    populations = _populations(asked, entries)
    write_atomically(folder / "matrix.csv", _csv(entries))
    write_atomically(folder / "results.json", _json(asked, entries, populations, command))
    for world in asked.worlds:
        panels = {quantity: matrix(entries, world, SEEKERS, quantity) for quantity in QUANTITIES}
        names = [player.name for player in asked.players]
        save(tournament_figures.matrices(display_name(world), names, panels), folder / f"matrices_{world}")
    save(
        tournament_figures.replicator({w: p[SEEKERS] for w, p in populations.items()}, DURATION), folder / "replicator"
    )
    write_atomically(folder / "tournament.md", _markdown(asked, entries, populations, command))
    return folder / "tournament.md"


def tournament_table(entries: Sequence[Entry]) -> Table:
    """Return who does best in each world, for a terminal: three contestants by mean payoff among security seekers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="mean payoffs over all whom they meet; peace is worth 1")
    for heading in ("world", "first", "second", "third"):
        table.add_column(heading, no_wrap=heading == "world")
    for world in dict.fromkeys(entry.world for entry in entries):
        payoffs = matrix(entries, world, SEEKERS)
        names = list(dict.fromkeys(entry.row for entry in entries if entry.world == world))
        best = np.argsort(-payoffs.mean(axis=1), kind="stable")[:3]
        cells = [f"{names[i]} {payoffs[i].mean():.3f}" for i in best]
        table.add_row(*(escape(cell) for cell in (display_name(world), *cells, *[""] * (3 - len(cells)))))
    return table


def _populations(asked: Tournament, entries: Sequence[Entry]) -> dict[str, dict[str, Population]]:
    """By world and condition; ``either_intent`` is the game whose two roles a contestant has equally often."""
    names = [player.name for player in asked.players]
    found: dict[str, dict[str, Population]] = {}
    for world in asked.worlds:
        games = {SEEKERS: tuple(matrix(entries, world, SEEKERS, q) for q in ("payoff", "war_rate"))}
        if asked.mixed:
            roles = (SEEKER_FACING_GREEDY, GREEDY_FACING_SEEKER)
            pairs = [[matrix(entries, world, role, q) for role in roles] for q in ("payoff", "war_rate")]
            games["either_intent"] = tuple(np.mean(pair, axis=0) for pair in pairs)
        found[world] = {condition: evolution(names, *game) for condition, game in games.items()}
    return found


def _csv(entries: Sequence[Entry]) -> str:
    """One row for each entry: what it is, then each quantity with its 95 % interval."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    bounds = [f"{quantity}{suffix}" for quantity in QUANTITIES for suffix in ("", "_low", "_high")]
    writer.writerow(["world", "condition", "row", "column", "meetings", "games", *bounds])
    for entry in entries:
        numbers = [x for quantity in QUANTITIES for x in getattr(entry, quantity)]
        writer.writerow([*entry[:6], *("" if math.isnan(x) else f"{x:.6g}" for x in numbers)])
    return text.getvalue()


def _json(
    asked: Tournament, entries: Sequence[Entry], populations: dict[str, dict[str, Population]], command: str
) -> str:
    players = {player.name: [member._asdict() for member in player.members] for player in asked.players}
    shape = {name: getattr(asked, name) for name in ("games", "seed", "n_states", "max_cycles", "mixed")}
    data = {
        "command": command,
        "made_by": circumstances(),
        "players": players,
        "worlds": {name: {k: _plain(v) for k, v in vars(params).items()} for name, params in asked.worlds.items()},
        **shape,
        "entries": [_plain(entry._asdict()) for entry in entries],
        "replicator": {w: {c: _plain(_summary(p)) for c, p in found.items()} for w, found in populations.items()},
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _summary(population: Population) -> dict[str, Any]:
    named = {
        "from_all_alike": population.path[-1],
        "from_random_starts": population.shares,
    }
    return {name: dict(zip(population.names, shares.tolist(), strict=True)) for name, shares in named.items()} | {
        "war_rate": population.war_rate,
        "starts_at_war": population.at_war,
        "rest_points": [
            {"basin": basin, "shares": dict(zip(population.names, shares.tolist(), strict=True))}
            for basin, shares in population.points
        ],
    }


def _plain(value: Any) -> Any:
    """Plain data that JSON can hold; what is not a number is null."""
    if isinstance(value, Interval):
        return {name: _plain(x) for name, x in value._asdict().items()}
    if isinstance(value, dict):
        return {name: _plain(x) for name, x in value.items()}
    if isinstance(value, list | np.ndarray):
        return [_plain(x) for x in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def _markdown(
    asked: Tournament, entries: Sequence[Entry], populations: dict[str, dict[str, Population]], command: str
) -> str:
    lines = ["# Tournament", "", f"`{command}`", "", f"Made by {maker()}.", "", *_about(asked), ""]
    for world in asked.worlds:
        params = asked.worlds[world]
        place = f"b = {_plain(params.balance)}, d = {_plain(params.distinguishability)}"
        lines += [
            f"## {display_name(world)} ({place})",
            "",
            *_standing(entries, world, populations[world][SEEKERS]),
            "",
        ]
        lines += _self_play(entries, world)
        lines += [f"![Matrices](matrices_{world}.png)", ""]
        for condition, population in populations[world].items():
            lines += [_told(population, condition), ""]
    return "\n".join([*lines, "![Replicator dynamic](replicator.png)", ""])


def _about(asked: Tournament) -> list[str]:
    games = f"{asked.games} games of each meeting of two policies, seed {asked.seed}, at most {asked.max_cycles} steps"
    pairs = "pairs of security seekers, and of a security seeker and a greedy state" if asked.mixed else (
        "pairs of security seekers"
    )  # fmt: skip
    if asked.n_states > 2:
        pairs = f"{asked.n_states} states, one of the row's among others of the column's; {pairs}".replace(
            "pairs", "states"
        )
    lines = [f"{games}; {pairs}. Payoffs are discounted; an undisturbed peace is worth 1."]
    learned = [player for player in asked.players if player.learned]
    if learned:
        seeds = ", ".join(f"{player.name} ({len(player.members)})" for player in learned)
        lines += [
            "",
            f"Learned policies, with their seeds: {seeds}. A seed meets another one, not itself; intervals are",
        ]
        lines[-1] += " over meetings of seeds. Those of strategies among themselves are over games."
        few = few_seeds(min(len(player.members) for player in learned))
        lines += ["", f"Few seeds: {few}."] if few else []
    return lines


def _standing(entries: Sequence[Entry], world: str, population: Population) -> list[str]:
    own = {(e.row, e.column): e for e in entries if (e.world, e.condition) == (world, SEEKERS)}
    payoffs, wars = (matrix(entries, world, SEEKERS, quantity) for quantity in ("payoff", "war_rate"))
    survival = matrix(entries, world, SEEKERS, "survival")
    lines = [
        "| contestant | mean payoff | with its like [95 %] | lowest (with) | war rate | survival | best answer to it | "
        "share in the end | over random starts |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for i in np.argsort(-payoffs.mean(axis=1), kind="stable"):
        name, worst = population.names[i], int(payoffs[i].argmin())
        cells = [
            name,
            show_number(payoffs[i].mean()),
            show_interval(own[name, name].payoff),
            f"{payoffs[i, worst]:.3f} ({population.names[worst]})",
            show_number(wars[i].mean(), 2),
            show_number(survival[i].mean(), 2),
            _best_answers(population.names, payoffs[:, i]),
            show_number(population.path[-1, i], 2),
            show_number(population.shares[i], 2),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _best_answers(names: Sequence[str], payoffs: NDArray[np.float64]) -> str:
    """Who does best against a contestant; where several do alike, to the third decimal, the first and how many."""
    best = np.flatnonzero(payoffs >= payoffs.max() - 5e-4)
    more = f" and {len(best) - 1} more" if len(best) > 1 else ""
    return f"{names[best[0]]}{more}"


def _self_play(entries: Sequence[Entry], world: str) -> list[str]:
    own = [e for e in entries if (e.world, e.condition) == (world, SELF_PLAY)]
    cross = {e.row: e for e in entries if (e.world, e.condition) == (world, SEEKERS) and e.row == e.column}
    if not own:
        return []
    lines = ["| learned | payoff in self-play | with another seed | war rate in self-play | with another seed |"]
    lines.append("|---|---|---|---|---|")
    for entry in own:
        other = cross[entry.row]
        cells = [show_interval(x) for x in (entry.payoff, other.payoff, entry.war_rate, other.war_rate)]
        lines.append("| " + " | ".join([entry.row, *cells]) + " |")
    return [*lines, ""]


def _told(population: Population, condition: str) -> str:
    """The replicator dynamic in words."""
    last = population.path[-1]
    there = [f"{population.names[i]} {last[i]:.2f}" for i in np.argsort(-last) if last[i] >= 0.01]
    return (
        f"Replicator dynamic ({condition.replace('_', ' ')}): from all alike it ends at {', '.join(there)}, where "
        f"{population.war_rate:.0%} of the games see a war. Of {STARTS} random starts {population.at_war:.0%} end "
        "where most games do."
    )
