"""Checkpoints hold arrays only, and say what is wrong with them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from security_dilemma_training.checkpoints import (
    FORMAT,
    TRAINING_FORMAT,
    CheckpointError,
    count_policies,
    load_arrays,
    load_policies,
    load_training,
    save_policies,
    save_policy,
    save_training,
)
from security_dilemma_training.learners import load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.train import train
from tests.training.runs_for_tests import new_run, silent, small_config


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    run = new_run(tmp_path / "run", small_config(schedule={"agent_steps": 384}))
    train(run, silent)
    return run


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def test_loading_runs_no_code(trained: Run, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    hostile = Hostile(f"touch {trace}")
    pickle.loads(pickle.dumps(hostile))  # noqa: S301 - the attack itself works
    assert trace.exists()
    trace.unlink()
    with np.load(trained.policy_path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["policy.action_net.bias"] = np.array([hostile], dtype=object)
    np.savez(trained.policy_path, allow_pickle=True, **arrays)
    with pytest.raises(CheckpointError, match="damaged"):
        load_policy(trained)
    trained.policy_path.write_bytes(pickle.dumps(hostile))
    with pytest.raises(CheckpointError, match="damaged"):
        load_policy(trained)
    assert not trace.exists()


def test_a_damaged_file_is_refused(trained: Run) -> None:
    content = trained.policy_path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"not a zip"):
        trained.policy_path.write_bytes(damaged)
        with pytest.raises(
            CheckpointError, match=r"policy\.npz is damaged or not a checkpoint .* train the run again with --overwrite"
        ):
            load_policy(trained)
    trained.policy_path.unlink()
    with pytest.raises(CheckpointError, match="does not exist: train the run first"):
        load_policy(trained)


def test_another_format_kind_or_network_is_refused(trained: Run) -> None:
    with np.load(trained.policy_path) as file:
        arrays = {name: file[name] for name in file.files}

    def rewrite(**changes: Any) -> None:
        meta = json.loads(str(arrays["meta"])) | changes
        np.savez(trained.policy_path, allow_pickle=False, **arrays | {"meta": np.array(json.dumps(meta))})

    rewrite(format=FORMAT + 1)
    with pytest.raises(CheckpointError, match=f"format {FORMAT + 1}; this version reads policy .* format {FORMAT}"):
        load_policy(trained)
    rewrite(kind="training")
    with pytest.raises(CheckpointError, match="is a training checkpoint"):
        load_policy(trained)
    arrays["policy.action_net.bias"] = np.zeros(3, np.float32)
    rewrite()
    with pytest.raises(CheckpointError, match=r"another network than its config describes: action_net\.bias"):
        load_policy(trained)


def test_a_training_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    def stop(share: float, _message: str) -> None:
        if share >= 0.75:
            raise KeyboardInterrupt

    runs = [
        new_run(tmp_path / name, small_config(learner={"hidden_sizes": sizes}))
        for name, sizes in (("wide", [64, 64]), ("narrow", [8, 8]))
    ]
    with pytest.raises(KeyboardInterrupt):
        train(runs[0], stop)
    runs[1].checkpoint_path.write_bytes(runs[0].checkpoint_path.read_bytes())
    with pytest.raises(CheckpointError, match="another network"):
        train(runs[1], silent)
    assert runs[1].manifest["status"] == "failed"


def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(trained: Run) -> None:
    with np.load(trained.policy_path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["policy.action_net.bias"][0] = np.nan
    np.savez(trained.policy_path, allow_pickle=False, **arrays)
    with pytest.raises(
        CheckpointError, match=r"policy\.npz: weights of the network are not finite \(action_net\.bias\)"
    ):
        load_policy(trained)

    scheme = build_scheme(trained.config, 0)
    (network,) = scheme.networks
    with torch.no_grad():
        network.get_parameter("value_net.weight").fill_(np.inf)
    before = trained.policy_path.read_bytes()
    told = r"not finite \(value_net\.weight\): the training diverged"
    with pytest.raises(CheckpointError, match=told):
        save_policy(trained.policy_path, network)
    with pytest.raises(CheckpointError, match=told):
        save_training(trained.checkpoint_path, scheme.state())
    assert trained.policy_path.read_bytes() == before
    assert not trained.checkpoint_path.exists()


def test_a_gpus_generator_is_kept_and_its_tensors_are_fetched(
    trained: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a GPU: the optimizer's tensors and the generator say where they are asked for."""
    scheme = build_scheme(trained.config, 0)
    (model,) = scheme.models
    model.learn(1)
    fetched: list[torch.Tensor] = []
    to_cpu = torch.Tensor.cpu

    def fetch(tensor: torch.Tensor) -> torch.Tensor:
        fetched.append(tensor)
        return to_cpu(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    monkeypatch.setattr(model, "device", torch.device("cuda:1"))
    there = torch.arange(16, dtype=torch.uint8)
    states = {torch.device("cuda:1"): there}
    monkeypatch.setattr(torch.cuda, "get_rng_state", states.__getitem__)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: states.update({device: state}))
    path = tmp_path / "checkpoint.npz"
    save_training(path, scheme.state())
    slots = [value for slots in model.policy.optimizer.state_dict()["state"].values() for value in slots.values()]
    assert slots
    assert {value.data_ptr() for value in slots} <= {tensor.data_ptr() for tensor in fetched}
    states[torch.device("cuda:1")] = torch.zeros(16, dtype=torch.uint8)
    scheme.restore(load_training(path))
    assert torch.equal(states[torch.device("cuda:1")], there)


def stop(share: float, _message: str) -> None:
    if share >= 0.75:
        raise KeyboardInterrupt


@pytest.fixture
def interrupted(tmp_path: Path) -> Run:
    run = new_run(tmp_path / "interrupted", small_config())
    with pytest.raises(KeyboardInterrupt):
        train(run, stop)
    return run


def test_a_training_checkpoint_that_is_hostile_damaged_or_old_is_refused(interrupted: Run, tmp_path: Path) -> None:
    path, trace = interrupted.checkpoint_path, tmp_path / "executed"
    content = path.read_bytes()
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(str(arrays["meta"]))
    assert (meta["kind"], meta["format"]) == ("training", TRAINING_FORMAT)

    def refused(match: str) -> None:
        with pytest.raises(CheckpointError, match=match):
            train(Run.open(interrupted.folder), silent)

    hostile = {"generators/torch": np.array([Hostile(f"touch {trace}")], dtype=object)}
    np.savez(path, allow_pickle=True, **arrays | hostile)
    refused("damaged or not a checkpoint .* train the run again with --overwrite")
    assert not trace.exists()
    path.write_bytes(content[: len(content) // 2])
    refused("damaged or not a checkpoint")
    old = np.array(json.dumps(meta | {"format": 1}))
    np.savez(path, allow_pickle=False, **arrays | {"meta": old})
    refused("training checkpoint of format 1; this version reads training checkpoints of format 2: .* --overwrite")
    np.savez(path, allow_pickle=False, **{name: value for name, value in arrays.items() if name != "games/idle"})
    refused(r"not a training checkpoint of this run \(KeyError\('idle'\)\): train the run again with --overwrite")
    np.savez(path, allow_pickle=False, **arrays | {"generators/torch": arrays["generators/torch"][:8]})
    refused(r"not a training checkpoint of this run \(RuntimeError")
    adam = "learners/0/torch/policy.optimizer/slots/0/exp_avg"
    for name in ("games/state.economy", "learners/0/last_obs", "learners/0/episode_starts", adam):
        short, text = (
            arrays[name].reshape(-1)[:1],
            np.full(arrays[name].shape, "1"),
        )  # either might be broadcast or cast
        for wrong in (short, text):
            np.savez(path, allow_pickle=False, **arrays | {name: wrong})
            refused(r"of shape \(1,\), not|<U1 of shape|TypeError")
    path.write_bytes(content)
    train(Run.open(interrupted.folder), silent)
    assert interrupted.finished


def test_a_file_of_several_networks_is_no_other_number(tmp_path: Path) -> None:
    networks = [torch.nn.Linear(2, 3) for _ in range(3)]
    path = tmp_path / "policy.npz"
    save_policies(path, networks)
    assert count_policies(path) == 3
    others = [torch.nn.Linear(2, 3) for _ in range(3)]
    load_policies(path, others)
    for one, other in zip(networks, others, strict=True):
        assert torch.equal(one.weight, other.weight)
    with pytest.raises(CheckpointError, match="holds 3 networks; its config describes 1"):
        load_policies(path, others[:1])


def test_a_policy_file_from_before_there_could_be_several_networks_is_read(tmp_path: Path) -> None:
    network, path = torch.nn.Linear(2, 3), tmp_path / "policy.npz"
    meta = np.array(json.dumps({"kind": "policy", "format": 1}))
    arrays = {f"policy.{name}": value.numpy() for name, value in network.state_dict().items()}
    np.savez(path, allow_pickle=False, meta=meta, **arrays)
    other = torch.nn.Linear(2, 3)
    load_arrays(path, other)
    assert torch.equal(network.weight, other.weight)


def test_a_wrong_byte_in_a_files_directory_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    network, path = torch.nn.Linear(2, 3), tmp_path / "policy.npz"
    save_policy(path, network)
    content, refused = path.read_bytes(), 0
    places = range(content.index(b"PK\x01\x02"), len(content))
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        other = torch.nn.Linear(2, 3)
        try:
            load_arrays(path, other)
        except CheckpointError:
            refused += 1
        else:
            assert torch.equal(network.weight, other.weight)
    assert refused > len(places) / 2


@pytest.mark.parametrize("meta", [[], {"networks": "2"}, {"networks": 0}, {"networks": None}])
def test_a_policy_file_that_tells_nonsense_is_refused(meta: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.npz"
    told = {"kind": "policy", "format": FORMAT} | meta if isinstance(meta, dict) else meta
    np.savez(path, allow_pickle=False, meta=np.array(json.dumps(told)))
    for read in (count_policies, lambda path: load_arrays(path, torch.nn.Linear(2, 3))):
        with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
            read(path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.npz"
    meta = np.array(json.dumps({"kind": "policy", "format": FORMAT}))
    np.savez(path, allow_pickle=False, meta=meta, **{"policy.weight": np.full((3, 2), "a"), "policy.bias": np.zeros(3)})
    with pytest.raises(CheckpointError, match=r"not finite \(weight\)"):
        load_arrays(path, torch.nn.Linear(2, 3))


@pytest.mark.parametrize("meta", [{}, {"plain": [1]}, {"plain": {"a": 1, "a/b": 2}}])
def test_a_training_checkpoint_that_tells_nonsense_is_refused(meta: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    told = {"kind": "training", "format": TRAINING_FORMAT} | meta
    np.savez(path, allow_pickle=False, meta=np.array(json.dumps(told)))
    with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
        load_training(path)
