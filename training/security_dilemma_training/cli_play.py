"""The command ``play`` of ``security-dilemma``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from security_dilemma_training.cli_options import INTENT_NAMES, INTERRUPTED

if TYPE_CHECKING:
    from security_dilemma_training.replay.episode import Episode

__all__ = ["play"]

SEEDS = 100_000
"""A seed is drawn below this: short enough to type again."""


def play(
    world: Annotated[
        str | None,
        typer.Option(help="One of the four worlds.", show_default="that of the opponent's run, or doubly_dangerous"),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="PLAYER", help="A strategy, a run folder, a zip of stable-baselines3 or module:attribute."
        ),
    ] = "grim",
    config: Annotated[Path | None, typer.Option(help="A YAML file with the game, instead of a world.")] = None,
    seat: Annotated[int, typer.Option("--as", min=0, help="Which state you are.")] = 0,
    intent: Annotated[
        str | None, typer.Option(help="Your intent, seeker or greedy.", show_default="drawn, and told to you")
    ] = None,
    states: Annotated[
        int | None, typer.Option(min=2, max=8, help="Number of states, all others with the same player.")
    ] = None,
    max_cycles: Annotated[int | None, typer.Option(min=1, help="Time limit in steps.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the game.", show_default="drawn")] = None,
    out: Annotated[Path | None, typer.Option(help="HTML file for the replay of the game.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> int:
    """Play one state yourself, in the terminal: you see what a state sees, and learn the others' intents at the end.

    Choose with arrow keys and Enter or with numbers; ? explains, q leaves. Where the input is no terminal, each turn is
    a line of numbers, as `1` or `1 0`.

    [bold]Example[/bold]

        security-dilemma play --world intense --against grim

        security-dilemma play --against runs/four_worlds/doubly_dangerous/seed_0 --intent greedy --out game.html
    """
    import secrets

    from rich.console import Console

    from security_dilemma_training.by_hand.asking import LeftError, asker
    from security_dilemma_training.by_hand.game import ByHand, by_hand_config, command, same_moves
    from security_dilemma_training.by_hand.screen import show_end
    from security_dilemma_training.out_files import refuse_out

    if out is not None:
        refuse_out(out, overwrite=overwrite, example="game.html")
    seed = secrets.randbelow(SEEDS) if seed is None else seed
    held = _intent(intent)
    game = ByHand(by_hand_config(against, world, config, states, max_cycles), against, seat, seed, held)
    options = {"world": world, "config": config, "against": against, "as": seat or None, "intent": held}
    options |= {"states": states, "max-cycles": max_cycles, "seed": seed}
    console = Console(highlight=False)
    asked = asker(console)
    person = game.person(console, asked)
    try:
        episode = game.play(person)
    except (LeftError, KeyboardInterrupt) as end:
        print(f"\nleft in step {len(person.done)}; the same game from the start: {command(options)}")
        if isinstance(end, KeyboardInterrupt):
            raise SystemExit(INTERRUPTED) from end
        return 0
    show_end(console, episode, seat)
    print(f"\nthe same game again: {command(options)}")
    _keep(episode, out, f"your moves again, with a replay to look at:\n{same_moves(options, person.done)}")
    return 0


def _intent(given: str | None) -> str | None:
    """The intent by its name in the rules."""
    from security_dilemma_training.faults import ConfigError, Fault

    if given is not None and given not in INTENT_NAMES:
        raise ConfigError([Fault("intent", f"= {given!r} must be seeker or greedy")])
    return None if given is None else INTENT_NAMES[given]


def _keep(episode: Episode, out: Path | None, again: str) -> None:
    """Write the replay, or tell the command that does; so it is told, too, where writing fails after all."""
    if out is None:
        print(again)
        return
    from security_dilemma_training.replay.page import write_replay

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_replay([episode], out)
    except OSError:
        print(again)
        raise
    print(f"its replay is in {out}; open it in a browser")
