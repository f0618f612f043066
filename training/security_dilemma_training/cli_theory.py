"""The commands ``theory`` and ``tournament`` of ``security-dilemma``."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from security_dilemma_training.cli_options import Workers, cores

__all__ = ["Commands", "theory", "tournament"]


def theory(*, learn: bool, seeds: int, out: Path, workers: int | None, **settings: float) -> int:
    """Hold the environment, and with --learn learners, against closed forms of theory, at any parameters.

    [bold]Example[/bold]

        security-dilemma theory --balance 1.3 --war-cost 0.3 --learn --seeds 20
    """
    from security_dilemma_training.theory.settings import Settings
    from security_dilemma_training.theory.table import run_theory

    asked = Settings(**settings)
    return run_theory(asked, learn=learn, seeds=seeds, folder=out, workers=workers or cores(), command=_command())


def _option(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


OWN_OPTIONS = (
    _option(
        *("learn", False),
        Annotated[bool, typer.Option("--learn", help="Let learners do their experiments, too; takes minutes.")],
    ),
    _option("seeds", 3, Annotated[int, typer.Option(min=1, help="Seeds of each kind of learner.")]),
    _option("out", Path("runs/theory"), Annotated[Path, typer.Option(help="Folder of the table and of the runs.")]),
    _option("workers", None, Workers),
)
"""Options of ``theory`` beside its settings."""


def _take(options: Sequence[inspect.Parameter]) -> None:
    """Let ``theory`` take these options: typer reads a command's from its signature."""
    theory.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    theory.__annotations__ = {option.name: option.annotation for option in options}


_take(OWN_OPTIONS)


class Commands(TyperGroup):
    """The commands; the settings of ``theory``, which are parameters of the model, are loaded when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the command that is called, ``theory`` with an option for each setting."""
        name, command, rest = super().resolve_command(ctx, args)
        if name == "theory":
            from security_dilemma_training.theory.settings import SETTINGS, Settings

            defaults = asdict(Settings())
            helps = {key: f"{allowed.meaning}; in {allowed}".replace("[", r"\[") for key, allowed in SETTINGS.items()}
            _take(
                [
                    *(_option(k, defaults[k], Annotated[float, typer.Option(help=helps[k])]) for k in SETTINGS),
                    *OWN_OPTIONS,
                ]
            )
            whole = typer.Typer(add_completion=False, rich_markup_mode="rich")
            whole.command("theory", context_settings=ctx.command.context_settings)(theory)
            command = typer.main.get_command(whole)
        return name, command, rest


def tournament(
    players: Annotated[
        list[str],
        typer.Argument(metavar="PLAYER", help="Names of strategies or `strategies` for all, run folders, folders."),
    ],
    world: Annotated[
        list[str] | None, typer.Option(help="One of Jervis's worlds; may be given several times.", show_default="all")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A parameter changed in all worlds; several times.")
    ] = None,
    games: Annotated[int | None, typer.Option(min=1, help="Games of each meeting of two policies.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all games.")] = 0,
    n_states: Annotated[int, typer.Option(min=2, help="Number of states.")] = 2,
    max_cycles: Annotated[int, typer.Option(min=1, help="Time limit of a game in steps.")] = 64,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Play all pairs of intents, not security seekers alone.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/tournament"),
    workers: Workers = None,
) -> int:
    """Let scripted and learned states play each other in every world; an interrupted tournament goes on.

    [bold]Example[/bold]

        security-dilemma tournament grim grit hawk runs/four_worlds/intense --world intense --mixed
    """
    from security_dilemma_training.faults import ConfigError
    from security_dilemma_training.sources import with_overrides
    from security_dilemma_training.tournaments.tournament import GAMES, run_tournament, tournament_worlds

    changes, faults = with_overrides({}, param or [])
    if faults:
        raise ConfigError(faults)
    return run_tournament(
        players,
        tournament_worlds(world or [], changes, n_states),
        out,
        workers or cores(),
        games=games or GAMES,
        seed=seed,
        n_states=n_states,
        max_cycles=max_cycles,
        mixed=mixed,
        command=_command(),
    )


def _command() -> str:
    return shlex.join(["security-dilemma", *sys.argv[1:]])
