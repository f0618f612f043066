"""The command ``export`` of ``security-dilemma``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders, or folders that hold some.")],
    out: Annotated[Path, typer.Option(help="The file to write, .parquet or .npz.")],
    games: Annotated[
        int | None, typer.Option(min=1, help="Episodes of each run and pair of intents.", show_default="the config's")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the games.", show_default="the config's")] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(help="A pair of intents, as `mixed`; may be given several times.", show_default="all"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> int:
    """Write the evaluated episodes of trained runs into one file: observations, actions, rewards, ends and intents.

    [bold]Example[/bold]

        security-dilemma export runs/intense --out intense.parquet --pairs mixed --games 500
    """
    from security_dilemma_training.display import display
    from security_dilemma_training.episode_files import export as export_runs
    from security_dilemma_training.faults import ConfigError, Fault
    from security_dilemma_training.runs import Run, find_runs

    if out.exists() and not overwrite:
        raise ConfigError([Fault("out", f"= {str(out)!r} is there already: replace it with --overwrite")])
    folders = list(dict.fromkeys(folder for path in runs for folder in find_runs(path)))
    opened = [Run.open(folder) for folder in folders]
    with display([str(out)]) as shown:

        def report(share: float, message: str) -> None:
            shown.progress(0, share, message)
            shown.tick()

        shown.began(0)
        rows = export_runs(opened, out, games=games, seed=seed, pairs=pairs or (), report=report)
        shown.ended(0, failed=False)
    print(f"{rows:,} rows in {out}; what stands in them: docs/dataset.md")
    return 0
