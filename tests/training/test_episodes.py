"""Datasets of evaluated episodes: what stands in a row, and that both formats hold the same."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.actions import ActionMode
from security_dilemma.perception import observation_table
from security_dilemma_training import episodes
from security_dilemma_training.episode_files import Episodes, export, read_episodes
from security_dilemma_training.episodes import COLUMNS, FORMAT, Columns, table
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import evaluate_run, evaluation_games
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.learners import build_games, load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.trajectories import POLICY_STREAM
from tests.training.runs_for_tests import new_run, small_config
from tests.training.untrained import untrained

DOC = Path(__file__).parents[2] / "docs" / "dataset.md"
BUSY = {"crisis_rate": 0.5, "discount": 0.9}
KINDS: dict[str, dict[str, Any]] = {
    "two": {"params": BUSY},
    "three_discrete": {"params": BUSY, "game": {"n_states": 3, "action_mode": "discrete"}},
    "continuous": {"params": BUSY, "game": {"action_mode": "continuous"}},
    "three_revealed": {"params": BUSY, "game": {"n_states": 3, "reveal_intents": True}},
    "silenced": {"params": BUSY, "game": {"signals": False}},
    "stages": {"world": None, "stage_game": "kydd_reassurance"},
}
GAMES = 40
SMALL = {"slots": 48, "n_steps": 8, "batch_size": 96, "hidden_sizes": [8]}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, Episodes]]:
    """A run of each kind and its episodes, more than a block of them."""
    folder = tmp_path_factory.mktemp("episodes")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(episodes, "BLOCK", 24)
        for kind, changes in KINDS.items():
            run = untrained(folder / kind, seed=3, **{"learner": SMALL, "evaluation": {"games": GAMES}} | changes)
            assert export([run], folder / f"{kind}.npz", seed=5) >= 3 * GAMES
            found[kind] = run, read_episodes(folder / f"{kind}.npz")
    return found


def mode_of(run: Run) -> ActionMode:
    mode: ActionMode = run.config.game.action_mode
    return mode


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_those_of_the_table(exported: dict[str, tuple[Run, Episodes]], kind: str) -> None:
    run, (columns, metadata) = exported[kind]
    game = run.config.game
    sizes = {
        "": (),
        "obs_dim": (len(metadata["observation"]),),
        "n_components": (len(metadata["action"]),),
        "mask_size": (build_games(run.config, 1).action_mask().shape[-1],),
    }
    assert list(columns) == [column.name for column in COLUMNS]
    rows = len(columns["run"])
    for column in COLUMNS:
        wide = column.name == "action" and game.action_mode == "continuous"
        assert columns[column.name].dtype == ("float32" if wide else column.dtype), column.name
        assert columns[column.name].shape == (rows, *sizes[column.shape]), column.name
    entries = observation_table(
        run.config.resolved_params(), game.n_states, game.stages, reveal_intents=game.reveal_intents
    )
    assert list(metadata["observation"]) == [entry.name for entry in entries]


@pytest.mark.parametrize("kind", KINDS)
def test_actions_played_again_give_the_same_rewards(exported: dict[str, tuple[Run, Episodes]], kind: str) -> None:
    """Ended games go on with the run's policy, as they did: what they draw is drawn from the same generator."""
    run, (columns, metadata) = exported[kind]
    policy, n = load_policy(run), run.config.game.n_states
    for part, asked in zip(metadata["parts"], evaluation_games(n, GAMES, stream(metadata)).values(), strict=True):
        rows = (columns["episode"] >= part["first_episode"]) & (
            columns["episode"] < part["first_episode"] + part["episodes"]
        )
        mine = {name: values[rows] for name, values in columns.items()}
        games = build_games(run.config, part["episodes"], part["seed"])
        observations, rng = games.reset(part["seed"], intents=asked.intents), np.random.default_rng([part["seed"], 1])
        assert POLICY_STREAM == 1
        for step in range(int(mine["step"].max()) + 1):
            now = mine["step"] == step
            where = (mine["episode"][now] - part["first_episode"], mine["state"][now])
            assert_array_equal(observations[where], mine["observation"][now])
            mask = games.action_mask()
            assert_array_equal(mask[where], mine["action_mask"][now])
            actions = np.array(policy.act(observations, mask, rng))
            actions[where] = mine["action"][now]
            observations, rewards, terminated, truncated, _ = games.step(actions)
            assert_array_equal(rewards[where], mine["reward"][now])
            assert_array_equal(terminated[where], mine["terminated"][now])
            assert_array_equal(truncated[where], mine["truncated"][now])


def stream(metadata: dict[str, Any]) -> int:
    """The seed of the evaluation's games, of the seed 5 of the evaluation and the run's own, 3."""
    assert metadata["runs"][0]["seed"] == 3
    return int(np.random.SeedSequence([5, 3]).generate_state(1)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_state_follow_each_other_to_its_end(exported: dict[str, tuple[Run, Episodes]], kind: str) -> None:
    run, (columns, _) = exported[kind]
    order = np.lexsort((columns["state"], columns["step"], columns["episode"]))
    assert_array_equal(order, np.arange(len(order)))
    by_state = np.lexsort((columns["step"], columns["state"], columns["episode"]))
    c = {name: values[by_state] for name, values in columns.items()}
    same = (c["episode"][1:] == c["episode"][:-1]) & (c["state"][1:] == c["state"][:-1])
    assert_array_equal(c["step"][1:], np.where(same, c["step"][:-1] + 1, 0))
    assert_array_equal(c["next_observation"][:-1][same], c["observation"][1:][same])
    last = np.append(~same, True)
    assert not (c["terminated"] & c["truncated"]).any()
    assert_array_equal(c["terminated"] | c["truncated"], last)
    if not run.config.game.stages:  # there nobody is eliminated
        eliminated = c["belligerent"] & ~c["won"]
        assert_array_equal(eliminated, ~c["next_observation"].any(axis=1))
        assert c["terminated"][eliminated].all()
        assert (c["truncated"] == (last & ~c["terminated"])).all()
    assert_array_equal(c["greedy"], c["observation"][:, 0] > 0)
    if run.config.game.n_states == 3:
        of_war = np.unique(c["episode"][eliminated])
        longer = [
            c["step"][c["episode"] == k].max() > c["step"][(c["episode"] == k) & eliminated].min() for k in of_war
        ]
        assert any(longer)


def test_what_is_measured_on_a_dataset_is_what_the_evaluation_says(exported: dict[str, tuple[Run, Episodes]]) -> None:
    run, (c, metadata) = exported["two"]
    results = evaluate_run(run, seed=5)["pairs"]
    gamma, limit = metadata["runs"][0]["gamma"], metadata["runs"][0]["game"]["max_cycles"]
    assert (gamma, limit) == (0.9, 64)
    own_economy = list(metadata["observation"]).index("own_economy")
    tail = np.where(c["truncated"], gamma**limit * c["next_observation"][:, own_economy], 0)
    paid = gamma ** c["step"].astype(float) * c["reward"] + tail
    for greedy_states, values in enumerate(results.values()):
        mine = c["greedy_states"] == greedy_states
        wars = np.unique(c["episode"][mine & c["belligerent"]]).size
        assert values["war_rate"] == pytest.approx(wars / (GAMES))
        early = np.unique(c["episode"][mine & c["belligerent"] & (c["step"] < 20)]).size
        if greedy_states == 0:
            assert values["tragic_war_rate"] == pytest.approx(early / (GAMES))
        for name, who in (("security_seeker", ~c["greedy"]), ("greedy", c["greedy"])):
            if (mine & who).any():
                states = np.unique(c["episode"][mine & who] * 2 + c["state"][mine & who]).size
                assert values[f"payoff_{name}"] == pytest.approx(paid[mine & who].sum() / states, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_both_formats_hold_the_same(exported: dict[str, tuple[Run, Episodes]], kind: str, tmp_path: Path) -> None:
    run, (columns, metadata) = exported[kind]
    export([run], tmp_path / "same.parquet", seed=5)
    assert_same(read_episodes(tmp_path / "same.parquet"), columns, metadata)


def assert_same(found: Episodes, columns: Columns, metadata: dict[str, Any]) -> None:
    assert found.metadata == metadata
    assert list(found.columns) == list(columns)
    for name, values in columns.items():
        assert found.columns[name].dtype == values.dtype, name
        assert_array_equal(found.columns[name], values)


def test_parquet_tells_units_and_meanings(exported: dict[str, tuple[Run, Episodes]], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    export([exported["two"][0]], tmp_path / "two.parquet", games=2)
    schema = pq.read_schema(tmp_path / "two.parquet")
    for column in COLUMNS:
        told = {key.decode(): value.decode() for key, value in schema.field(column.name).metadata.items()}
        assert told == {"unit": column.unit, "meaning": column.meaning}


def test_several_runs_and_some_pairs(exported: dict[str, tuple[Run, Episodes]], tmp_path: Path) -> None:
    first = exported["two"][0]
    second = untrained(tmp_path / "other", world="intense", learner=SMALL)
    reports: list[float] = []
    path = tmp_path / "deep" / "both.npz"
    export([first, second], path, games=7, pairs=["mixed"], report=lambda share, _: reports.append(share))
    c, metadata = read_episodes(path)
    assert reports == [0.0, 0.5]
    assert [(part["run"], part["pair"], part["first_episode"]) for part in metadata["parts"]] == [
        (0, "mixed", 0),
        (1, "mixed", 7),
    ]
    assert [run["world"] for run in metadata["runs"]] == ["not_intense", "intense"]
    assert_array_equal(np.unique(c["episode"]), np.arange(14))
    assert_array_equal(c["run"], c["episode"] >= 7)
    assert set(c["greedy_states"]) == {1}
    for greedy in (False, True):  # each state is the greedy one in every other episode
        starts = (c["step"] == 0) & (c["greedy"] == greedy)
        assert_array_equal(c["state"][starts], (c["episode"][starts] % 7 + greedy) % 2)


# --- what is refused ---------------------------------------------------------------------------------------------


def test_runs_of_another_shape_or_without_a_policy_are_refused(
    exported: dict[str, tuple[Run, Episodes]], tmp_path: Path
) -> None:
    two, three = exported["two"][0], exported["three_revealed"][0]
    with pytest.raises(RunError, match=r"another shape than .*n_states = 3, not 2, reveal_intents = True, not False"):
        export([two, three], tmp_path / "both.npz")
    unready = new_run(tmp_path / "unready", small_config())
    with pytest.raises(RunError, match="unready: no policy yet"):
        export([two, unready], tmp_path / "both.npz")
    with pytest.raises(ConfigError, match="pairs = equal: unknown; 2 states have both_security_seekers, mixed"):
        export([two], tmp_path / "both.npz", pairs=["equal"])
    assert not (tmp_path / "both.npz").exists()


def test_other_formats_and_a_missing_library_are_told(
    exported: dict[str, tuple[Run, Episodes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = exported["two"][0]
    with pytest.raises(ConfigError, match=r"out = '.*two.csv' must end in .parquet or .npz"):
        export([run], tmp_path / "two.csv")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for call in (lambda path: export([run], path), read_episodes):
        with pytest.raises(ConfigError, match=r"needs pyarrow.*pip install 'security-dilemma\[parquet\]'.*choose .npz"):
            call(tmp_path / "two.parquet")
    assert export([run], tmp_path / "two.npz", games=1) > 0


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_file_that_is_not_finished_is_not_there(
    exported: dict[str, tuple[Run, Episodes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    run, path = exported["two"][0], tmp_path / f"two.{suffix}"
    path.write_bytes(b"before")

    def fail(share: float, message: str) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export([run], path, games=3, report=fail)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"before"


def test_what_is_no_dataset_is_refused(exported: dict[str, tuple[Run, Episodes]], tmp_path: Path) -> None:
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    for name in ("broken.npz", "broken.parquet"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and so on")
    for name in ("broken.npz", "broken.parquet", "single.npz"):
        with pytest.raises(RunError, match="is no dataset of episodes, or damaged"):
            read_episodes(tmp_path / name)
    np.savez(tmp_path / "pickled.npz", metadata=np.array({"format": FORMAT}, dtype=object))
    with pytest.raises(RunError, match="allow_pickle=False"):
        read_episodes(tmp_path / "pickled.npz")
    np.savez(tmp_path / "later.npz", metadata=np.array('{"format": "security-dilemma episodes 9"}'))
    with pytest.raises(RunError, match="'security-dilemma episodes 9', not"):
        read_episodes(tmp_path / "later.npz")
    with pytest.raises(FileNotFoundError):
        read_episodes(tmp_path / "none.npz")


# --- its page ----------------------------------------------------------------------------------------------------


def test_the_page_holds_the_table_and_its_example_runs(
    exported: dict[str, tuple[Run, Episodes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doc = DOC.read_text(encoding="utf-8")
    assert table() in doc
    run, (_, metadata) = exported["two"]
    rows = re.search(r"## Metadata\n(.*?)\n## ", doc, re.DOTALL)
    assert rows
    told = [
        key
        for line in rows[1].splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert told == list(metadata)
    runs_row = next(line for line in rows[1].splitlines() if line.startswith("| `runs`"))
    assert set(re.findall(r"`(\w+)`", runs_row)) - {"runs"} == set(metadata["runs"][0])
    monkeypatch.chdir(tmp_path)
    export([run], Path("intense.npz"), games=2)
    (example,) = re.findall(r"```python\n(.*?)```", doc, re.DOTALL)
    exec(example, {})
