"""Parts of the report that are there only where exploitability or beliefs were measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma_training import appendices, appendix_figures, figures
from security_dilemma_training.beliefs.scores import Held, scores
from security_dilemma_training.provenance import maker
from security_dilemma_training.report import write_report
from security_dilemma_training.responses.best_response import ResponseOptions
from security_dilemma_training.summary import closeness_table, print_tables, summarise
from tests.training.experiments import evaluated, run_of
from tests.training.no_figures import point
from tests.training.players import Coin

Results = list[dict[str, Any]]
GAINS = {"doubly_dangerous": (0.11, 0.12, 0.0), "doubly_safe": (0.001,)}


def found(greedy: float | None) -> Mapping[str, Any]:
    """Exploitability of a policy to which greedy states gain so much."""
    gains = {"security_seeker": 0.002, "greedy": greedy}
    by_intent = {i: None if x is None else {"gain": x, "low": x - 0.006, "high": x + 0.006} for i, x in gains.items()}
    about = {"options": ResponseOptions().model_dump(mode="json"), "measured_by": maker()}
    return about | {"by_intent": by_intent}


def held_beliefs(seeker: float, greedy: float, steps: int) -> Mapping[str, Any]:
    """Scores of beliefs that move from the prior to these, by the other's intent."""
    rows = [
        Held(*(np.array([x]) for x in (0.2 + (end - 0.2) * step / steps, truth, 1 - step / 99, 0.2, False, step)))
        for step in range(steps)
        for truth, end in ((0.0, seeker), (1.0, greedy))
    ]
    parts = (np.concatenate([np.asarray(getattr(row, name)) for row in rows]) for name in Held._fields)
    return {"kind": "probe"} | scores(Held(*parts))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        return [
            dict(evaluated(patch, run_of(folder, world, seed), Coin(0.0)))
            | {"exploitability": found(gain), "beliefs": held_beliefs(0.1, 0.6, 20 + 5 * seed)}
            for world, gains in GAINS.items()
            for seed, gain in enumerate(gains)
        ]


def plain(results: Results) -> Results:
    """The same results as if neither had been asked for."""
    return [{k: v for k, v in result.items() if k not in ("exploitability", "beliefs")} for result in results]


@pytest.mark.slow
def test_the_report_has_both_parts(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = figures.save
    own = ("exploitability", "beliefs")  # the other figures are drawn elsewhere
    monkeypatch.setattr(figures, "save", lambda figure, path: (draw if path.name in own else point)(figure, path))
    text = write_report(results, tmp_path).read_text(encoding="utf-8")
    part = text[text.index("## How close to an equilibrium") : text.index("## Beliefs about intents")]
    assert "3 starts of 200,000 steps" in part
    assert "**lower bound**" in part
    assert (
        "| Doubly dangerous | 0 | at peace | 0.000 | 0.002 [-0.004, 0.008] | 0.110 [0.104, 0.116] | exploitable |"
        in part
    )
    assert "| Doubly safe | 0 | at peace | 0.000 | 0.002 [-0.004, 0.008] | 0.001 [-0.005, 0.007] | close |" in part
    assert "| close | exploitable | undecided |" in part
    assert "| 1 | 2 | 0 |" in part
    beliefs = text[text.index("## Beliefs about intents") : text.index("## What was run")]
    assert "a recurrent probe" in beliefs
    assert "exact" not in beliefs
    assert "a posterior has no bias" in " ".join(beliefs.split())
    assert beliefs.count("| Doubly") == 2
    assert "Of 3 seeds, 1 close to an equilibrium as far as these responses tell, 2 not." in text.splitlines()[2]
    assert "nan" not in text
    for name in own:
        assert f"({name}.png)" in text
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_without_measurements_nothing_is_added(results: Results) -> None:
    worlds = summarise(plain(results))
    assert not appendices.pictures(worlds, {})
    assert not list(appendices.exploitability_section(worlds))
    assert not list(appendices.beliefs_section(worlds))
    assert "equilibrium" not in worlds[0].verdict.words


def test_seeds_and_intents_that_were_not_measured_are_left_out(results: Results) -> None:
    some = [results[0] | {"exploitability": found(None)}, *plain(results[1:3]), results[3]]
    part = "\n".join(appendices.exploitability_section(summarise(some)))
    assert part.count("| Doubly dangerous |") == 2  # of the world and of one seed
    assert "| 0.002 [-0.004, 0.008] | – | close |" in part


def test_searches_of_another_version_are_told(results: Results) -> None:
    part = "\n".join(appendices.exploitability_section(summarise(results)))
    assert "another version" not in part
    old = results[0] | {"exploitability": dict(results[0]["exploitability"]) | {"measured_by": "version 0.0.1"}}
    part = " ".join(appendices.exploitability_section(summarise([old, *results[1:]])))
    assert "1 of 4 searches were kept from another version than the evaluation's: version 0.0.1." in part


def test_every_seed_is_drawn(results: Results) -> None:
    worlds = summarise(results)
    gains, rates = appendix_figures.exploitability(worlds).axes
    heights = [float(y) for group in gains.collections for y in np.asarray(group.get_offsets())[:, 1]]
    for gain in (0.11, 0.12, 0.0, 0.001, 0.002):
        assert any(abs(gain - height) < 1e-9 for height in heights), gain
    assert sum(len(np.asarray(group.get_offsets())) for group in rates.collections) == 4
    panels = appendix_figures.beliefs_over_steps(worlds).axes
    lengths = [len(np.asarray(line.get_ydata())) for line in panels[0].lines]
    assert sorted(lengths) == [2, *[20] * 4, *[25] * 2, *[30] * 2]  # prior; seeds and means
    ends = {round(float(np.asarray(line.get_ydata())[0]), 6) for line in panels[0].lines}
    assert ends == {0.2}


def test_the_terminal_shows_what_was_measured(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    print_tables(results)
    text = capsys.readouterr().out
    assert text.count("dangerous") == 2
    (row,) = (line.split() for line in text.splitlines() if "1/3" in line)
    assert "0.093" in row  # the interquartile mean of 0, 0.11 and 0.12: 2 (0.11 / 3 + 0.12 / 12)
    assert max(map(len, text.splitlines())) <= 80
    print_tables(plain(results))
    assert "equilibrium" not in capsys.readouterr().out
    assert closeness_table(plain(results)) is None
    some = closeness_table([*plain(results[:1]), *results[1:]])
    assert some is not None
    assert some.row_count == 2
