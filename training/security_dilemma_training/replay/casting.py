"""Casting: which games are to be played, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from security_dilemma.params import WORLDS, nearest
from security_dilemma_training.evaluate import PARTNERED
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.players import is_zip, player, player_hash
from security_dilemma_training.policies import Matched, Policy
from security_dilemma_training.runs import Run

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Cast", "cast", "run_of"]


class Cast(NamedTuple):
    """Games and who plays them."""

    config: RunConfig
    players: tuple[str, ...]  # the name of who plays each state
    policy: Policy  # decides for all states

    @property
    def title(self) -> str:
        """The games and the players in a few words."""
        label = self.config.label
        who = dict.fromkeys(player.removeprefix(f"{label}/") for player in self.players)
        return f"{label}: {' against '.join(who)}"


def cast(
    specs: Sequence[str], *, world: str | None = None, path: Path | None = None, other: RunConfig | None = None
) -> Cast:
    """Return who plays which games.

    The games are those of a config file or a world; else those of the first run among the players; else ``other``'s.

    Args:
        specs: One player for all states or one for each, see :mod:`security_dilemma_training.players`. Modules may be
            imported.
        world: One of Jervis's worlds; a run among the players keeps its game's shape in it.
        path: A config file.
        other: The games where nothing else tells which.

    Raises:
        ConfigError: If nothing tells which games, a player is unknown or cannot play, or their number does not fit.
        RunError: If a run folder is damaged.
        CheckpointError: If a run is not trained yet, or weights are damaged or of another network.
    """
    config = _games(specs, world, path, other)
    n = config.game.n_states
    if len(specs) not in (1, n):
        problem = f"= {', '.join(specs)} are {len(specs)}: give one for all states, or one for each of {n}"
        raise ConfigError([Fault("players", problem)])
    policies = [player(spec, config, trusted=True) for spec in specs]
    policy = policies[0] if len(specs) == 1 else Matched(policies)
    if len(specs) == n:
        return Cast(config, tuple(_short(spec) for spec in specs), policy)
    return Cast(config, (_short(specs[0]) + _apart(specs[0]),) * n, policy)


def run_of(specs: Sequence[str]) -> Run | None:
    """Return the first run among players, or None."""
    return next((Run.open(spec) for spec in specs if (Path(spec) / "manifest.json").exists()), None)


def _short(spec: str) -> str:
    """What a player is called: of a folder or a zip the end of its path, which tells nothing of the machine."""
    path = Path(spec)
    return "/".join(path.resolve().parts[-2:]) if path.is_dir() else path.name if is_zip(spec) else spec


def _apart(spec: str) -> str:
    """What is to be said of a player that plays every state, if it never did so while it learned."""
    run = run_of([spec])
    partnered = run is not None and run.config.partners.scheme in PARTNERED
    return " (learned among partners, here among its like)" if partnered else ""


def _games(specs: Sequence[str], world: str | None, path: Path | None, other: RunConfig | None) -> RunConfig:
    from security_dilemma_training.config import RunConfig, load

    if world is not None and path is not None:
        problem = f"= {world!r} and config = {str(path)!r} are both given: give one of them"
        raise ConfigError([Fault("world", problem, ("config",))])
    if path is not None:
        return load(path, [], RunConfig)
    run = run_of(specs)
    if world is not None:
        return _in_world(world, run)
    if run is not None:
        return run.config
    if other is not None:
        return other
    for spec in specs:
        player_hash(spec)  # that there is nobody of this name is told first
    known = ", ".join(WORLDS)
    problem = f"is missing: no player is a run folder, so name the games with --world ({known}) or --config FILE"
    raise ConfigError([Fault("world", problem)])


def _in_world(world: str, run: Run | None) -> RunConfig:
    """The games of a world, in the shape that a run was trained in."""
    from security_dilemma_training.config import RunConfig, parse

    if world not in WORLDS:
        raise ConfigError([Fault("world", f"= {world!r} is unknown: {nearest(world, WORLDS)}")])
    shape = {} if run is None or run.config.game.stages else run.config.model_dump(mode="json", exclude_unset=True)
    kept = {name: shape[name] for name in ("game", "learner") if name in shape}
    return parse(kept | {"name": world, "world": world}, RunConfig)
