"""The report of a benchmark answers: which learner, in which world, ends in war, how sure, and how to repeat it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.benchmark import report
from security_dilemma_training.benchmark.effects import effects, effects_lines
from security_dilemma_training.benchmark.report import write_benchmark_report
from security_dilemma_training.benchmark.results import frame
from security_dilemma_training.benchmark.tables import (
    gather,
)
from security_dilemma_training.benchmark.terminal import print_leaderboard
from security_dilemma_training.statistics import wilson_interval
from tests.training.benchmark_rows import WARS, row, some_rows
from tests.training.html_pages import Reader
from tests.training.no_figures import point

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
CONTROLLED = ("none", "intent_revealed")
COMMAND = "security-dilemma benchmark configs/benchmark.yaml"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "save", point)


PROGRESS = "agent_steps,games/wars_per_game,games/discounted_return\n1000,0.5,0.7\n2000,,0.8\n3000,0.9,0.6\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    folder, rows = tmp_path_factory.mktemp("benchmark"), some_rows()
    progress = folder / "progress.csv"
    progress.write_text(
        "agent_steps,games/wars_per_game,games/discounted_return\n1000,0.5,0.7\n2000,,0.8\n3000,0.9,0.6\n"
    )
    curves = {str(r["key"]): progress for r in rows[:3]} | {str(rows[3]["key"]): folder / "nowhere.csv"}
    failed = {"sac, intense, seed 3": "Loss | is <nan>\nat step 5"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "save", point)
        path = write_benchmark_report(frame(rows), folder / "out", curves=curves, command=COMMAND, failed=failed)
    assert path == folder / "out" / "report.md"
    return folder / "out", rows


def text_of(written: tuple[Path, Rows]) -> str:
    return (written[0] / "report.md").read_text(encoding="utf-8")


def test_the_first_screen_says_who_ends_in_war_where_and_how_surely(written: tuple[Path, Rows]) -> None:
    first = text_of(written).split("## ")[0]
    assert "- **Doubly dangerous** ends in war with ppo 5/5; splits over seeds with a2c 2/5." in first
    assert "- **Intense** stays at peace with a2c 0/5, ppo 0/5." in first
    sure = wilson_interval(5, 5)
    assert f"| ppo | 5/5 [{sure.low:.2f}, 1.00] | 0/5 [0.00, 0.43] |" in first
    assert "Incomplete: 1 of the runs" in first
    assert "**Add yours:**" in first
    assert COMMAND in first
    assert "![seeds](seeds.png)" in first


def test_every_seed_and_its_command_are_there(written: tuple[Path, Rows]) -> None:
    text = text_of(written)
    for one in written[1]:
        assert f"\n{one['command']}\n" in text
        ended = "at war" if one["tragic_war_rate"] > 0.7 else "at peace"
        control = "–" if one["control"] == "none" else "intent revealed"
        world = str(one["world"]).capitalize().replace("_", " ")
        cells = f"| {world} | {one['algorithm']} | {control} | {one['seed']} | {ended} | {one['payoff']:.3f} |"
        assert text.count(cells) == 1
    assert "Add `--out` with a new folder" in text
    assert "nan" not in text.replace("<nan", "")


@pytest.mark.usefixtures("quick")
def test_leaderboards_show_what_was_measured_and_cost(written: tuple[Path, Rows]) -> None:
    text = text_of(written)
    assert "gain against it" not in text.split("## How to read it")[0]
    assert text.index("### Doubly dangerous") < text.index("### Intense") < text.index("### All worlds")
    assert "25 runs took 26 min of CPU time" in text  # 5 times 60 + 61 + 62 + 63 + 64 s
    assert f"| 62 s (60 s to 64 s) | {1_000_000 / 62:,.0f} |" in text
    known = some_rows()
    known[0]["exploitability_greedy"] = 0.07
    write_benchmark_report(frame(known), written[0].parent / "more", curves={}, command=COMMAND)
    more = (written[0].parent / "more" / "report.md").read_text(encoding="utf-8")
    assert "gain against it, greedy | \n" not in more
    assert "0.070" in more
    assert "learning" not in more.lower().split("## how to read")[0].replace("learning_", "")


def test_the_page_shows_every_figure_as_charts(written: tuple[Path, Rows]) -> None:
    page, source = Reader(), (written[0] / "report.html").read_text(encoding="utf-8")
    page.feed(source)
    assert not page.open
    assert not page.pictures
    shown = dict.fromkeys(name.rpartition("-")[0] for name in page.charts)
    names = ["seeds", "payoffs", "improvement", "profiles", "controls", "learning_wars", "learning_returns"]
    assert list(shown) == names
    assert text_of(written).count("](") == len(names)
    tables = sum(line.startswith("| ---") for line in text_of(written).splitlines())
    assert page.counts["table"] == tables
    options = ["none", *written[1], "learner under controls", *["learner with curves"] * 2]
    assert page.counts["option"] == len(options)


@pytest.mark.usefixtures("quick")
def test_text_from_elsewhere_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    hostile = "x|y </script><script>alert(1)</script> [a](javascript:b) ![c](http://d) `e` *f*"
    rows = [row(hostile, 0, 0.9, algorithm=hostile, command="echo ```<b>\n```")]
    write_benchmark_report(frame(rows), tmp_path, curves={}, command=hostile, failed={hostile: hostile})
    page, source = Reader(), (tmp_path / "report.html").read_text(encoding="utf-8")
    page.feed(source)
    assert not page.open
    assert not {"a", "b", "img"} & page.counts.keys()
    assert "<script>alert" not in source
    assert source.count("&lt;script&gt;") >= 5
    assert "echo ```&lt;b&gt;" in source


@pytest.mark.usefixtures("quick")
def test_files_are_the_same_each_time(written: tuple[Path, Rows], tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_benchmark_report(frame(written[1][:10]), tmp_path / name, curves={}, command=COMMAND)
    first, second = ((tmp_path / name / "report.html").read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.usefixtures("quick")
def test_few_seeds_are_said_at_the_top(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        row("intense", seed, 0.9, algorithm=a, payoff=p + seed) for a, p in (("ppo", 0), ("a2c", 9)) for seed in (0, 1)
    ]
    write_benchmark_report(frame(rows), tmp_path, curves={}, command=COMMAND)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "**Few seeds.** 2 seeds tell little" in text
    assert "with 2 seeds even the clearest difference within one world has p = 0.33." in text
    print_leaderboard(frame(rows))
    assert "2 seeds tell little" in capsys.readouterr().out
    enough = [row("intense", seed, 0.9, algorithm=a) for a in ("ppo", "a2c") for seed in range(6)]
    write_benchmark_report(frame(enough), tmp_path, curves={}, command=COMMAND)
    assert "Few seeds" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_single_run_makes_a_report_with_its_figures(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text(PROGRESS)
    one = row("intense", 3, 0.5)
    path = write_benchmark_report(
        frame([one]), tmp_path, curves={str(one["key"]): tmp_path / "progress.csv"}, command=COMMAND
    )
    text = path.read_text(encoding="utf-8")
    assert "| in between |" in text
    assert "One seed says nothing" in text
    for name in ("seeds", "payoffs", "learning_wars", "learning_returns"):
        assert f"]({name}.png)" in text
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
        assert (tmp_path / f"{name}.svg").exists()
    assert "improvement" not in {file.stem for file in tmp_path.iterdir()}


def test_controls_alone_make_a_report_without_leaderboards(tmp_path: Path) -> None:
    rows = [row("intense", 3, 0.5, control="signals_off")]
    text = write_benchmark_report(frame(rows), tmp_path, curves={}, command=COMMAND).read_text(encoding="utf-8")
    assert "| Intense | ppo | signals off | 3 | in between |" in text
    assert "Every run here is under a causal control" in text
    assert "Leaderboards" not in text
    assert not list(tmp_path.glob("*.png"))


def test_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no results"):
        write_benchmark_report(frame([]), tmp_path, curves={}, command=COMMAND)


def test_the_terminal_shows_the_leaderboard_in_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_leaderboard(frame(some_rows()))
    shown = capsys.readouterr().out
    assert shown.index("Doubly dangerous") < shown.index("Intense")
    assert "5/5 [0.57, 1.00]" in shown
    assert "…" not in shown
    assert "intent" not in shown


def test_all_comparisons_are_in_a_table(written: tuple[Path, Rows]) -> None:
    with (written[0] / "comparisons.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [one["where"] for one in found] == ["all worlds", "doubly_dangerous", "intense"]
    assert (found[2]["first"], found[2]["second"]) == ("a2c", "ppo")
    wins = [(a < p) + (a == p) / 2 for a in WARS["a2c", "intense"] for p in WARS["ppo", "intense"]]
    assert float(found[2]["improvement"]) == pytest.approx(sum(wins) / 25)


def test_the_effect_of_a_control_is_of_pairs_of_seeds(written: tuple[Path, Rows]) -> None:
    rows = [*some_rows(), row("intense", 0, 0.0, control="signals_off", algorithm="dqn")]
    (effect,) = effects(gather(frame(rows)))
    without, under = 0.912, 0.196
    assert effect.share.share.estimate == pytest.approx(1 - under / without)
    assert effect.share.seeds == 5
    assert effect.p == effect.adjusted == pytest.approx(2 / 2**4)  # seed 0 does not differ: four signs to flip
    text = text_of(written)
    assert "| Doubly dangerous | ppo | intent revealed | 5 | 5/5 | 1/5 |" in text
    assert "uncertainty about intent" in text
    assert "With 5 pairs of seeds p is never below 0.062, and adjusted p never below\n0.062: a large p is no" in text


def test_what_a_control_does_can_be_significant_with_enough_pairs() -> None:
    cells = gather(frame([row("intense", s, 0.9 * (c == "none"), control=c) for s in range(6) for c in CONTROLLED]))
    found = effects(cells)
    assert found[0].adjusted == pytest.approx(2 / 2**6)
    assert "never below" not in "\n".join(effects_lines(found))
    assert "never below\n0.062:" in "\n".join(effects_lines([*found, *found]))


@pytest.mark.usefixtures("quick")
def test_where_all_is_peace_no_share_of_wars_is_given(tmp_path: Path) -> None:
    rows = [row("intense", s, 0.01, control=c) for s in range(5) for c in CONTROLLED]
    text = write_benchmark_report(frame(rows), tmp_path, curves={}, command=COMMAND).read_text(encoding="utf-8")
    assert "| intent revealed | 5 | 0/5 | 0/5 | 0.00 [0.00, 0.00] | – | 1 | 1 |" in text
