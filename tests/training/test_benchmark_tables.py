"""What a benchmark's results say: contestants, ranks, comparisons, and how a seed ends."""

from __future__ import annotations

import math

import pytest

from security_dilemma_training.benchmark.results import frame
from security_dilemma_training.benchmark.tables import (
    ALL_WORLDS,
    CEILING,
    compare,
    contestants_of,
    gather,
    leaderboard,
    overall,
    uncontrolled,
    worlds_of,
)
from security_dilemma_training.comparisons import holm, rank_sum_test
from security_dilemma_training.verdict import Ending
from tests.training.benchmark_rows import WARS, row, some_rows


def test_leaderboards_rank_by_payoff_and_leave_unmeasured_ones_unranked() -> None:
    rows = [
        row("intense", seed, 0.0, algorithm=a, payoff=p) for a, p in (("a2c", 0.5), ("ppo", 0.9)) for seed in (0, 1)
    ]
    rows += [row("intense", 0, 0.0, algorithm="dqn", payoff=math.nan)]
    lines = leaderboard(gather(frame(rows)))
    assert [(line.cell.contestant, line.rank.estimate) for line in lines[:2]] == [("ppo", 1), ("a2c", 2)]
    assert lines[2].cell.contestant == "dqn"
    assert math.isnan(lines[2].rank.estimate)
    assert overall(gather(frame(rows))) == []


def test_ranks_see_wars_of_fewer_seeds_than_a_quarter() -> None:
    """An interquartile mean does not: with one seed in five at war it is that of the others."""
    rows = [row("intense", s, war, algorithm="ppo", payoff=0.99 - war) for s, war in enumerate((0, 0, 0, 0, 0.9))]
    rows += [row("intense", s, 0.0, algorithm="a2c", payoff=0.95) for s in range(5)]
    first, second = leaderboard(gather(frame(rows)))
    assert (first.cell.contestant, second.cell.contestant) == ("a2c", "ppo")
    assert second.cell.interval("payoff").estimate > first.cell.interval("payoff").estimate
    assert (first.rank.low, first.rank.high) == (1, 2)


def test_over_all_worlds_only_who_played_them_all_counts() -> None:
    rows = [*some_rows(), row("intense", 0, 0.0, algorithm="dqn")]
    lines = overall(uncontrolled(gather(frame(rows))))
    assert {line.contestant: (line.wars, line.seeds) for line in lines} == {"a2c": (2, 10), "ppo": (5, 10)}
    paid = [0.97 - 0.5 * war for world in ("doubly_dangerous", "intense") for war in WARS["ppo", world]]
    gap = next(line.gap for line in lines if line.contestant == "ppo")
    assert gap.estimate == pytest.approx(1 - sum(paid) / 10)


def test_pairs_are_compared_by_world_and_over_all_and_adjusted_within() -> None:
    cells = uncontrolled(gather(frame([*some_rows(), *(row("intense", s, 0.5, algorithm="dqn") for s in range(5))])))
    pairs = compare(cells)
    assert [pair.scope for pair in pairs] == [ALL_WORLDS, "doubly_dangerous", "intense", "intense", "intense"]
    third = [pair for pair in pairs if pair.scope == "intense"]
    assert [pair.adjusted for pair in third] == pytest.approx(holm([pair.p for pair in third]).tolist())
    both = next(pair for pair in pairs if pair.scope == ALL_WORLDS)
    x, y = ([[0.97 - 0.5 * w for w in WARS[n, world]] for world in ("doubly_dangerous", "intense")]
            for n in (both.first, both.second))  # fmt: skip
    assert both.p == rank_sum_test(x, y)


def test_names_tell_apart_what_is_no_replicate() -> None:
    rows = [
        row("intense", 0, 0.0),
        row("intense", 0, 0.0, scheme="independent"),
        row("intense", 0, 0.0, changes={"algorithms.ppo.gamma": 0.9, "params.war_cost": 0.3}),
        row("intense", 0, 0.0, changes={"game.action_mode": "discrete", "worlds.intense.greed": [0, 1]}),
        row("doubly_safe", 0, 0.0, agent_steps=5_000),
        row("doubly_safe", 0, 0.0, agent_steps=7_000),
        row("doubly_safe", 1, 0.0, agent_steps=7_000, control="signals_off"),
        row("mine", 0, 0.0),
        row("mine", 0, 0.0, config_hash="0123456789"),
    ]
    cells = gather(frame(rows))
    assert [(cell.world, cell.contestant) for cell in cells] == [
        ("intense", "ppo"),
        ("intense", "ppo (independent)"),
        ("doubly_safe", "ppo (5,000 agent-steps)"),
        ("doubly_safe", "ppo (7,000 agent-steps)"),
        ("doubly_safe", "ppo (7,000 agent-steps)"),
        ("intense (war_cost=0.3)", "ppo (gamma=0.9)"),
        ("intense (greed=[0, 1])", "ppo (action_mode=discrete)"),
        ("mine", f"ppo (#{rows[7]['config_hash'][:6]})"),
        ("mine", "ppo (#012345)"),
    ]
    assert worlds_of(cells)[:2] == ["intense", "doubly_safe"]


def test_of_one_run_the_last_row_counts() -> None:
    cells = gather(frame([row("intense", 0, 0.0), row("intense", 1, 0.0), row("intense", 0, 0.9)]))
    assert [r["tragic_war_rate"] for r in cells[0].rows] == [0.9, 0.0]


def test_how_a_seed_ends_is_told_by_what_was_possible() -> None:
    low = row("intense", 0, 0.4)
    assert pytest.approx(1 - 0.85**19) == CEILING
    assert gather(frame([low]))[0].endings == (Ending.BETWEEN,)
    assert gather(frame([low]), {str(low["key"]): 0.45})[0].endings == (Ending.WAR,)


def test_contestants_stand_in_the_order_of_their_payoffs() -> None:
    assert contestants_of(uncontrolled(gather(frame(some_rows())))) == ["a2c", "ppo"]
