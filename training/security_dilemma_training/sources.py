"""Where configs come from: YAML files, read strictly, and ``key=value`` changes to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from security_dilemma_training.faults import ConfigError, Fault

__all__ = ["label_of", "outside_fault", "read_yaml", "with_overrides"]


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which refuses keys given twice and reads ``1e-3`` as the number it is."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise yaml.MarkedYAMLError(
                problem=f"key {key!r} is given twice", problem_mark=node.value[place][0].start_mark
            )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigError: If the file cannot be read, or has a fault of syntax, told with its line.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
        raise ConfigError([Fault("", f"the file {reason}")], str(path)) from error
    except yaml.YAMLError as error:
        raise ConfigError([Fault("", _syntax(error))], str(path)) from error
    if data is not None and not isinstance(data, dict):
        raise ConfigError([Fault("", f"the file must hold `key: value` lines, not {data!r}")], str(path))
    return data or {}


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{getattr(error, 'problem', None) or error}: correct the YAML there"


def label_of(path: Path) -> str | None:
    """Return the name of a config that has none in its file: that of the file, as far as it can name a folder."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", path.stem).lstrip("._-") or None


def with_overrides(data: Mapping[str, Any], overrides: Sequence[str]) -> tuple[dict[str, Any], list[Fault]]:
    """Return ``data`` with ``key=value`` changes, and the faults of their form.

    Unknown keys are left for the config to find.
    """
    changed, faults = deepcopy(dict(data)), []
    for text in overrides:
        key, equals, value = text.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            faults.append(Fault("", f"{text!r} on the command line must be key=value, as in learner.n_steps=64"))
            continue
        try:
            parsed = yaml.load(value, _Loader)
        except yaml.YAMLError as error:
            faults.append(Fault(key, f"= {value!r} on the command line is not YAML: {_syntax(error)}"))
            continue
        problem = _put(changed, parts, parsed)
        if problem:
            faults.append(Fault(key, problem))
    return changed, faults


def _put(data: dict[str, Any], parts: list[str], value: Any) -> str | None:
    """Set a value in place; return what stands in the way."""
    for place, part in enumerate(parts[:-1]):
        if data.get(part) is None:
            data[part] = {}
        data = data[part]
        if not isinstance(data, dict):
            return f"cannot be set: {'.'.join(parts[: place + 1])} = {data!r} holds no keys"
    data[parts[-1]] = value
    return None


def outside_fault(data: Mapping[str, Any], overrides: Sequence[str]) -> list[Fault]:
    """Return the fault of an output folder of a file that is outside the working directory and is not overridden."""
    if any(text.partition("=")[0].strip() in ("output", "output.folder") for text in overrides):
        return []
    output = data.get("output")
    folder = output.get("folder") if isinstance(output, dict) else None
    if not isinstance(folder, str) or Path(folder).resolve().is_relative_to(Path.cwd().resolve()):
        return []
    problem = f"= {folder!r} in a file must lie inside the working directory: give other folders with --out"
    return [Fault("output.folder", problem)]
