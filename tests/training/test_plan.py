"""Plans of benchmarks: several values on the command line, selections, axes, cells, and every fault by its key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_dilemma_training.benchmark.controls import CONTROLS
from security_dilemma_training.benchmark.plan_config import BenchmarkConfig, MeasuresConfig, load_benchmark
from security_dilemma_training.benchmark.plan_rows import wanted_rows
from security_dilemma_training.benchmark.plan_values import several, split, values_of
from security_dilemma_training.benchmark.results import COLUMNS
from security_dilemma_training.config import RunConfig, config_hash, parse
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.learner_sections import ALGORITHM_NAMES

CONFIGS = Path(__file__).parents[2] / "configs"
NOTHING = {"exploitability": None, "beliefs": None}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3", [3]),
        ("[64,64]", [[64, 64]]),
        ("ppo,dqn", ["ppo", "dqn"]),
        ("[1,2], [3]", [[1, 2], [3]]),
        ("{a: 1, b: 2},{a: 3}", [{"a": 1, "b": 2}, {"a": 3}]),
        ('"a,b",c', ["a,b", "c"]),
        ("it's,b", ["it's", "b"]),
        ("0..3", [0, 1, 2, 3]),
        ("-1..1", [-1, 0, 1]),
        ("6..0..-3", [6, 3, 0]),
        ("0.1..0.5..0.2", [0.1, 0.3, 0.5]),
        ("0.1..0.3..0.1", [0.1, 0.2, 0.3]),
        ("0..1..0.4", [0.0, 0.4, 0.8]),
        ("1e-4..3e-4..1e-4", [1e-4, 2e-4, 3e-4]),
        ("0..2,10", [0, 1, 2, 10]),
        ("3,", [3]),
        ("null,0.5", [None, 0.5]),
    ],
)
def test_what_several_values_mean(text: str, values: list[Any]) -> None:
    assert values_of(text) == values
    assert [type(value) for value in values_of(text)] == [type(value) for value in values]
    assert several(text) == (text not in ("3", "[64,64]"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0.1..0.5", "needs a step, as in 0.1..0.5..0.1"),
        ("0..5..-1", "never comes from 0 to 5"),
        ("0..5..0", "never comes from 0 to 5"),
        ("a,,b", "has an empty value between commas"),
        ("0..99999", "has more than 10,000 values"),
        ("0..1e300..1", "has more than 10,000 values"),
        ("[1,2", "is not YAML"),
    ],
)
def test_what_cannot_be_meant(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        values_of(text)


@given(st.lists(st.integers(-1000, 1000) | st.floats(-1e6, 1e6), min_size=2), st.integers(0, 50), st.integers(1, 7))
def test_lists_and_ranges_of_numbers(numbers: list[float], low: int, step: int) -> None:
    assert values_of(",".join(map(repr, numbers))) == numbers
    assert values_of(f"{low}..{low + 20}..{step}") == list(range(low, low + 21, step))


@given(st.text(alphabet="ab[]{}'\",. "))
def test_the_parts_of_a_text_are_the_text(text: str) -> None:
    assert ",".join(split(text)) == text


def labels(*overrides: str) -> list[str]:
    return [cell.label for cell in load_benchmark(None, overrides).cells()]


def test_every_combination_is_a_cell() -> None:
    assert len(load_benchmark(None).cells()) == len(ALGORITHM_NAMES) * 4
    asked = load_benchmark(None, ["algorithms=ppo,dqn", "worlds=intense", "controls=none,signals_off"])
    assert [(cell.label, cell.config.game.action_mode, cell.config.game.signals) for cell in asked.cells()] == [
        ("ppo-intense", "multidiscrete", True),
        ("ppo-intense-signals_off", "multidiscrete", False),
        ("dqn-intense", "discrete", True),
        ("dqn-intense-signals_off", "discrete", False),
    ]
    seeds = load_benchmark(None, ["seeds=0..3,7"])
    assert seeds.seeds == (0, 1, 2, 3, 7)
    assert len(wanted_rows(seeds, NOTHING, [])) == 5 * len(seeds.cells())


def test_a_cell_is_the_same_run_as_one_by_itself() -> None:
    (cell,) = load_benchmark(None, ["algorithms=a2c", "worlds=not_intense"]).cells()
    alone = parse({"world": "not_intense", "learner": {"algorithm": "a2c"}}, RunConfig)
    assert cell.config_hash == config_hash(alone.resolved())
    assert cell.folder == f"a2c-not_intense-{cell.config_hash[:12]}"


def test_axes_are_columns() -> None:
    asked = load_benchmark(
        None, ["algorithms=ppo,dqn", "worlds=intense", "params.war_cost=0.1,0.3", "algorithms.ppo.n_steps=16,32"]
    )
    cells = [(cell.algorithm, dict(cell.changes)) for cell in asked.cells()]
    ppo = [{"params.war_cost": cost, "algorithms.ppo.n_steps": n} for n in (16, 32) for cost in (0.1, 0.3)]
    assert [changes for name, changes in cells if name == "ppo"] == ppo
    assert [changes for name, changes in cells if name == "dqn"] == [{"params.war_cost": cost} for cost in (0.1, 0.3)]
    assert {cell.config.resolved()["params"]["war_cost"] for cell in asked.cells()} == {0.1, 0.3}
    assert len({cell.config_hash for cell in asked.cells()}) == 6
    assert (
        wanted_rows(asked, NOTHING, [])[0].names["changes"] == '{"algorithms.ppo.n_steps": 16, "params.war_cost": 0.1}'
    )


def test_one_value_is_no_axis_but_with_a_comma() -> None:
    assert load_benchmark(None, ["params.war_cost=0.1"]).params == {"war_cost": 0.1}
    assert load_benchmark(None, ["params.war_cost=0.1,"]).axes == {"params.war_cost": (0.1,)}
    both = load_benchmark(None, ["params.war_cost=0.1,0.2", "params.war_cost=0.3"])
    assert (both.axes, both.params) == ({}, {"war_cost": 0.3})


FILE = """
algorithms:
  plain: {algorithm: ppo, n_steps: 16}
  dqn:
worlds: {steep: {balance: 1.5}, intense: }
schemes: [self_play, {scheme: population, strategies: [dove]}]
axes: {algorithms.plain.clip_range: [0.1, 0.3]}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("trial.yaml").write_text(FILE)
    return Path("trial.yaml")


def test_names_on_the_command_line_choose_from_the_file(path: Path) -> None:
    asked = load_benchmark(path)
    assert (asked.label, asked.folder, len(asked.cells())) == ("trial", Path("runs/trial"), 2 * 2 * (2 + 1))
    one = load_benchmark(path, ["algorithms=plain", "worlds=steep", "schemes=population"])
    assert [(cell.label, cell.config.learner.algorithm) for cell in one.cells()] == [
        ("plain-steep-population", "ppo")
    ] * 2
    assert one.algorithms["plain"]["n_steps"] == 16
    assert one.cells()[0].config.partners.model_dump()["strategies"] == ("dove",)
    # the axis of an algorithm that is not chosen goes with it, and others may join
    other = load_benchmark(path, ["algorithms=dqn,a2c", "worlds=steep,doubly_safe", "schemes=self_play"])
    assert [cell.label for cell in other.cells()] == [
        f"{a}-{w}" for a in ("dqn", "a2c") for w in ("steep", "doubly_safe")
    ]


def test_options_of_entries_that_a_list_names(path: Path) -> None:
    path.write_text("algorithms: [ppo, dqn]")
    asked = load_benchmark(path, ["algorithms.ppo.n_steps=64", "worlds=intense"])
    assert asked.algorithms == {"ppo": {"n_steps": 64}, "dqn": {}}


def faults(*overrides: str, path: Path | None = None) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load_benchmark(path, ["algorithms=ppo", "worlds=intense", *overrides])
    return {fault.key: fault.problem for fault in caught.value.faults}


def test_faults_name_the_entry_the_value_and_the_range() -> None:
    assert faults("algorithms=ppo,dqq") == {"algorithms.dqq": "= 'dqq' is unknown: did you mean 'dqn'?"}
    assert "did you mean 'intense'?" in faults("worlds=intens")["worlds.intens"]
    assert "did you mean 'population'?" in faults("schemes=popultion")["schemes.popultion"]
    assert "did you mean 'signals_off'?" in faults("controls=none,signal_off")["controls"]
    assert "more than once" in faults("seeds=0..3,2")["seeds"]
    assert "more than once" in faults("controls=none,none")["controls"]
    assert "more than once" in faults("worlds=intense,intense")["worlds"]
    assert "[0, 4294967295]" in faults("seeds=-1..1")["seeds[0]"]
    assert "(0, 0.5)" in faults("params.war_cost=0.1,0.9")["params.war_cost"]
    wrong = faults("algorithms=ppo,dqn", "algorithms.ppo.clip_range=-1")
    told = "= -1 must be a number in (0, ∞) (ppo in intense)"
    assert wrong == {"algorithms.ppo.clip_range": told}
    assert "(dqn in intense)" in faults("algorithms=ppo,dqn", "learner.n_steps=16")["learner.n_steps"]
    assert faults("algorithms=dqn", "game.action_mode=continuous").keys() == {"game.action_mode"}
    assert "must be key=value" in faults("oops")[""]
    assert "never comes" in faults("seeds=0..3..-1")["seeds"]
    assert "single line" in faults("name=a\nb")["name"]


def test_what_cannot_be_varied() -> None:
    assert "cannot be varied" in faults("evaluation.games=10,20")["evaluation.games"]
    assert "cannot be varied" in faults("output.folder=a,b")["output.folder"]
    told = faults("algorithms=ppo", "algorithms.dqn.batch_size=8,16")["algorithms.dqn.batch_size"]
    assert "algorithms has no 'dqn'" in told
    assert "more than once" in faults("params.war_cost=0.1,0.1")["params.war_cost"]


def test_a_product_that_is_too_large_is_refused_before_it_is_made() -> None:
    few = ("algorithms=ppo,dqn", "worlds=intense")
    told = faults(*few, "seeds=0..4", "params.war_cost=0.1..0.4..0.001", "params.trust=0..1..0.01")
    assert told["all combinations"] == (
        "come to 304,010 runs (2 of algorithms, 5 of seeds, 101 of params.trust, 301 of params.war_cost), more than "
        "10,000: take fewer values, or several benchmarks"
    )
    one = "algorithms.ppo.n_steps=16..2014..2"  # 1,000 values of one algorithm, none of the other
    assert "10,010 runs" in faults(*few, one, "seeds=0..9")["all combinations"]


def test_the_keys_of_rows_follow_what_determines_them() -> None:
    def keys(*overrides: str, measures: dict[str, Any] = NOTHING) -> list[str]:
        chosen = ["algorithms=ppo", "worlds=intense", "seeds=0,1", *overrides]
        return [row.key for row in wanted_rows(load_benchmark(None, chosen), measures, [])]

    plain = keys()
    assert plain == keys("name=other", "learner.torch_threads=2", "schedule.checkpoint_every=7")
    for different in ("evaluation.games=100", "params.war_cost=0.3", "schedule.agent_steps=9", "learner.n_steps=64"):
        assert not set(plain) & set(keys(different))
    assert plain == keys("params.war_cost=0.25")  # its default
    assert not set(plain) & set(keys(measures={**NOTHING, "exploitability": MeasuresConfig()}))  # any options


def test_the_command_of_a_row_asks_for_that_row_alone(path: Path) -> None:
    source = [str(path), "evaluation.games=50", "seeds=0..2", "params.war_cost=0.1,0.2", "output.tensorboard=false"]
    rows = wanted_rows(load_benchmark(path, source[1:]), NOTHING, source)
    assert len(rows) == 3 * 2 * 2 * 2 * (2 + 1)
    for row in rows[:: len(rows) // 7]:
        program, command, file, *overrides = row.names["command"].split()
        assert (program, command, file) == ("security-dilemma", "benchmark", str(path))
        overrides = shlex.split(" ".join(overrides))
        (again,) = wanted_rows(load_benchmark(path, overrides), NOTHING, [])
        assert again.identity == row.identity


def test_tuned_values_fill_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from security_dilemma_training import config

    monkeypatch.setattr(
        config, "tuned_values", lambda name, family: {"learning_rate": {"offence": 0.5, "defence": 0.25}[family]}
    )
    chosen = ["algorithms=a2c", "worlds=intense,doubly_dangerous"]
    rates = {
        c.world: c.config.learner.learning_rate for c in load_benchmark(None, [*chosen, "learner.tuned=true"]).cells()
    }
    assert rates == {"intense": 0.25, "doubly_dangerous": 0.5}
    given = load_benchmark(None, [*chosen, "learner.tuned=true", "algorithms.a2c.learning_rate=0.1"])
    assert {cell.config.learner.learning_rate for cell in given.cells()} == {0.1}


def test_configs_in_the_repository() -> None:
    whole = load_benchmark(CONFIGS / "benchmark.yaml")
    assert {cell.config.learner.algorithm for cell in whole.cells()} == set(ALGORITHM_NAMES)
    assert len(whole.worlds) == 4
    assert len(whole.seeds) >= 5
    assert all(cell.config.learner.tuned for cell in whole.cells())
    assert isinstance(load_benchmark(CONFIGS / "benchmark_quick.yaml"), BenchmarkConfig)


DOCS = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")


def test_the_docs_tell_of_every_key_column_and_control() -> None:
    for name in {*COLUMNS, *CONTROLS, *BenchmarkConfig.model_fields} - {"name"}:
        assert f"`{name}`" in DOCS, name


def test_the_commands_of_the_docs_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS.parent)
    lines = [
        line.split("#")[0].split(" --")[0] for line in DOCS.splitlines() if line.startswith("security-dilemma bench")
    ]
    assert len(lines) >= 6
    for line in lines:
        _, _, path, *overrides = shlex.split(line)
        assert load_benchmark(Path(path), overrides).cells()
