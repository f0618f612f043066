"""The command ``replay`` of ``security-dilemma``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from security_dilemma_training.cli_options import INTENT_NAMES, INTERRUPTED, TrustImports

if TYPE_CHECKING:
    from security_dilemma_training.replay.casting import Cast
    from security_dilemma_training.replay.episode import Episode

__all__ = ["Find", "replay"]

Report = Callable[[float, str], None]

DRAWN = "drawn"


class Find(StrEnum):
    """What a game can be looked for by."""

    WAR = "war"
    PEACE = "peace"
    CRISIS = "crisis"
    ANY = "any"


def replay(
    players: Annotated[
        list[str],
        typer.Argument(
            metavar="PLAYER",
            help="One for all states, or one for each: a run folder, a strategy, a zip of stable-baselines3, or your "
            "own module:attribute.",
        ),
    ],
    world: Annotated[
        str | None, typer.Option(help="One of the four worlds.", show_default="the games of the run folder")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file with the games.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the game, and of the first one looked at.")] = 0,
    intents: Annotated[
        str,
        typer.Option(help="seeker or greedy, one for all or one for each state, as seeker,greedy; or drawn."),
    ] = "seeker",
    find: Annotated[Find, typer.Option(help="Take the first game from the seed on that sees it.")] = Find.ANY,
    beside: Annotated[
        str | None, typer.Option(metavar="PLAYER[,PLAYER]", help="Players of a second game, shown beside the first.")
    ] = None,
    beside_world: Annotated[str | None, typer.Option(help="World of the second game.")] = None,
    beside_config: Annotated[Path | None, typer.Option(help="A YAML file with the second game.")] = None,
    beliefs: Annotated[
        bool, typer.Option("--beliefs", help="Show what could be told of intents; may take a minute.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The file to write.", show_default="replay.html, in the run folder if it is one")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    trust_imports: TrustImports = False,
) -> int:
    """Play one game and write it into one HTML file that shows what happened, step by step, and why.

    All states are security seekers unless --intents says otherwise: whether those spiral into a war that nobody wanted
    is the question. The second game has the same seed and intents as the first.

    [bold]Example[/bold]

        security-dilemma replay runs/four_worlds/doubly_dangerous/seed_1 --find war --out spiral.html

        security-dilemma replay grim hawk --world intense --intents seeker,greedy

        security-dilemma replay runs/intense/seed_0 --beside-world doubly_dangerous
    """
    from security_dilemma_training.replay.casting import cast
    from security_dilemma_training.replay.page import write_replay

    del trust_imports  # has had its effect
    path = _path(players, out, overwrite)
    casts = [cast(players, world=world, path=config)]
    if beside is not None or beside_world is not None or beside_config is not None:
        others = players if beside is None else beside.split(",")
        casts.append(cast(others, world=beside_world, path=beside_config, other=casts[0].config))
    held = _intents(intents, casts)
    with _shown(str(path)) as report:
        chosen, seed = _chosen(casts[0], find, seed, held, report)
        episodes = [
            _episode(one, seed, held, beliefs, chosen if k == 0 else None, report) for k, one in enumerate(casts)
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_replay(episodes, path)
    for told in (chosen, *(f"{episode.title}, seed {seed}: {episode.outcome}" for episode in episodes)):
        if told:
            print(told)
    print(f"written to {path}; open it in a browser")
    return 0


def _path(players: list[str], out: Path | None, overwrite: bool) -> Path:
    """Where to write, refused before anything is played."""
    from security_dilemma_training.out_files import refuse_out
    from security_dilemma_training.replay.casting import run_of

    run = run_of(players) if out is None else None
    path = out or (Path() if run is None else run.folder) / "replay.html"
    refuse_out(path, overwrite=overwrite, example="replay.html")
    return path


def _intents(given: str, casts: list[Cast]) -> list[str] | None:
    """The intents by name, one or one for each state; None where the game draws them."""
    from security_dilemma_training.faults import ConfigError, Fault

    if given == DRAWN:
        return None
    names = given.split(",")
    unknown = [name for name in names if name not in INTENT_NAMES]
    if unknown:
        problem = f"= {given!r}: {unknown[0]!r} must be seeker or greedy, with commas between; or draw all with drawn"
        raise ConfigError([Fault("intents", problem)])
    for one in casts:
        n = one.config.game.n_states
        if len(names) not in (1, n):
            problem = f"= {given!r} are {len(names)}: give one for all states of {one.title}, or one for each of {n}"
            raise ConfigError([Fault("intents", problem)])
    return [INTENT_NAMES[name] for name in names]


@contextmanager
def _shown(name: str) -> Iterator[Report]:
    """Show progress, of one job."""
    from security_dilemma_training.display import display

    try:
        with display([name]) as shown:

            def report(share: float, message: str) -> None:
                shown.progress(0, share, message)
                shown.tick()

            shown.began(0)
            yield report
            shown.ended(0, failed=False)
    except KeyboardInterrupt as end:
        print("interrupted: nothing was written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from end


def _chosen(one: Cast, find: Find, seed: int, intents: list[str] | None, report: Report) -> tuple[str | None, int]:
    """Look for the game; return how it was chosen and its seed."""
    if find is Find.ANY:
        return None, seed
    from security_dilemma_training.replay.finding import find_game

    found = find_game(one.config, one.policy, find.value, seed=seed, intents=intents, report=report)
    return str(found), found.seed


def _episode(
    one: Cast, seed: int, intents: list[str] | None, beliefs: bool, chosen: str | None, report: Report
) -> Episode:
    from security_dilemma_training.replay.observers import observers
    from security_dilemma_training.replay.recording import record_episode

    return record_episode(
        one.config,
        one.policy,
        seed=seed,
        intents=intents,
        title=one.title,
        players=one.players,
        beliefs=observers(one.config, one.policy, report) if beliefs else None,
        chosen=chosen,
    )
