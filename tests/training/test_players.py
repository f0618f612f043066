"""Policies by name: who may be named, what is checked of anyone's own code, and play in another action mode."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.games import Games
from security_dilemma.params import WORLDS
from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.import_paths import TRUST, is_import_path, trust_imports, untrusted_faults
from security_dilemma_training.metrics import war_rate
from security_dilemma_training.players import EachState, player, player_hash
from security_dilemma_training.playing import play
from security_dilemma_training.policies import Bools, Floats, memory_of, remind
from security_dilemma_training.trajectories import Trajectories
from tests.training.runs_for_tests import CRISIS, merged, new_run, small_config
from tests.training.untrained import untrained

OWN = '''
import numpy as np

class Hawk:
    """Arms, and strikes when it may."""

    def act(self, observations, mask, rng):
        move = np.where(mask[..., 4], 4, 2)
        return np.stack([move, 0 * move], axis=-1)

class Flat(Hawk):
    action_mode = "discrete"

    def __init__(self, config):
        self.states = config.game.n_states

    def act(self, observations, mask, rng):
        assert mask.shape[-1] == 25
        return np.where(mask[..., 20], 20, 10)  # without the axis of the only component

hawk = Hawk()

def make(config):
    return Hawk()

class One:
    def __init__(self):
        self.seen = 0

    def act(self, observation, mask, rng):
        self.seen += 1
        return [4 if mask[4] else 2, 0 if self.seen > 1 else 2]

def each():
    from security_dilemma_training.players import EachState
    return EachState(One)

class Bad:
    actions = np.zeros((1, 1, 1))

    def act(self, observations, mask, rng):
        return self.actions

number = 3

class Lost:
    action_mode = "telepathic"

    def act(self, observations, mask, rng):
        return None
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of the working directory."""
    (tmp_path / "own_players.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "own_players", raising=False)
    return "own_players"


def played(spec: str, config: RunConfig, *, trusted: bool = True, games: int = 40) -> Trajectories:
    return play(player(spec, config, trusted=trusted), config, n_games=games, intents=0, seed=5)


def same(one: Trajectories, other: Trajectories) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("move", "signal", "reward"))


def test_a_run_plays_as_it_was_trained_and_in_other_modes(tmp_path: Path) -> None:
    run = untrained(tmp_path / "run")
    flat = untrained(tmp_path / "flat", game={"action_mode": "discrete"})
    seen = {
        name: played(str(run.folder), small_config(game={"action_mode": name})) for name in ("discrete", "continuous")
    }
    assert same(played(str(run.folder), small_config()), seen["discrete"])
    assert not same(seen["discrete"], seen["continuous"])  # signals that have no rate are lost
    assert same(played(str(flat.folder), small_config()), played(str(flat.folder), flat.config))


def test_strategies_flattened_play_the_same_games() -> None:
    for n_states in (2, 3):
        shape = {"game": {"n_states": n_states}, "learner": {"slots": 6, "batch_size": 48}}
        for name in ("grim", "bayesian_reassurer", "random"):
            config, flat = small_config(**shape), small_config(**merged(shape, {"game": {"action_mode": "discrete"}}))
            assert same(played(name, config, games=40), played(name, flat, games=40)), (name, n_states)


def test_anyones_code_plays_as_instance_class_factory_and_agents(own: str) -> None:
    config = small_config(params={"crisis_rate": 0.5})
    one = played(f"{own}:hawk", config)
    assert war_rate(one) == 1
    for name in ("Hawk", "make", "Flat"):
        assert same(one, played(f"{own}:{name}", config)), name
    each = played(f"{own}:each", config)
    first = each.signal[0][each.present[0]]
    assert np.array_equal(each.move, one.move)
    assert (first == 2).all()
    assert not each.signal[1:][each.present[1:] & ~each.belligerent[1:]].any()


def test_what_imported_policies_remember_is_kept_or_missed(own: str) -> None:
    config = small_config()
    assert memory_of(player(f"{own}:hawk", config, trusted=True)) == {}
    with pytest.raises(
        ConfigError, match=r"own_players:each' cannot be kept in a checkpoint: EachState has restart, but"
    ):
        memory_of(player(f"{own}:each", config, trusted=True))
    seen = np.random.default_rng(0).random((3, 2, 21)).astype(np.float32)
    mask, rng = np.ones((3, 2, 25), bool), np.random.default_rng(0)
    one, other = (player("grim", small_config(game={"action_mode": "discrete"}), trusted=False) for _ in range(2))
    one.act(seen, mask, rng)
    kept = memory_of(one)
    assert len(kept) > 1
    remind(other, kept)
    assert {name: value.tolist() for name, value in memory_of(other).items()} == {
        name: value.tolist() for name, value in kept.items()
    }


def test_agents_forget_when_their_game_starts_anew() -> None:
    class Counter:
        def __init__(self) -> None:
            self.seen = 0

        def act(self, observation: Floats, mask: Bools, rng: np.random.Generator) -> int:
            self.seen += 1
            return self.seen

    policy = EachState(Counter)
    observations, mask, rng = np.ones((3, 2, 4), np.float32), np.ones((3, 2, 25), bool), np.random.default_rng(0)
    observations[2, 1] = 0
    assert policy.act(observations, mask, rng).tolist() == [[[1], [1]], [[1], [1]], [[1], [0]]]
    policy.restart(3, np.array([1]))
    assert policy.act(observations, mask, rng)[..., 0].tolist() == [[2, 2], [1, 1], [2, 0]]
    policy.restart(3)
    assert policy.act(observations, mask, rng).max() == 1


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        (np.zeros((4, 2)), "actions have shape"),
        (np.zeros((4, 2, 3), int), "actions have shape"),
        (np.zeros((4, 2, 2)), "must be integers"),
        (np.full((4, 2, 2), 5), "move in 0…4"),
        (np.full((4, 2, 2), -1), "out of range"),
        ([[1], [2, 3]], "no array"),
        (None, "actions have shape"),
    ],
)
def test_what_cannot_be_played_is_told_at_once(own: str, actions: Any, told: str) -> None:
    policy = player(f"{own}:Bad", small_config(), trusted=True)
    sys.modules[own].Bad.actions = actions
    games = Games(WORLDS["intense"], 4, seed=0)
    with pytest.raises(ConfigError, match=r"player 'own_players:Bad' sent") as caught:
        policy.act(games._observe(games.state), games.action_mask(), np.random.default_rng(0))
    assert told in str(caught.value)


def test_rates_that_are_no_numbers_are_told(own: str) -> None:
    policy = player(f"{own}:Bad", small_config(game={"action_mode": "continuous"}), trusted=True)
    sys.modules[own].Bad.actions = np.full((4, 2, 5), np.nan)
    games = Games(WORLDS["intense"], 4, seed=0, action_mode="continuous")
    with pytest.raises(ConfigError, match=r"nan of state_0 is out of range: build_offensive in \[0, 1\]"):
        policy.act(games._observe(games.state), games.action_mask(), np.random.default_rng(0))


def test_imports_need_trust(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="would be imported, which runs its code: allow it with --trust-imports"):
        player(f"{own}:hawk", small_config(), trusted=False)
    assert own not in sys.modules
    data = {"partners": {"scheme": "frozen", "policies": ["dove", f"{own}:hawk"]}}
    monkeypatch.delenv(TRUST, raising=False)
    (fault,) = untrusted_faults(data)
    assert str(fault).startswith("partners.policies = ['own_players:hawk'] in a file would be imported")
    assert not untrusted_faults({"partners": {"policies": ["dove", "runs/a:b"]}})
    assert not untrusted_faults({"partners": None}) + untrusted_faults({})
    monkeypatch.setenv(TRUST, "0")
    assert untrusted_faults(data)
    trust_imports()
    assert not untrusted_faults(data)
    Path("own_players:hawk").touch()
    assert not is_import_path("own_players:hawk")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("nowhere_to_be_found:policy", "cannot be imported: No module named 'nowhere_to_be_found'"),
        ("own_players.inner:policy", "cannot be imported"),
        ("own_players:absent", "is not in its module"),
        ("own_players:number", r"= 3 has no act\(observations, mask, rng\)"),
        ("own_players:Lost", "has action_mode = 'telepathic'"),
        ("doves", "is nobody's name: did you mean 'dove'"),
        ("absent.zip", "is nobody's name"),
    ],
)
def test_who_is_not_known_is_told(own: str, spec: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        player(spec, small_config(), trusted=True)


def test_runs_of_other_games_are_told(tmp_path: Path) -> None:
    new_run(tmp_path / "begun", small_config())
    untrained(tmp_path / "rates", game={"action_mode": "continuous"})
    untrained(tmp_path / "three", game={"n_states": 3})
    untrained(tmp_path / "stages", **merged(CRISIS, {"world": None}))
    untrained(tmp_path / "silent", game={"signals": False, "reveal_intents": True})
    untrained(tmp_path / "burning", game={"signals": ["burn"]})
    expected = {
        "rates": "sends rates (action_mode = 'continuous'): these games have action_mode = 'multidiscrete'",
        "three": "was trained with n_states = 3, these games have 2",
        "stages": "was trained in a stage game, not in whole games",
        "burning": "was trained with signals = ('silent', 'burn'), and what else it says means nothing",
        "silent": "was trained with signals = False, and what else it says means nothing: these games have True",
    }
    for name, told in expected.items():
        with pytest.raises(ConfigError) as caught:
            player(str(tmp_path / name), small_config(), trusted=False)
        assert told in str(caught.value), name
    assert "was trained with reveal_intents = True, these games have False" in str(caught.value)
    with pytest.raises(CheckpointError, match="train"):
        player(str(tmp_path / "begun"), small_config(), trusted=False)


def test_players_are_known_by_what_they_are(own: str, tmp_path: Path) -> None:
    runs = [untrained(tmp_path / name, seed) for name, seed in (("one", 0), ("other", 1), ("again", 0))]
    one, other, again = (player_hash(str(run.folder)) for run in runs)
    assert one == again != other
    assert player_hash("dove") == "dove"
    sys.path[:] = places = [place for place in sys.path if place not in ("", str(Path.cwd()))]
    first = player_hash(f"{own}:hawk")
    assert first != player_hash(f"{own}:make")
    Path("own_players.py").write_text(OWN + "# changed")
    assert first != player_hash(f"{own}:hawk")
    package = Path("anyones_package")
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('it was run')")
    (package / "inner" / "__init__.py").touch()
    (package / "inner" / "policy.py").touch()
    before = player_hash("anyones_package.inner.policy:one")
    (package / "inner" / "policy.py").write_text("# changed")
    assert player_hash("anyones_package.inner.policy:one") != before
    assert not {own, "anyones_package"} & set(sys.modules)
    assert sys.path == places  # and nothing here can be imported from now on
    new_run(tmp_path / "begun", small_config())
    with pytest.raises(RunError, match="not trained yet"):
        player_hash(str(tmp_path / "begun"))
    with pytest.raises(ConfigError, match="nobody's name"):
        player_hash("doves")
