"""Weights that stable-baselines3 saved elsewhere, read without running anything that is in the file.

``model.save`` writes a zip. Its member ``data`` holds pickles, which stable-baselines3's own ``load`` runs; it is never
looked at here. The network is built from a config, and ``policy.pth``, and nothing else, is read into it: by
``torch.load(weights_only=True)``, which makes tensors alone, and only where the member is no larger than such a network
can be. The config is that of a YAML file beside the zip, ``policy.yaml`` for ``policy.zip``, where there is one.

Observations must have been learned from as they are: statistics of ``VecNormalize`` are not in such a zip.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import torch

from security_dilemma_training.errors import CheckpointError

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.trajectories import Policy

__all__ = ["WEIGHTS", "config_beside", "load_zip"]

WEIGHTS = "policy.pth"
"""The member of a zip that holds the weights of the network, targets included."""

MOST_BYTES, MOST_MEMBERS = 2**30, 1000
"""Of a zip; a larger one is not of such a network, whatever it holds."""

ENCRYPTED = 0x1
HEADERS_BYTES, PER_WEIGHT = 2**20, 4
"""Room for names and headers, and for weights of a wider type than the network's."""


def config_beside(path: Path) -> RunConfig | None:
    """Return the config that stands beside a zip under its name, or None.

    Raises:
        ConfigError: If it has faults.
    """
    from security_dilemma_training.config import RunConfig, load

    beside = path.with_suffix(".yaml")
    return load(beside, [], RunConfig) if beside.is_file() else None


def load_zip(path: Path, config: RunConfig) -> Policy:
    """Return the policy of a zip of stable-baselines3.

    Args:
        path: What ``model.save`` wrote.
        config: The learner's algorithm and hidden layers, and the game that its observations and actions are of.

    Raises:
        CheckpointError: If the zip is damaged, is too large, has members that no such zip has, or holds another network
            than the config's, or if a weight is not finite.
    """
    from security_dilemma_training.algorithms import ALGORITHMS

    algorithm = ALGORITHMS[config.learner.algorithm]
    network = algorithm.network(config)
    expected = network.state_dict()
    most = PER_WEIGHT * sum(value.nbytes for value in expected.values()) + HEADERS_BYTES
    weights = _tensors(path, _member(path, most), most)
    problem = _difference(expected, weights)
    if problem:
        raise CheckpointError(
            f"{path} holds another network than its config describes ({problem}): give learner.algorithm, "
            f"learner.hidden_sizes and the game in {path.with_suffix('.yaml').name} beside it"
        )
    wild = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if wild:
        raise CheckpointError(f"{path}: weights are not finite ({', '.join(wild[:4])}): train it again")
    network.load_state_dict(weights)
    return algorithm.policy(network, config)


def _member(path: Path, most: int) -> bytes:
    """Return the bytes of the weights' member, after a look at the names and sizes of all."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise CheckpointError(f"{path} has {size:,} bytes: at most {MOST_BYTES:,} are read")
        with zipfile.ZipFile(path) as archive:
            info = _only(path, archive.infolist())
            if info.file_size > most:
                raise CheckpointError(f"{path}: {WEIGHTS} has {info.file_size:,} bytes, its config's at most {most:,}")
            with archive.open(info) as member:
                return member.read(most + 1)
    except (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path} is damaged or no zip of stable-baselines3 ({error}): save it again") from error


def _only(path: Path, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The weights' member, where all members are such as stable-baselines3 writes."""
    if len(members) > MOST_MEMBERS:
        raise CheckpointError(f"{path} has {len(members):,} members: no zip of stable-baselines3 has so many")
    names = [PurePosixPath(member.filename) for member in members]
    outside = [str(name) for name in names if name.is_absolute() or ".." in name.parts or set(str(name)) & {"\\", ":"}]
    if outside:
        raise CheckpointError(f"{path} names files outside itself ({', '.join(outside[:4])}): it is refused as a whole")
    found = [member for member in members if member.filename == WEIGHTS]
    if len(found) != 1:
        raise CheckpointError(f"{path} has {len(found)} members {WEIGHTS}, not one: save it with model.save")
    if found[0].flag_bits & ENCRYPTED:
        raise CheckpointError(f"{path}: {WEIGHTS} is encrypted: save it without a password")
    return found[0]


def _tensors(path: Path, content: bytes, most: int) -> dict[str, torch.Tensor]:
    """The tensors that a file of ``torch.save`` holds by name, and nothing else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as records:  # what torch wrote before 1.6 is no zip, and refused
            infos = records.infolist()
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos) or sum(i.file_size for i in infos) > most:
            raise CheckpointError(f"{path}: {WEIGHTS} unpacks to more than its config's network: it is refused")
        found: Any = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # a file made to do harm may fail in any way
        why = str(error).strip().split("\n")[0]
        raise CheckpointError(
            f"{path}: {WEIGHTS} holds something else than weights, and was not run ({why})"
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in found.items()
    ):
        raise CheckpointError(f"{path}: {WEIGHTS} holds something else than weights by name: save it with model.save")
    return {str(name): value.detach() for name, value in found.items()}


def _difference(expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> str:
    """The first differences between two networks in words; empty if there are none."""
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    told = [f"without {name}" for name in missing] + [f"with {name}" for name in more]
    for name in sorted(expected.keys() & found.keys()):
        ours, theirs = expected[name], found[name]
        plain = theirs.layout == torch.strided and theirs.device.type == "cpu" and not theirs.is_quantized
        if theirs.shape != ours.shape:
            told.append(f"{name} of shape {tuple(theirs.shape)}, not {tuple(ours.shape)}")
        elif not plain or theirs.is_floating_point() != ours.is_floating_point():
            told.append(f"{name} of type {theirs.dtype}, not {ours.dtype}")
    return ", ".join(told[:4])
