"""A report as a page: pictures become charts where there are any, and other pictures are within."""

from __future__ import annotations

import base64
from pathlib import Path

import altair as alt
import pytest

from security_dilemma_training.pages.marks import RunLine, layered, replay_command, row_of, tooltips
from security_dilemma_training.pages.report_page import Panels, report_page
from security_dilemma_training.verdict import Ending
from tests.training.html_pages import Reader, chart_in, data_of

POINT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
RUN = RunLine("here/<1>", "Here, seed <1>", {"ends": "at war", "arms": "2.5"}, "security-dilemma replay runs/here/1")


def panels() -> Panels:
    rows = [row_of(RUN, x=[1, 2], y=[3, 4])]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_line().encode(tooltip=tooltips([RUN]))
    return Panels([layered(chart, height=50), layered(chart, height=60)], "what is <shown>", "learner", ["a", "<b>"])


def test_a_picture_becomes_its_charts_and_another_is_within(tmp_path: Path) -> None:
    (tmp_path / "other.png").write_bytes(POINT)
    text = "# Title\n\n![here](here.png)\n\n*Caption.*\n\n![other](other.png)\n\nWords ![here](other.png).\n"
    source, page = report_page(text, "Title", tmp_path, {"here": panels()}, [RUN]), Reader()
    page.feed(source)
    assert not page.open
    assert page.charts == ["here-0", "here-1"]
    assert page.pictures == [f"data:image/png;base64,{base64.b64encode(POINT).decode()}"] * 2
    assert page.counts["select"] == 2
    assert page.counts["option"] == 4
    assert source.index("<h1>Title") < source.index('data-chart="here-0"') < source.index("<em>Caption.")
    assert source.count("thinned to 200 points") == 1
    assert "<p><" not in source.replace("<p><em>", "").replace("<p><img", "").replace("<noscript><p>", "")
    spec = chart_in(source, "here-1")
    assert spec["height"] == 60
    assert [param["name"] for param in spec["params"]] == ["lit"]
    (row,) = data_of(spec, "run")
    assert row["name"] == "Here, seed <1>"
    assert row["replay"] == RUN.replay
    assert '"here/\\u003c1>":{"told":"ends at war, arms 2.5"' in source


def test_a_page_without_charts_of_runs_offers_no_run(tmp_path: Path) -> None:
    page = Reader()
    page.feed(report_page("Words.", "Title", tmp_path))
    assert "select" not in page.counts
    assert "form" not in page.counts


def test_no_file_from_elsewhere_gets_into_the_page(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("secret")
    (tmp_path / "report").mkdir()
    for elsewhere in ("../secret.png", str(tmp_path / "secret.png")):
        with pytest.raises(ValueError, match="no picture beside the report"):
            report_page(f"![x]({elsewhere})", "Title", tmp_path / "report")


def test_a_run_is_replayed_by_its_folder_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out" / "my world" / "seed_1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    run = Path("out/my world/seed_1")
    plain = "security-dilemma replay 'out/my world/seed_1'"
    assert replay_command(run, Path("out"), Ending.PEACE) == plain
    assert replay_command(tmp_path / run, tmp_path / "out", Ending.BETWEEN) == plain
    assert replay_command(run, Path("out"), Ending.WAR) == f"{plain} --find war"
    assert replay_command(Path("out/nowhere"), Path("out"), Ending.WAR) == ""
