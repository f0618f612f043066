"""The jax backend in configs: what it has not is told, and configs without it are what they were."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import pytest

from security_dilemma_training.batches import LANES, batches, is_compiled, shape_of
from security_dilemma_training.compiled.devices import accelerators, device_of, require_jax
from security_dilemma_training.config import ConfigError, RunConfig, config_hash, parse
from tests.training.runs_for_tests import merged, new_run, small_config

JAX: dict[str, Any] = {"learner": {"backend": "jax"}}


def faults_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        small_config(**merged(JAX, changes))
    return {fault.key: fault.problem for fault in caught.value.faults}


def test_what_the_compiled_path_has_not_is_told() -> None:
    assert (
        "is not learned by the jax backend: choose self_play"
        in faults_of(partners={"scheme": "independent"})["partners.scheme"]
    )
    assert "choose multidiscrete or discrete" in faults_of(game={"action_mode": "continuous"})["game.action_mode"]
    assert "is no device of the jax backend" in faults_of(learner={"device": "mps"})["learner.device"]
    with pytest.raises(ConfigError, match=r"learner\.backend = 'torch' must be"):
        small_config(learner={"backend": "torch"})
    with pytest.raises(ConfigError, match=r"learner\.backend"):
        parse({"world": "intense", "learner": {"algorithm": "dqn", "backend": "jax"}}, RunConfig)


def test_a_config_that_names_the_default_backend_is_the_same() -> None:
    plain, named, ours = small_config(), small_config(learner={"backend": "sb3", "lanes": 3}), small_config(**JAX)
    assert config_hash(plain.resolved()) == config_hash(named.resolved()) != config_hash(ours.resolved())
    old = plain.resolved()
    old["learner"] = {name: value for name, value in old["learner"].items() if name not in ("backend", "lanes")}
    assert config_hash(old) == config_hash(plain.resolved())  # a file from before there was a choice
    assert is_compiled(ours.learner)
    assert not is_compiled(plain.learner)


def test_programs_are_shared_by_seeds_and_parameters_alone() -> None:
    base = shape_of(small_config(**JAX))
    assert shape_of(small_config(**JAX, seeds=[5])) == base
    assert shape_of(small_config(**JAX, world="intense", params={"war_cost": 0.4, "discount": 0.9})) == base
    for changes in (
        {"params": {"war_cost": [0.1, 0.2]}},
        {"params": {"fungibility_override": 0.5}},
        {"learner": {"n_epochs": 3}},
        {"game": {"max_cycles": 3}},
        {"schedule": {"agent_steps": 999}},
    ):
        assert shape_of(small_config(**merged(JAX, changes))) != base


@pytest.mark.parametrize(
    ("runs", "at_once", "lanes", "sizes"),
    [
        (5, 2, None, [3, 2]),
        (20, 2, None, [5, 5, 5, 5]),
        (17, 2, 4, [3, 3, 3, 3, 3, 2]),
        (1, 2, None, [1]),
        (3, 8, 2, [1] * 3),
    ],
)
def test_batches_are_even(tmp_path: Path, runs: int, at_once: int, lanes: int | None, sizes: list[int]) -> None:
    config = small_config(**merged(JAX, {"learner": {"lanes": lanes}}))
    made = [new_run(tmp_path / str(k), config, k) for k in range(runs)]
    found = batches(made, at_once)
    assert [len(batch) for batch in found] == sizes
    assert max(sizes) <= (lanes or LANES["processor"])
    on_device = batches(made, 1, accelerator=True)
    assert len(on_device) == -(-runs // (lanes or LANES["accelerator"]))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "optax":
            raise ImportError(name, name="optax")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"learner\.backend = 'jax' needs optax, of an extra: pip install"):
        require_jax()


def test_devices() -> None:
    assert device_of("cpu").platform == "cpu"
    assert device_of("auto") == jax.devices()[0]
    with pytest.raises(ConfigError, match=r"learner\.device = 'cuda:99' is not on this machine for JAX"):
        device_of("cuda:99")
    assert accelerators("cpu") == 0


@pytest.mark.parametrize(
    ("told", "device", "count"),
    [("gpu 4", "auto", 4), ("gpu 4", "cuda:1", 1), ("cpu 1", "auto", 0), ("", "auto", 0), ("gpu 2", "cpu", 0)],
)
def test_accelerators_are_counted(monkeypatch: pytest.MonkeyPatch, told: str, device: str, count: int) -> None:
    def answer(*_: Any, **__: Any) -> Any:
        return subprocess.CompletedProcess([], 0 if told else 1, stdout=told)

    monkeypatch.setattr(subprocess, "run", answer)
    assert accelerators(device) == count


@pytest.mark.slow
def test_everything_else_works_without_jax() -> None:
    code = (
        "import sys; sys.modules['jax'] = None; "
        "import security_dilemma_training.cli, security_dilemma_training.train, security_dilemma_training.report; "
        "from security_dilemma_training.config import RunConfig, parse; "
        "print(parse({'world': 'intense', 'learner': {'backend': 'jax'}}, RunConfig).learner.backend)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stdout == "jax\n", found.stderr
