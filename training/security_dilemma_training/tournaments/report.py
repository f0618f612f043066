"""The report of a tournament: matrices, who does well, and how a population of the contestants evolves."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.markup import escape
from rich.table import Table

from security_dilemma_training.figures import save
from security_dilemma_training.provenance import circumstances, maker
from security_dilemma_training.statistics import Interval, few_seeds
from security_dilemma_training.summary import display_name, show_interval, show_number
from security_dilemma_training.tournaments import figures as tournament_figures
from security_dilemma_training.tournaments.populations import (
    DRAWN,
    DURATION,
    STARTS,
    Population,
    matrix,
    populations_of,
)
from security_dilemma_training.tournaments.tournament import (
    GREEDY_FACING_SEEKER,
    SEEKER_FACING_GREEDY,
    SEEKERS,
    SELF_PLAY,
    Entry,
    Tournament,
)
from security_dilemma_training.writing import write_atomically

__all__ = ["tournament_table", "write_tournament"]

PANELS = {"payoff": "payoff of the row", "war_rate": "share of games with a war", "survival": "survival of the row"}
QUANTITIES = tuple(PANELS)
REPLICATORS = {"replicator": SEEKERS, "replicator_intents_drawn": DRAWN}
"""Files of the replicator dynamic, and of which population."""


def write_tournament(asked: Tournament, entries: Sequence[Entry], folder: Path, command: str) -> Path:
    """Write ``tournament.md``, ``matrix.csv``, ``results.json`` and the figures, and return the report's path."""
    populations = populations_of(asked, entries)
    write_atomically(folder / "matrix.csv", _csv(entries))
    write_atomically(folder / "results.json", _json(asked, entries, populations, command))
    for world in asked.worlds:
        _draw_matrices(asked, entries, world, folder)
    for name, condition in REPLICATORS.items():
        found = {world: populations[world][condition] for world in asked.worlds if condition in populations[world]}
        if found:
            save(tournament_figures.replicator(found, DURATION), folder / name)
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


def _draw_matrices(asked: Tournament, entries: Sequence[Entry], world: str, folder: Path) -> None:
    names, title = [player.name for player in asked.players], display_name(world)
    found = {quantity: matrix(entries, world, SEEKERS, quantity) for quantity in QUANTITIES}
    panels = {PANELS[quantity]: values for quantity, values in found.items()}
    figure = tournament_figures.matrices(f"{title}, between security seekers", names, panels)
    save(figure, folder / f"matrices_{world}")
    if asked.mixed:
        panels = {
            "payoff of a row that seeks security": matrix(entries, world, SEEKER_FACING_GREEDY),
            "payoff of a greedy row": matrix(entries, world, GREEDY_FACING_SEEKER),
            "share of games with a war, row greedy": matrix(entries, world, GREEDY_FACING_SEEKER, "war_rate"),
        }
        figure = tournament_figures.matrices(f"{title}, a security seeker and a greedy state", names, panels)
        save(figure, folder / f"matrices_{world}_mixed")


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
        lines += [f"![Matrices of mixed pairs](matrices_{world}_mixed.png)", ""] if asked.mixed else []
        for condition, population in populations[world].items():
            lines += [_told(population, condition), ""]
    lines += ["![Replicator dynamic, security seekers](replicator.png)", ""]
    if any(DRAWN in found for found in populations.values()):
        lines += ["![Replicator dynamic, intents drawn](replicator_intents_drawn.png)", ""]
    return "\n".join(lines)


def _about(asked: Tournament) -> list[str]:
    games = f"{asked.games} games of each meeting of two policies, seed {asked.seed}, at most {asked.max_cycles} steps"
    intents = "all pairs of intents" if asked.mixed else "security seekers only"
    lines = [f"{games}; {intents}. Payoffs are discounted; an undisturbed peace is worth 1."]
    if asked.n_states > 2:
        lines += ["", f"{asked.n_states} states: one of the row's among others that are all of the column's."]
    learned = [player for player in asked.players if player.learned]
    if learned:
        seeds = ", ".join(f"{player.name} ({len(player.members)})" for player in learned)
        lines += [
            "",
            f"Learned policies, with their seeds: {seeds}. A seed meets another one, not itself; intervals are",
        ]
        lines[-1] += " over meetings of seeds. Those of strategies among themselves are over games."
        if any(len(player.members) == 1 for player in learned):
            lines[-1] += " One without another seed meets itself, and with a strategy its intervals are over games."
        lines[-1] += " Where all seeds are alike a bootstrap interval has no width, which is no certainty."
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
