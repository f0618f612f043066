"""Studies by name: those of the folder ``configs/studies``, here or shipped with the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import security_dilemma_training
from security_dilemma.params import nearest
from security_dilemma_training.config import parse
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.import_paths import untrusted_faults
from security_dilemma_training.sources import label_of, outside_fault, read_yaml, with_overrides
from security_dilemma_training.studies.study_config import StudyConfig

__all__ = ["load_study", "studies", "study_file"]

HERE = Path("configs/studies")


def studies() -> dict[str, Path]:
    """Return the files of the studies by name: those of the working directory, else those shipped with the package."""
    package = Path(security_dilemma_training.__file__).parent
    for folder in (HERE, package / HERE, package.parents[1] / HERE):
        found = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        if found:
            return found
    return {}


def study_file(name: str) -> Path:
    """Return the file of a study.

    Args:
        name: Of a study, or a file of its own.

    Raises:
        ConfigError: If there is no such study.
    """
    known = studies()
    if name in known:
        return known[name]
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    problem = f"= {name!r} is unknown: {nearest(name, known)}, or give a YAML file of your own"
    raise ConfigError([Fault("study", problem)])


def load_study(name: str, overrides: Sequence[str]) -> StudyConfig:
    """Read a study; files of configs that its conditions name are found beside it.

    Args:
        name: See :func:`study_file`.
        overrides: Changes as ``key=value``.

    Raises:
        ConfigError: Listing every fault of the file and the overrides.
    """
    path = study_file(name)
    data, faults = with_overrides(read_yaml(path), overrides)
    faults += untrusted_faults(data)
    faults += outside_fault(data, overrides)
    data.setdefault("name", label_of(path))
    conditions = data.get("conditions")
    for condition in conditions.values() if isinstance(conditions, dict) else ():
        if isinstance(condition, dict) and isinstance(condition.get("config"), str):
            condition["config"] = _beside(path, condition["config"])
    return parse(data, StudyConfig, source=str(path), faults=faults)


def _beside(path: Path, file: Any) -> str:
    """A file that is named relative to another one, as seen from the working directory if it lies within."""
    found = (path.parent / file).resolve()
    here = Path.cwd().resolve()
    return str(found.relative_to(here) if found.is_relative_to(here) else found)
