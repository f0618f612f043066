"""Evaluation of any player in the games of a config: the measures and the table of runs, without a run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from security_dilemma_training.config import config_hash
from security_dilemma_training.evaluate import evaluate_policy
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.players import player, player_hash
from security_dilemma_training.provenance import maker
from security_dilemma_training.sections import game_config_faults, params_faults

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["evaluate_player", "with_states"]

SEED = 0
"""Stands for a run's own seed in that of the games: a player meets the same games as the run of seed 0."""


def with_states(config: RunConfig, n_states: int) -> RunConfig:
    """Return the same games with another number of states; the learner's options play no part in them.

    Raises:
        ConfigError: If a parameter has one value for each state, or the game is one of two states.
    """
    game = config.game.model_copy(update={"n_states": n_states})
    faults = [*params_faults("params", config.params, game), *game_config_faults(game)]
    if faults:
        raise ConfigError(faults)
    return config.model_copy(update={"game": game})


def evaluate_player(
    spec: str, config: RunConfig, games: int | None = None, seed: int | None = None, *, trusted: bool
) -> dict[str, Any]:
    """Measure a player among its like, as :func:`security_dilemma_training.evaluate.evaluate_run` measures runs.

    Args:
        spec: Who plays every state, see :mod:`security_dilemma_training.players`.
        config: The game, and for a zip without a config beside it the learner.
        games: Fresh games for each pair of intents; None: as the config says.
        seed: Seed of the games; None: as the config says.
        trusted: Whether ``module:attribute`` may be imported.

    Returns:
        The results of a run, with ``player`` and ``player_sha256`` in place of what is said of its training.

    Raises:
        ConfigError: If nobody is known by this name, or it cannot play, or sends what cannot be played.
        RunError: If a run folder is damaged.
        CheckpointError: If a run is not trained yet, or weights are damaged or of another network.
    """
    games = config.evaluation.games if games is None else games
    seed = config.evaluation.seed if seed is None else seed
    resolved = config.resolved()
    about = {
        "world": config.label,
        "player": spec,
        "player_sha256": player_hash(spec),
        "seed": SEED,
        "config_hash": config_hash(resolved),
        "params": resolved["params"],
        "n_states": config.game.n_states,
        "max_cycles": config.game.max_cycles,
        "stages": resolved["game"]["stages"],
        "config": {name: resolved[name] for name in ("game", "evaluation")},
        "measured_by": maker(),
    }
    stream = int(np.random.SeedSequence([seed, SEED]).generate_state(1)[0])
    measured = evaluate_policy(player(spec, config, trusted=trusted), config, games, stream)
    return about | measured | {"eval_seed": seed}
