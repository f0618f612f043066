"""The command ``study`` of ``security-dilemma``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from security_dilemma_training.cli_options import Overrides, Overwrite, TrustImports, Workers, all_overrides, cores

__all__ = ["study"]


def study(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A study, or a YAML file of your own; without it all are listed."),
    ] = None,
    overrides: Overrides = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds of each condition.", show_default="the study's")
    ] = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.", show_default="runs/studies/NAME")] = None,
    overwrite: Overwrite = False,
    trust_imports: TrustImports = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be run.")] = False,
) -> int:
    """Run a study: learn every condition with every seed, measure, compare, and sum it up on a page; goes on if cut.

    [bold]Example[/bold]

        security-dilemma study culture --seeds 20 --out runs/culture
    """
    from security_dilemma_training.studies import finding

    del trust_imports  # has had its effect
    if name is None:
        return _print_studies()
    asked = finding.load_study(name, all_overrides(overrides, out, seeds))
    from security_dilemma_training.studies import study as running

    if dry_run:
        running.print_plan(asked)
        return 0
    command = shlex.join(["security-dilemma", *sys.argv[1:]])
    return running.study(asked, workers or cores(), command, overwrite=overwrite)


def _print_studies() -> int:
    """Print the studies that there are, with what they ask."""
    from rich.console import Console
    from rich.table import Table

    from security_dilemma_training.sources import read_yaml
    from security_dilemma_training.studies import finding

    table = Table("study", "asks", box=None, pad_edge=False)
    for name, path in finding.studies().items():
        table.add_row(name, str(read_yaml(path).get("question", "")))
    Console().print(table)
    return 0
