"""Zips of stable-baselines3: genuine ones act as the original, and hostile ones do nothing."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.checkpoints import load_arrays
from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.foreign import load_zip
from security_dilemma_training.learners import build_games
from security_dilemma_training.players import player, player_hash
from security_dilemma_training.playing import play
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.runs_for_tests import small_config

OBSERVED = (200, 2)


def trained_elsewhere(path: Path, algorithm: type[Any] = PPO, **changes: Any) -> tuple[BaseAlgorithm, RunConfig]:
    """What somebody who calls stable-baselines3 directly has saved, and the config that describes it."""
    value_based = algorithm is DQN
    learner: dict[str, Any] = {"algorithm": "dqn" if value_based else "ppo", "hidden_sizes": [32, 16]}
    learner |= {"slots": 48} if value_based else {"slots": 48, "n_steps": 8, "batch_size": 96}
    config = small_config(learner=learner | changes) if not value_based else _dqn(learner)
    vec_env = GamesVecEnv(build_games(config, 4, 0))
    options: dict[str, Any] = {"learning_starts": 10} if value_based else {"n_steps": 16, "batch_size": 64}
    network = {"net_arch": [32, 16], "activation_fn": torch.nn.Tanh}
    model = algorithm("MlpPolicy", vec_env, policy_kwargs=network, seed=3, device="cpu", **options)
    model.learn(200)
    model.save(path)
    return model, config


def _dqn(learner: dict[str, Any]) -> RunConfig:
    from security_dilemma_training.config import parse

    return parse({"world": "not_intense", "learner": learner}, RunConfig)


def observed(model: BaseAlgorithm) -> np.ndarray[Any, Any]:
    space = model.observation_space
    assert space.shape is not None
    return np.random.default_rng(0).uniform(0, 1, (*OBSERVED, *space.shape)).astype(np.float32)


def test_a_ppo_of_elsewhere_acts_as_the_original(tmp_path: Path) -> None:
    model, config = trained_elsewhere(tmp_path / "ppo.zip")
    policy: Any = load_zip(tmp_path / "ppo.zip", config)
    seen = observed(model)
    found = policy.probabilities(seen)
    assert isinstance(model, PPO)
    expected: Any = model.policy.get_distribution(torch.as_tensor(seen.reshape(-1, seen.shape[-1]))).distribution
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.reshape(-1, 5), theirs.probs.detach().numpy(), rtol=1e-5)
    again = PPO.load(tmp_path / "ppo.zip", device="cpu")
    for name, value in again.policy.state_dict().items():
        assert torch.equal(value, policy._network.state_dict()[name]), name


def test_a_dqn_of_elsewhere_acts_as_the_original(tmp_path: Path) -> None:
    model, config = trained_elsewhere(tmp_path / "dqn.zip", DQN)
    policy = load_zip(tmp_path / "dqn.zip", config)
    seen = observed(model)
    mask = np.ones((*OBSERVED, 25), bool)
    expected, _ = model.predict(seen.reshape(-1, seen.shape[-1]), deterministic=True)
    assert len(np.unique(expected)) > 1
    found = policy.act(seen, mask, np.random.default_rng(0))
    assert np.array_equal(found.reshape(-1), expected)


def test_the_config_beside_a_zip_describes_it(tmp_path: Path) -> None:
    path = tmp_path / "ppo.zip"
    trained_elsewhere(path)
    with pytest.raises(CheckpointError, match=r"another network than its config describes .* in ppo.yaml beside it"):
        player(str(path), small_config(), trusted=False)
    alone = player_hash(str(path))
    path.with_suffix(".yaml").write_text("world: intense\nlearner: {hidden_sizes: [32, 16]}\n")
    assert player_hash(str(path)) != alone
    for mode in ("multidiscrete", "discrete", "continuous"):
        config = small_config(game={"action_mode": mode})
        played = play(player(str(path), config, trusted=False), config, n_games=20, intents=0, seed=0)
        assert len(np.unique(played.move[played.present])) > 2
    path.with_suffix(".yaml").write_text("world: intense\nlearner: {hidden: [32, 16]}\n")
    with pytest.raises(ConfigError, match="hidden"):
        player(str(path), small_config(), trusted=False)


class Harmful:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


def changed(
    source: Path, target: Path, members: dict[str, bytes | None], compression: int = zipfile.ZIP_STORED
) -> Path:
    """A copy of a zip with some members replaced, added or (None) left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, content in (kept | members).items():
            if content is not None:
                new.writestr(name, content)
    return target


def saved(thing: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunConfig, dict[str, torch.Tensor]]:
    path = tmp_path_factory.mktemp("genuine") / "ppo.zip"
    model, config = trained_elsewhere(path)
    assert isinstance(model, PPO)
    return path, config, dict(model.policy.state_dict())


Genuine = tuple[Path, RunConfig, dict[str, torch.Tensor]]


def test_pickles_of_a_hostile_zip_are_not_run(genuine: Genuine, tmp_path: Path) -> None:
    path, config, weights = genuine
    mark = tmp_path / "harm"
    pickle.loads(pickle.dumps(Harmful(mark)))  # noqa: S301  the bait works
    assert mark.exists()
    mark.rmdir()
    bait = pickle.dumps(Harmful(mark))
    everywhere: dict[str, bytes | None] = {
        "data": bait,
        "policy.optimizer.pth": saved(Harmful(mark)),
        "pytorch_variables.pth": bait,
    }
    loaded: Any = load_zip(
        changed(path, tmp_path / "a.zip", everywhere), config
    )  # others than the weights are not read
    assert torch.equal(loaded._network.action_net.weight, weights["action_net.weight"])
    hostile = {
        "of weights": saved(Harmful(mark)),
        "among weights": saved(weights | {"log_std": Harmful(mark)}),
        "as names": saved({Harmful(mark): 1}),
        "plain": bait,
        "old": saved(weights | {"x": Harmful(mark)}, _use_new_zipfile_serialization=False),
    }
    for name, content in hostile.items():
        target = changed(path, tmp_path / f"{name}.zip", {"policy.pth": content})
        with pytest.raises(CheckpointError, match="holds something else than weights, and was not run"):
            load_zip(target, config)
        assert not mark.exists(), name


def test_zips_that_are_no_such_zips_are_refused(genuine: Genuine, tmp_path: Path) -> None:
    path, config, weights = genuine
    whole = path.read_bytes()
    (tmp_path / "empty.zip").write_bytes(b"")
    (tmp_path / "short.zip").write_bytes(whole[: len(whole) // 2])
    start = whole.index(b"policy.pth")
    (tmp_path / "flipped.zip").write_bytes(whole[: start + 900] + b"\x00\x01\x02\x03" * 9 + whole[start + 936 :])
    for name in ("empty", "short", "flipped"):
        with pytest.raises(CheckpointError, match=f"{name}.zip"):
            load_zip(tmp_path / f"{name}.zip", config)
    cases: dict[str, tuple[dict[str, bytes | None], str]] = {
        "up": ({"../outside": b"x"}, "names files outside itself"),
        "root": ({"/etc/outside": b"x"}, "names files outside itself"),
        "drive": ({"C:outside": b"x"}, "names files outside itself"),
        "without": ({"policy.pth": None}, "has 0 members policy.pth, not one"),
        "many": ({f"x{k}": b"" for k in range(1001)}, "no zip of stable-baselines3 has so many"),
        "torn": ({"policy.pth": saved(weights)[:-300]}, "was not run"),
        "list": ({"policy.pth": saved(list(weights.values()))}, "something else than weights by name"),
        "number": ({"policy.pth": saved(weights | {"log_std": 3})}, "something else than weights by name"),
        "more": ({"policy.pth": saved(weights | {"x": torch.zeros(1)})}, r"another network .* \(with x\)"),
        "fewer": ({"policy.pth": saved({"x": torch.zeros(1)})}, r"another network .* \(without action_net.bias, "),
        "meta": ({"policy.pth": saved({k: v.to("meta") for k, v in weights.items()})}, "of type"),
        "ints": (
            {"policy.pth": saved({k: v.int() for k, v in weights.items()})},
            r"of type torch.int32, not torch.float",
        ),
        "sparse": ({"policy.pth": saved({k: v.to_sparse() for k, v in weights.items()})}, "of type|was not run"),
        "wild": ({"policy.pth": saved({k: v * np.nan for k, v in weights.items()})}, "weights are not finite"),
    }
    for name, (members, told) in cases.items():
        with pytest.raises(CheckpointError, match=told):
            load_zip(changed(path, tmp_path / f"{name}.zip", members), config)


def test_bombs_are_not_unpacked(genuine: Genuine, tmp_path: Path) -> None:
    path, config, weights = genuine
    huge = changed(path, tmp_path / "huge.zip", {"policy.pth": bytes(200 * 2**20)}, zipfile.ZIP_DEFLATED)
    assert huge.stat().st_size < 2**20
    with pytest.raises(CheckpointError, match=r"policy.pth has 209,715,200 bytes, its config's at most"):
        load_zip(huge, config)
    inner = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(weights))) as old, zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, bytes(50 * 2**20) if name.endswith("data/0") else old.read(name))
    with pytest.raises(CheckpointError, match="unpacks to more than its config's network"):
        load_zip(changed(path, tmp_path / "inner.zip", {"policy.pth": inner.getvalue()}), config)


def test_an_encrypted_zip_and_two_policies_are_refused(genuine: Genuine, tmp_path: Path) -> None:
    path, config, _ = genuine
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as twice:
        twice.writestr("policy.pth", b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            twice.writestr("policy.pth", b"")
    with pytest.raises(CheckpointError, match=r"has 2 members policy.pth, not one"):
        load_zip(tmp_path / "two.zip", config)
    whole = bytearray(path.read_bytes())
    entry = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"policy.pth"))
    whole[entry + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(bytes(whole))
    with pytest.raises(CheckpointError, match="is encrypted"):
        load_zip(tmp_path / "secret.zip", config)


def test_a_runs_own_policy_may_hold_no_pickle_either(tmp_path: Path) -> None:
    config, mark = small_config(), tmp_path / "harm"
    network = ALGORITHMS["ppo"].network(config)
    np.savez(tmp_path / "policy.npz", meta=np.array([Harmful(mark)], dtype=object))
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(Harmful(mark)))
    for name in ("policy.npz", "bare.npz"):
        with pytest.raises(CheckpointError, match=name):
            load_arrays(tmp_path / name, network)
    assert not mark.exists()
