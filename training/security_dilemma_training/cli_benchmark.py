"""The command ``benchmark`` of ``security-dilemma``."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from security_dilemma_training.cli_options import (
    Exploitability,
    Overwrite,
    TrustImports,
    all_overrides,
    cores,
    file_and_changes,
    measures,
)

__all__ = ["Address", "CellSeeds", "Engine", "EngineName", "Out", "Workers", "benchmark"]

BENCHMARK_FILE = Path("configs/benchmark.yaml")

Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Runs at the same time.", show_default="one per core, of the cluster's with Ray"),
]


class EngineName(StrEnum):
    """The engines, see :data:`security_dilemma_training.benchmark.engines.ENGINES`."""

    LOCAL = "local"
    RAY = "ray"


Engine = Annotated[EngineName, typer.Option(help="Processes of this machine, or Ray's.")]
Address = Annotated[
    str | None, typer.Option(help="Of a Ray cluster, HOST:PORT or auto.", show_default="one of this machine alone")
]
CellSeeds = Annotated[int | None, typer.Option(min=1, help="Seeds of each cell.", show_default="the config's")]
Out = Annotated[Path | None, typer.Option(help="Folder of the results.", show_default="runs/<name of config>")]


def benchmark(
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG] [KEY=VALUE]...",
            help="A YAML file (default: configs/benchmark.yaml if it is there), and changes to it. Several values, as "
            "in algorithms=ppo,dqn or params.war_cost=0.1..0.3..0.1, are run in every combination.",
        ),
    ] = None,
    engine: Engine = EngineName.LOCAL,
    address: Address = None,
    workers: Workers = None,
    seeds: CellSeeds = None,
    out: Out = None,
    overwrite: Overwrite = False,
    exploitability: Exploitability = False,
    trust_imports: TrustImports = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be run, and about how long.")] = False,
) -> int:
    """Compare algorithms: run every combination with worlds, schemes, controls and seeds, and report; goes on if cut.

    [bold]Example[/bold]

        security-dilemma benchmark configs/benchmark.yaml algorithms=ppo,dqn seeds=0..9 --engine ray
    """
    if address is not None and engine is not EngineName.RAY:
        raise typer.BadParameter("an address is for --engine ray", param_hint="--address")
    from security_dilemma_training.benchmark import engines
    from security_dilemma_training.benchmark.benchmark import run_benchmark
    from security_dilemma_training.benchmark.plan_config import load_benchmark
    from security_dilemma_training.benchmark.plan_rows import wanted_rows
    from security_dilemma_training.benchmark.plan_table import print_plan
    from security_dilemma_training.benchmark.results import RESULTS_FILE, read_rows

    config, source = file_and_changes(given or [], BENCHMARK_FILE)
    source += ["measures.exploitability=true"] * exploitability
    asked = load_benchmark(config, all_overrides(source, out, seeds))
    more = measures(asked.measures.exploitability, asked.measures.beliefs)
    source = [*([str(config)] if config else []), *source, *["--trust-imports"] * trust_imports]
    if dry_run:
        print_plan(wanted_rows(asked, more, source), read_rows(asked.folder / RESULTS_FILE), workers or cores())
        return 0
    chosen = engines.engine(engine.value, workers, address)
    command = shlex.join(["security-dilemma", *sys.argv[1:]])
    return run_benchmark(asked, chosen, more, command, source, overwrite=overwrite)
