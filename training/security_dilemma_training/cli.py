"""The command ``security-dilemma``: train, evaluate, the four worlds from end to end, theory and tournaments."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from security_dilemma_training import (
    cli_benchmark,
    cli_evaluate,
    cli_export,
    cli_phase_diagram,
    cli_play,
    cli_replay,
    cli_study,
    cli_theory,
    cli_tune,
)
from security_dilemma_training.cli_options import (
    INTERRUPTED,
    Beliefs,
    Exploitability,
    Overrides,
    Overwrite,
    TrustImports,
    Workers,
    all_overrides,
    cores,
    measures,
)

if TYPE_CHECKING:
    from security_dilemma_training.config import FourWorldsConfig, RunConfig

__all__ = ["app", "main"]

FAULTY_INPUT = 2
"""Exit status: what was asked cannot be done."""

FOUR_WORLDS_FILE = Path("configs/four_worlds.yaml")

app = typer.Typer(
    name="security-dilemma",
    cls=cli_theory.Commands,
    help="Learn policies in worlds of the security dilemma, and measure in which of them security seekers go to war.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; faults of what was asked are told in one message, without a traceback."""
    status: Any
    try:
        status = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception as error:
        status = _told(error)
        if status is None:
            raise
    if status == INTERRUPTED:
        _tell("interrupted: the same command, without --overwrite, goes on where it stopped", INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _tell(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status


def _told(error: Exception) -> int | None:
    """Tell an error that is the user's to mend, and return the exit status; None if it is a defect."""
    usage = getattr(error, "show", None)  # a fault of the command line itself, which knows how to show itself
    if callable(usage):
        usage()
        return int(getattr(error, "exit_code", FAULTY_INPUT))
    from security_dilemma_training.errors import USERS_ERRORS

    if isinstance(error, USERS_ERRORS):
        return _tell(f"security-dilemma: {error}", FAULTY_INPUT)
    if isinstance(error, OSError) and error.filename is not None:
        return _tell(f"security-dilemma: {error.filename}: {error.strerror}", FAULTY_INPUT)
    return None


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"security-dilemma {version('security-dilemma')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version


@app.command()
def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file, as those in configs/.")],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the runs.", show_default="runs/<name of config>")] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
    trust_imports: TrustImports = False,
) -> int:
    """Train every seed of a config, each in its own run folder; interrupted runs go on.

    [bold]Example[/bold]

        security-dilemma train configs/intense.yaml 'seeds=[0,1,2]' --out runs/trial
    """
    from security_dilemma_training.batch_jobs import run_in_processes
    from security_dilemma_training.config import RunConfig, load
    from security_dilemma_training.jobs import exit_status
    from security_dilemma_training.provenance import tell_other_makers
    from security_dilemma_training.runs import Run, refuse_own_sources

    del trust_imports  # has had its effect
    asked: RunConfig = load(config, all_overrides(overrides, out), RunConfig)
    folders = {seed: asked.folder / f"seed_{seed}" for seed in asked.seeds}
    if overwrite:
        refuse_own_sources(list(folders.values()), asked)  # before the first of them is deleted
    runs = [Run.create(folder, asked, seed, overwrite=overwrite) for seed, folder in folders.items()]
    tell_other_makers(runs)
    named = [(f"{asked.label}/{run.folder.name}", run) for run in runs]
    status = exit_status(run_in_processes(named, workers or cores()))
    if not status:
        print(f"trained in {asked.folder}; measure with: security-dilemma evaluate {asked.folder}")
    return status


@app.command("four-worlds")
def four_worlds(
    overrides: Overrides = None,
    config: Annotated[
        Path | None, typer.Option(help="A YAML file.", show_default=f"{FOUR_WORLDS_FILE} if it is there")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds of each world.", show_default="the config's")] = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.", show_default="runs/four_worlds")] = None,
    overwrite: Overwrite = False,
    exploitability: Exploitability = False,
    beliefs: Beliefs = False,
    trust_imports: TrustImports = False,
) -> int:
    """Train and evaluate every seed in Jervis's four worlds, and write a report; an interrupted one goes on.

    [bold]Example[/bold]

        security-dilemma four-worlds --seeds 20 --out runs/costly params.war_cost=0.3
    """
    from security_dilemma_training.four_worlds import four_worlds as run_four_worlds

    del trust_imports  # has had its effect
    asked = _four_worlds_config(config, all_overrides(overrides, out, seeds))
    command = shlex.join(["security-dilemma", *sys.argv[1:]])
    more = measures(exploitability, beliefs)
    return int(run_four_worlds(asked, asked.folder, workers or cores(), command, overwrite=overwrite, **more))


app.command()(cli_evaluate.evaluate)
app.command()(cli_benchmark.benchmark)
app.command("phase-diagram")(cli_phase_diagram.phase_diagram)
app.command()(cli_study.study)
app.command()(cli_theory.theory)
app.command()(cli_theory.tournament)
app.command()(cli_export.export)
app.command()(cli_play.play)
app.command()(cli_replay.replay)
app.command()(cli_tune.tune)


def _four_worlds_config(path: Path | None, overrides: list[str]) -> FourWorldsConfig:
    """Read the config; without a file, as where the package is installed, its defaults serve."""
    from security_dilemma_training.config import FourWorldsConfig, load, load_defaults

    if path is None and not FOUR_WORLDS_FILE.exists():
        return load_defaults(overrides, FourWorldsConfig)
    return load(path or FOUR_WORLDS_FILE, overrides, FourWorldsConfig)


if __name__ == "__main__":
    main()
