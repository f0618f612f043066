"""Evaluated episodes as a dataset: a row for each step of each living state, with what it saw, did and got.

:data:`COLUMNS` is the one table of what stands in a dataset; files, their reader and ``docs/dataset.md`` follow it. The
episodes are those of the evaluation of a run, see :func:`security_dilemma_training.evaluate.evaluation_games`: with its
games and seed, what is measured on a dataset is what ``evaluation.json`` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import CONTINUOUS_COMPONENTS, ActionMode
from security_dilemma.perception import observation_table
from security_dilemma.spaces import COMPONENT_NAMES
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import PairOfGames, evaluation_games, evaluation_seed, pairs_of_intents
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.kept import policy_hash
from security_dilemma_training.playing import play
from security_dilemma_training.provenance import maker
from security_dilemma_training.trajectories import Policy, Trajectories, Watched

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run

__all__ = ["COLUMNS", "FORMAT", "Column", "Columns", "Part", "describe", "parts_of", "play_part", "table"]

FORMAT = "security-dilemma episodes 1"
"""Kind and version of a dataset; the version is raised when a column changes its meaning or goes."""

BLOCK = 256
"""Episodes made into rows at a time."""

Columns = dict[str, NDArray[Any]]
"""Arrays by column, each (rows, …)."""


class Column(NamedTuple):
    """A column: one value, or one vector, for each row."""

    name: str
    dtype: str
    shape: str  # name of the length of a vector; empty for a single value
    unit: str
    meaning: str


COLUMNS = (
    Column("run", "int32", "", "", "place of the run in the metadata's `runs`"),
    Column("episode", "int64", "", "", "number of the episode, one whole game, from 0 through the dataset"),
    Column("step", "int32", "", "steps", "number of the step within the episode, from 0"),
    Column("state", "int8", "", "", "number of the state, from 0; only living states have a row"),
    Column("greedy", "bool", "", "", "whether the state is greedy; otherwise it is a security seeker"),
    Column("greedy_states", "int8", "", "states", "how many states of the episode are greedy"),
    Column("observation", "float32", "obs_dim", "by entry", "what the state sees before it acts, see the metadata"),
    Column("action", "int32", "n_components", "", "what it sends; in `continuous` mode float32, rates in [0, 1]"),
    Column("action_mask", "bool", "mask_size", "", "which actions have their effect in this step"),
    Column("reward", "float32", "", "undisturbed peaceful futures", "payoff of the step"),
    Column(
        "terminated", "bool", "", "", "whether this step is the state's last: it is eliminated, or the game is over"
    ),
    Column("truncated", "bool", "", "", "whether the time limit cuts the game off after this step"),
    Column("next_observation", "float32", "obs_dim", "by entry", "what it sees after the step; zeros if eliminated"),
    Column("struck", "bool", "", "", "whether it struck: it was in a crisis, and sent a strike"),
    Column("belligerent", "bool", "", "", "whether it was at war in the step"),
    Column("won", "bool", "", "", "whether it won that war"),
)
"""What stands in a dataset, in order."""


class Part(NamedTuple):
    """The episodes of one run and pair of intents."""

    run: int  # place among the runs
    pair: str  # name of the pair
    first_episode: int
    games: PairOfGames

    @property
    def described(self) -> dict[str, Any]:
        """What the metadata say of it."""
        counts = {"first_episode": self.first_episode, "episodes": len(self.games.intents)}
        return {"run": self.run, "pair": self.pair} | counts | {"seed": self.games.seed}


def table() -> str:
    """Return :data:`COLUMNS` as a Markdown table."""
    rows = [["column", "dtype", "shape of a row", "unit", "meaning"], ["---"] * 5]
    rows += [[f"`{c.name}`", c.dtype, f"({c.shape},)" if c.shape else "()", c.unit, c.meaning] for c in COLUMNS]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def parts_of(runs: Sequence[Run], games: int | None, seed: int | None, pairs: Sequence[str]) -> list[Part]:
    """Return the parts of a dataset.

    Args:
        runs: Trained runs.
        games: Episodes of each run and pair; None: as the run's config says.
        seed: Seed of the evaluation; None: as the run's config says.
        pairs: Names of the pairs of intents; none: all.

    Raises:
        ConfigError: If a pair is unknown.
        RunError: Naming the runs that are not trained, or whose rows would be of another shape than the first's.
    """
    _refuse_others(runs)
    names = list(pairs_of_intents(runs[0].config.game.n_states))
    unknown = [pair for pair in pairs if pair not in names]
    if unknown:
        problem = f"= {', '.join(unknown)}: unknown; {runs[0].config.game.n_states} states have {', '.join(names)}"
        raise ConfigError([Fault("pairs", problem)])
    found: list[Part] = []
    first = 0
    for place, run in enumerate(runs):
        asked, n = run.config.evaluation, run.config.game.n_states
        stream = evaluation_seed(run, asked.seed if seed is None else seed)
        for pair, played in evaluation_games(n, asked.games if games is None else games, stream).items():
            if pair in pairs or not pairs:
                found.append(Part(place, pair, first, played))
                first += len(played.intents)
    return found


def _refuse_others(runs: Sequence[Run]) -> None:
    untrained = [str(run.folder) for run in runs if not run.policy_path.exists()]
    if untrained:
        raise RunError(f"{', '.join(untrained)}: no policy yet; `security-dilemma train CONFIG` goes on to its end")
    shape = _shape(runs[0].config)
    for run in runs:
        differ = {name: (value, shape[name]) for name, value in _shape(run.config).items() if value != shape[name]}
        if differ:
            told = ", ".join(f"{name} = {here}, not {there}" for name, (here, there) in differ.items())
            first = runs[0].folder
            raise RunError(f"{run.folder} has rows of another shape than {first} ({told}): export it into its own file")


def _shape(config: RunConfig) -> dict[str, Any]:
    """What the shapes and meanings of the columns depend on."""
    game = config.game
    shape = {"n_states": game.n_states, "stages": len(game.stages or ()), "action_mode": game.action_mode}
    return shape | {"reveal_intents": game.reveal_intents}


def describe(runs: Sequence[Run], parts: Sequence[Part]) -> dict[str, Any]:
    """Return the metadata of a dataset as plain data: its format, columns and entries, and where it is from."""
    config, shape = runs[0].config, _shape(runs[0].config)
    entries = observation_table(
        config.resolved_params(), shape["n_states"], config.game.stages, reveal_intents=shape["reveal_intents"]
    )
    return {
        "format": FORMAT,
        "columns": {column.name: column._asdict() for column in COLUMNS},
        "observation": {entry.name: entry.meaning for entry in entries},
        "action": list(_components(shape["action_mode"], shape["n_states"])),
        "action_mode": shape["action_mode"],
        "n_states": shape["n_states"],
        "runs": [_described(run) for run in runs],
        "parts": [part.described for part in parts],
        "made_by": maker(),
    }


def _described(run: Run) -> dict[str, Any]:
    resolved = run.config.resolved()
    identity = {"folder": str(run.folder), "name": run.config.label, "world": run.config.world, "seed": run.seed}
    hashes = {"config_hash": run.manifest["config_hash"], "policy_sha256": policy_hash(run)}
    return identity | hashes | {"params": resolved["params"], "game": resolved["game"], "gamma": run.config.gamma}


def _components(mode: ActionMode, n_states: int) -> tuple[str, ...]:
    if mode == "continuous":
        return CONTINUOUS_COMPONENTS
    return ("action",) if mode == "discrete" else COMPONENT_NAMES[: 2 + (n_states > 2)]


def play_part(part: Part, policy: Policy, config: RunConfig) -> Iterator[Columns]:
    """Play the episodes of a part and yield their rows in blocks, ordered by episode, step and state."""
    watched = Watched(policy)
    intents, seed = part.games
    played = play(watched, config, n_games=len(intents), intents=intents, seed=seed)
    for begun in range(0, len(intents), BLOCK):
        which = slice(begun, begun + BLOCK)
        yield _rows(part, played, watched, which, config.game.action_mode)


def _rows(part: Part, played: Trajectories, watched: Watched, which: slice, mode: ActionMode) -> Columns:
    """The rows of some of the episodes of a part."""
    present = played.present[:, which]
    g, t, n = np.nonzero(present.transpose(1, 0, 2))
    games = g + which.start
    last = ~_later(present)[t, g, n]
    seen, sent, mask = (
        np.stack([x[which] for x in kept]) for kept in (watched.observations, watched.actions, watched.masks)
    )
    over = ~_later(played.active)[t, games]
    after = np.where(over[:, None], played.final_observation[games, n], _later(seen)[t, g, n])
    cut_off = last & played.truncated[games, n]
    values: Mapping[str, Any] = {
        "run": np.full(len(t), part.run),
        "episode": part.first_episode + games,
        "step": t,
        "state": n,
        "greedy": played.greedy[games, n],
        "greedy_states": played.greedy.sum(axis=1)[games],
        "observation": seen[t, g, n],
        "action": sent[t, g, n],
        "action_mask": mask[t, g, n],
        "reward": played.reward[t, games, n],
        "terminated": last & ~cut_off,
        "truncated": cut_off,
        "next_observation": after,
        "struck": played.struck[t, games, n],
        "belligerent": played.belligerent[t, games, n],
        "won": played.won[t, games, n],
    }
    kinds = {column.name: column.dtype for column in COLUMNS} | ({"action": "float32"} if mode == "continuous" else {})
    return {name: np.ascontiguousarray(values[name], kinds[name]) for name in kinds}


def _later(values: NDArray[Any]) -> NDArray[Any]:
    """What stands one step later, (T, …); zeros after the last step."""
    return np.concatenate([values[1:], np.zeros_like(values[:1])])
