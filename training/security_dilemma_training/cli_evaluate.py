"""The command ``evaluate`` of ``security-dilemma``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from security_dilemma_training.cli_options import Beliefs, Exploitability, TrustImports, Workers, cores, measures

__all__ = ["evaluate"]

Report = Callable[[float, str], None]


def evaluate(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="Run folders, or folders that hold some.")
    ] = None,
    games: Annotated[
        int | None, typer.Option(min=1, help="Games for each pair of intents.", show_default="the config's")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the games.", show_default="the config's")] = None,
    exploitability: Exploitability = False,
    beliefs: Beliefs = False,
    player: Annotated[
        str | None,
        typer.Option(help="Instead of runs: a strategy, a zip of stable-baselines3, or your own module:attribute."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file with the games of the player.")] = None,
    states: Annotated[
        int | None,
        typer.Option(min=2, max=8, help="Number of states of the player's games.", show_default="the config's"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the results of the player.")] = None,
    workers: Workers = None,
    trust_imports: TrustImports = False,
) -> int:
    """Measure the policies of trained runs, or anyone's policy, over fresh games, and print a table.

    [bold]Example[/bold]

        security-dilemma evaluate runs/intense runs/not_intense/seed_0 --games 5000

        security-dilemma evaluate --player my_policy:policy --config configs/intense.yaml

        security-dilemma evaluate --player runs/pooled_ppo/seed_0 --config configs/algorithms/pooled_ppo.yaml --states 5
    """
    _require(runs, player, config, out or states, exploitability or beliefs)
    del trust_imports  # has had its effect
    if player is not None and config is not None:
        return _evaluate_player(player, config, out, states, {"games": games, "seed": seed})
    return _evaluate_runs(runs or [], workers, {"games": games, "seed": seed} | measures(exploitability, beliefs))


def _require(runs: list[Path] | None, player: str | None, config: Path | None, its: object, more: bool) -> None:
    """Refuse options that do not go together."""
    problem = None
    if (player is None) == (not runs):
        problem = "name either run folders or a --player"
    elif player is None and (config or its):
        problem = "--config, --states and --out go with --player: runs have their own config and folder"
    elif player is not None and config is None:
        problem = "--player needs the --config of its games, as in --config configs/intense.yaml"
    elif player is not None and more:
        problem = "--exploitability and --beliefs are measured of runs: leave them out with --player"
    if problem:
        raise typer.BadParameter(problem)


def _evaluate_runs(runs: list[Path], workers: int | None, asked: dict[str, Any]) -> int:
    from security_dilemma_training.errors import RunError
    from security_dilemma_training.jobs import Job, exit_status, run_jobs
    from security_dilemma_training.runs import Run, find_runs

    folders = list(dict.fromkeys(folder for path in runs for folder in find_runs(path)))
    untrained = [str(folder) for folder in folders if not Run.open(folder).policy_path.exists()]
    if untrained:
        raise RunError(f"{', '.join(untrained)}: no policy yet; `security-dilemma train CONFIG` goes on to its end")
    jobs = [Job(str(folder), _evaluate_one, {"folder": str(folder)} | asked) for folder in folders]
    outcomes = run_jobs(jobs, workers or cores())
    results = [outcome.result for outcome in outcomes if outcome.error is None]
    if results:
        from security_dilemma_training.summary import print_tables

        print_tables(results)
    return exit_status(outcomes)


def _evaluate_one(folder: str, report: Report, **asked: Any) -> dict[str, Any]:
    """Measure one run, in a worker process."""
    from security_dilemma_training.measuring import measured
    from security_dilemma_training.runs import Run

    results: dict[str, Any] = measured(Run.open(folder), report, reuse=False, **asked)
    return results


def _evaluate_player(spec: str, path: Path, out: Path | None, states: int | None, asked: dict[str, Any]) -> int:
    from security_dilemma_training.config import RunConfig, load
    from security_dilemma_training.kept import keep
    from security_dilemma_training.player_evaluation import evaluate_player, with_states
    from security_dilemma_training.summary import print_tables

    config = load(path, [], RunConfig)
    config = config if states is None else with_states(config, states)
    results = evaluate_player(spec, config, trusted=True, **asked)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        keep(out, results)
    print(f"{spec} among its like in the games of {path}:")
    print_tables([results])
    return 0
