"""The cells of a benchmark: every combination of what is asked, each with the config of its runs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from security_dilemma.params import WORLDS, nearest
from security_dilemma_training.benchmark.controls import CONTROLS, controlled
from security_dilemma_training.config import NAME, RunConfig, config_hash
from security_dilemma_training.faults import Fault, model_faults
from security_dilemma_training.learner_sections import ALGORITHM_NAMES
from security_dilemma_training.partner_sections import SCHEMES

if TYPE_CHECKING:
    from security_dilemma_training.benchmark.plan_config import BenchmarkConfig

__all__ = ["Cell", "cells_of"]

SECTIONS = {"algorithms": "learner", "schemes": "partners", "worlds": "params"}
"""Sections of a benchmark whose entries have names, and the section of a run that one of them is."""

VARIED = ("learner", "params", "game", "schedule")
"""Sections whose keys can be varied in all cells."""

LABEL_LENGTH = 80
"""Longest part of a folder's name that is made of labels."""

MOST_RUNS = 10_000
"""More runs in one benchmark are refused: the plan alone would take minutes, and most likely an axis is a slip."""


class Cell(NamedTuple):
    """One combination: what its runs share but for their seeds."""

    algorithm: str  # its name in the benchmark, as are the next three
    scheme: str
    world: str
    control: str
    changes: Mapping[str, Any]  # values of the axes that concern it, by dotted key
    config: RunConfig
    config_hash: str

    @property
    def label(self) -> str:
        """What it is called in displays and folders: what is the usual case goes without saying."""
        more = [part for part in (self.scheme, self.control) if part not in ("self_play", "none")]
        return "-".join([self.algorithm, self.world, *more])

    @property
    def folder(self) -> str:
        """The name of its folder, which no other config has."""
        return f"{self.label[:LABEL_LENGTH]}-{self.config_hash[:12]}"


def cells_of(asked: BenchmarkConfig) -> tuple[tuple[Cell, ...], list[Fault]]:
    """Return the cells of a benchmark, and the faults of those that cannot be run.

    Cells that differ in no option of a run come once: an axis of one algorithm does not multiply the others.
    """
    names = list(itertools.product(asked.algorithms, asked.worlds, asked.schemes, asked.controls))
    faults = [*_name_faults(asked), *_axis_faults(asked)] or _size_faults(asked, names)
    if faults:
        return (), faults
    cells: list[Cell] = []
    where: dict[Fault, list[str]] = {}
    for algorithm, world, scheme, control in names:
        for changes in _changes(asked, {"algorithms": algorithm, "worlds": world, "schemes": scheme}):
            config, found = _config(asked, algorithm, scheme, world, control, changes)
            if config is not None:
                hashed = config_hash(config.resolved())
                cells.append(Cell(algorithm, scheme, world, control, changes, config, hashed))
            for fault in found:
                where.setdefault(fault, []).append(f"{algorithm} in {world}")
    return tuple(cells), [_told(fault, places, len(names)) for fault, places in where.items()]


def _told(fault: Fault, places: list[str], total: int) -> Fault:
    """Say of a fault in which cells it is, unless it is in all."""
    distinct = list(dict.fromkeys(places))
    if len(places) >= total:
        return fault
    more = f" and {len(distinct) - 2} more" if len(distinct) > 2 else ""
    return Fault(fault.key, f"{fault.problem} ({', '.join(distinct[:2])}{more})", fault.involves)


def _name_faults(asked: BenchmarkConfig) -> Iterator[Fault]:
    """Faults of the names of entries, which are parts of folders and of the table."""
    kinds = (("algorithms", "algorithm", ALGORITHM_NAMES), ("schemes", "scheme", SCHEMES))
    for section in SECTIONS:
        for name in getattr(asked, section):
            if not re.fullmatch(NAME, name):
                yield Fault(section, f"names {name!r}: a name must be of the form {NAME}")
    for section, kind, known in kinds:
        for name, options in getattr(asked, section).items():
            chosen = options.get(kind, name)
            if chosen not in known:
                key = f"{section}.{name}" + (f".{kind}" if kind in options else "")
                yield Fault(key, f"= {chosen!r} is unknown: {nearest(str(chosen), known)}")
    for name, changes in asked.worlds.items():
        if name not in WORLDS and not changes:
            hint = "a world of your own needs parameters, as in `name: {balance: 0.5}`"
            yield Fault(f"worlds.{name}", f"is an unknown world: {nearest(name, WORLDS)} ({hint})")
    for name in asked.controls:
        if name not in CONTROLS:
            yield Fault("controls", f"= {name!r} is unknown: {nearest(name, CONTROLS)}")
        elif asked.controls.count(name) > 1:
            yield Fault("controls", f"= {list(asked.controls)} names {name} more than once")


def _axis_faults(asked: BenchmarkConfig) -> Iterator[Fault]:
    for key, values in asked.axes.items():
        section, _, option = key.partition(".")
        if section in SECTIONS:
            name, _, option = option.rpartition(".")
            if name not in getattr(asked, section):
                yield Fault(
                    key, f"cannot be varied: {section} has no {name!r}: {nearest(name, getattr(asked, section))}"
                )
        if (section not in SECTIONS and section not in VARIED) or not option:
            varied = ", ".join([*(f"{name}.<key>" for name in VARIED), *(f"{name}.<name>.<key>" for name in SECTIONS)])
            yield Fault(key, f"= {list(values)} cannot be varied; what can be is {varied}: give it one value")
        if any(value in values[:place] for place, value in enumerate(values)):
            yield Fault(key, f"= {list(values)} has a value more than once")


def _size_faults(asked: BenchmarkConfig, names: Sequence[tuple[str, str, str, str]]) -> list[Fault]:
    """The fault of a product that is too large, counted without making it."""
    sections = [{"algorithms": algorithm, "worlds": world, "schemes": scheme} for algorithm, world, scheme, _ in names]
    runs = len(asked.seeds) * sum(math.prod(len(asked.axes[key]) for key in _own_axes(asked, own)) for own in sections)
    if runs <= MOST_RUNS:
        return []
    sizes = {key: len(getattr(asked, key)) for key in (*SECTIONS, "controls", "seeds")}
    sizes |= {key: len(values) for key, values in asked.axes.items()}
    told = ", ".join(f"{size:,} of {key}" for key, size in sizes.items() if size > 1)
    problem = f"come to {runs:,} runs ({told}), more than {MOST_RUNS:,}: take fewer values, or several benchmarks"
    return [Fault("all combinations", problem)]


def _own_axes(asked: BenchmarkConfig, names: Mapping[str, str]) -> list[str]:
    """The axes that concern a cell: those of all, and those of its own entries."""
    return [
        key
        for key in asked.axes
        if (section := key.partition(".")[0]) not in SECTIONS
        or key.partition(".")[2].rpartition(".")[0] == names[section]
    ]


def _changes(asked: BenchmarkConfig, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The points of the product of the axes that concern a cell."""
    own = _own_axes(asked, names)
    for values in itertools.product(*(asked.axes[key] for key in own)):
        yield dict(zip(own, values, strict=True))


def _config(
    asked: BenchmarkConfig, algorithm: str, scheme: str, world: str, control: str, changes: Mapping[str, Any]
) -> tuple[RunConfig | None, list[Fault]]:
    """The config of a cell, or its faults."""
    own = {"algorithms": asked.algorithms[algorithm], "schemes": asked.schemes[scheme], "worlds": asked.worlds[world]}
    data: dict[str, Any] = {
        "name": world,
        "world": world if world in WORLDS else None,
        "learner": {"algorithm": algorithm, **asked.learner, **own["algorithms"]},
        "partners": {"scheme": scheme, **own["schemes"]},
        "params": {**asked.params, **own["worlds"]},
        **{name: getattr(asked, name).model_dump(exclude_unset=True) for name in ("game", "schedule", "evaluation")},
        "output": {"tensorboard": asked.output.tensorboard},
    }
    for key, value in sorted(changes.items(), key=lambda change: change[0].partition(".")[0] in SECTIONS):
        section, _, option = key.partition(".")
        data[SECTIONS.get(section, section)][option.rpartition(".")[2]] = value
    data = controlled(data, control)
    try:
        return RunConfig.model_validate(data), []
    except ValidationError:
        names = {"algorithms": algorithm, "schemes": scheme, "worlds": world}
        return None, [_renamed(fault, own, names) for fault in model_faults(RunConfig, data)]


def _renamed(fault: Fault, own: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> Fault:
    """Return a fault with the key that the benchmark has for an option of one of its entries."""
    section, _, option = fault.key.partition(".")
    for entries, theirs in SECTIONS.items():
        if section == theirs and re.split(r"[.\[]", option)[0] in own[entries]:
            return Fault(f"{entries}.{names[entries]}.{option}", fault.problem, fault.involves)
    return Fault(fault.key, fault.problem)
