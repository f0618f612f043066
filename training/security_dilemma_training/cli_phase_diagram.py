"""The command ``phase-diagram`` of ``security-dilemma``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from security_dilemma_training.cli_benchmark import Address, CellSeeds, Engine, EngineName, Out, Workers
from security_dilemma_training.cli_options import Overwrite, TrustImports, all_overrides, cores, file_and_changes

if TYPE_CHECKING:
    from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig

__all__ = ["phase_diagram"]

PHASE_DIAGRAM_FILE = Path("configs/phase_diagram.yaml")


def phase_diagram(
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG] [KEY=VALUE]...",
            help=f"A YAML file (default: {PHASE_DIAGRAM_FILE} if it is there), and changes to it, as in "
            "planes.balance_trust.x.points=11.",
        ),
    ] = None,
    engine: Engine = EngineName.LOCAL,
    address: Address = None,
    workers: Workers = None,
    seeds: CellSeeds = None,
    out: Out = None,
    overwrite: Overwrite = False,
    trust_imports: TrustImports = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be run, and measure about how long it takes.")
    ] = False,
) -> int:
    """Map what is learned over planes of two parameters, with theory's boundaries on top; goes on if cut.

    [bold]Example[/bold]

        security-dilemma phase-diagram configs/phase_diagram.yaml --seeds 5 params.war_cost=0.3 --out runs/costly
    """
    if address is not None and engine is not EngineName.RAY:
        raise typer.BadParameter("an address is for --engine ray", param_hint="--address")
    from security_dilemma_training.batch_jobs import local_accelerators
    from security_dilemma_training.benchmark import engines
    from security_dilemma_training.phase_diagram import diagram
    from security_dilemma_training.phase_diagram.pace import Crew

    del trust_imports  # has had its effect
    config, changes = file_and_changes(given or [], PHASE_DIAGRAM_FILE)
    asked = _config(config, all_overrides(changes, out, seeds))
    if dry_run:
        here = address is None
        crew = Crew(workers or cores(), local_accelerators(asked.learner) if here else 0)
        diagram.print_plan(asked, crew, here=here, overwrite=overwrite)
        return 0
    chosen = engines.engine(engine.value, workers, address)
    command = shlex.join(["security-dilemma", *sys.argv[1:]])
    return diagram.phase_diagram(asked, chosen, command, overwrite=overwrite)


def _config(path: Path | None, overrides: list[str]) -> PhaseDiagramConfig:
    """Read the config; without a file, as where the package is installed, its defaults serve."""
    from security_dilemma_training.config import load, load_defaults
    from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig

    return load_defaults(overrides, PhaseDiagramConfig) if path is None else load(path, overrides, PhaseDiagramConfig)
