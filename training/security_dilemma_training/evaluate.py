"""Evaluation of a run over fresh games, by pairs of intents.

The results of a run are plain data that JSON can hold; what could not be measured is null:

- ``world`` (its name in tables), ``seed``, ``config_hash``;
- ``params`` (every parameter), ``n_states``, ``max_cycles``, ``stages``, and ``config`` (the rest of what was asked);
- ``games`` (for each pair), ``horizon`` (steps), ``eval_seed`` (with the run's own seed it seeds the games, so that
  the noise of evaluation is independent over runs);
- ``pairs``: ``{pair: {metric: value}}``, the metrics of :mod:`security_dilemma_training.measures`;
- ``reasons``: ``{pair: {metric: why it is null}}``, where there is more to say than that nothing was observed;
- ``against_partners``, where one state of each game learned among others that did not: the policy's mean discounted
  ``payoff`` and the ``war_rate`` among its partners under the prior, over ``games``;
- ``policy_sha256`` (of the policy's file, or null) and ``measured_by`` (version and revision of this package);
- ``train_seconds``: CPU time of the training, or null.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from security_dilemma_training.kept import keep, kept, policy_hash
from security_dilemma_training.measures import measure
from security_dilemma_training.metrics import arms_over_time
from security_dilemma_training.playing import play
from security_dilemma_training.provenance import maker
from security_dilemma_training.summary import summary_table
from security_dilemma_training.trajectories import Bools, Policy, Trajectories, by_intent
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run

__all__ = [
    "ARMS_FILE",
    "PARTNERED",
    "PairOfGames",
    "evaluate_policy",
    "evaluate_run",
    "evaluation_games",
    "evaluation_seed",
    "kept_evaluation",
    "pairs_of_intents",
    "summary_table",
]

ARMS_FILE = "arms.npz"
"""In a run folder: ``<pair>/<intent>/<arms, offensive_share or states>``, each (T,), of the states still there."""


PARTNERED = ("population", "frozen")
"""Schemes in which one state of each game learns among others that do not."""


class PairOfGames(NamedTuple):
    """The games of one pair of intents."""

    intents: Bools  # (games, N), who is greedy
    seed: int


def pairs_of_intents(n_states: int) -> dict[str, int]:
    """Return by name how many states are greedy: the pairs of intents, or with N > 2 the like."""
    if n_states == 2:
        return {"both_security_seekers": 0, "mixed": 1, "both_greedy": 2}
    return {"all_security_seekers": 0, "one_greedy": 1, "all_greedy": n_states}


def evaluation_seed(run: Run, seed: int) -> int:
    """Return the seed of the games that measure a run, of the evaluation's seed and the run's own."""
    return int(np.random.SeedSequence([seed, run.seed]).generate_state(1)[0])


def evaluation_games(n_states: int, games: int, seed: int) -> dict[str, PairOfGames]:
    """Return the games of an evaluation by pair; which state is the greedy one alternates from game to game.

    Args:
        n_states: Number of states N.
        games: Games for each pair.
        seed: Seed of the games; each pair has its own stream.
    """
    pairs = pairs_of_intents(n_states)
    places = (np.arange(n_states) + np.arange(games)[:, None]) % n_states
    seeds = np.random.SeedSequence(seed).generate_state(len(pairs)).tolist()
    return {
        pair: PairOfGames(places >= n_states - greedy, stream)
        for (pair, greedy), stream in zip(pairs.items(), seeds, strict=True)
    }


def evaluate_policy(policy: Policy, config: RunConfig, games: int, seed: int) -> dict[str, Any]:
    """Return ``pairs``, ``reasons``, ``games``, ``horizon`` and ``eval_seed`` of a policy, see the module.

    Args:
        policy: Decides for every state.
        config: What the policy was trained for.
        games: Fresh games for each pair of intents.
        seed: Seed of the games; each pair has its own stream.
    """
    return _measured(_played(policy, config, games, seed), config, games, seed)


def evaluate_run(run: Run, games: int | None = None, seed: int | None = None, *, reuse: bool = False) -> dict[str, Any]:
    """Measure the policy of a run, write ``evaluation.json`` and ``arms.npz`` into its folder, and return the results.

    Args:
        run: A trained run.
        games: Fresh games for each pair of intents; None: as the config says.
        seed: Seed of the games; None: as the config says.
        reuse: Whether results that are there will do if they are of this policy, measured in this way by this version
            and revision.

    Raises:
        CheckpointError: If the run is not trained yet, or its policy is damaged.
        RunError: If its partners have changed since it was trained.
    """
    from security_dilemma_training.learners import load_policy
    from security_dilemma_training.manifests import require_same_partners
    from security_dilemma_training.schemes.against_partners import against_partners

    config = run.config
    games = config.evaluation.games if games is None else games
    seed = config.evaluation.seed if seed is None else seed
    results = kept_evaluation(run, games, seed) if reuse else None
    if results is not None:
        return results
    about = _about(run, games, seed)
    policy, stream = load_policy(run), evaluation_seed(run, seed)
    played = _played(policy, config, games, stream)
    results = about | _measured(played, config, games, seed)
    if config.partners.scheme in PARTNERED:
        require_same_partners(run.folder, config, run.manifest)
        found = against_partners(policy, config, run.folder, games, stream)
        results |= {"against_partners": {name: _number(value) for name, value in found.items()} | {"games": games}}
    write_atomically(run.folder / ARMS_FILE, _arms(played))
    keep(run.evaluation_path, results)
    return results


def kept_evaluation(run: Run, games: int | None = None, seed: int | None = None) -> dict[str, Any] | None:
    """Return the results that are there of a run if they will do, see :func:`evaluate_run`; otherwise None."""
    asked = run.config.evaluation
    about = _about(run, asked.games if games is None else games, asked.seed if seed is None else seed)
    there = kept(run.evaluation_path, about) if (run.folder / ARMS_FILE).exists() else None
    return there if there and "pairs" in there else None


def _about(run: Run, games: int, seed: int) -> dict[str, Any]:
    """All of the results that is known before anything is measured."""
    manifest, resolved, config = run.manifest, run.config.resolved(), run.config
    alone = config.partners.scheme == "self_play"
    sections = ("game", "learner", "schedule", "evaluation", *(() if alone else ("partners",)))
    return {
        "world": config.label,
        "seed": run.seed,
        "config_hash": manifest["config_hash"],
        "params": resolved["params"],
        "n_states": config.game.n_states,
        "max_cycles": config.game.max_cycles,
        "stages": resolved["game"]["stages"],
        "config": {name: resolved[name] for name in sections},
        "games": games,
        "horizon": config.evaluation.horizon,
        "eval_seed": seed,
        "policy_sha256": policy_hash(run),
        "measured_by": maker(),
        "train_seconds": manifest["cpu_seconds"] or None,
    }


def _played(policy: Policy, config: RunConfig, games: int, seed: int) -> dict[str, Trajectories]:
    """Fresh games for each pair."""
    asked = evaluation_games(config.game.n_states, games, seed)
    return {
        pair: play(policy, config, n_games=games, intents=intents, seed=stream)
        for pair, (intents, stream) in asked.items()
    }


def _measured(played: dict[str, Trajectories], config: RunConfig, games: int, seed: int) -> dict[str, Any]:
    horizon = config.evaluation.horizon
    found = {pair: measure(trajectories, horizon) for pair, trajectories in played.items()}
    return {
        "pairs": {pair: {k: _number(v) for k, v in values.items()} for pair, (values, _) in found.items()},
        "reasons": {pair: reasons for pair, (_, reasons) in found.items() if reasons},
        "games": games,
        "horizon": horizon,
        "eval_seed": seed,
    }


def _arms(played: dict[str, Trajectories]) -> bytes:
    """The contents of ``arms.npz``."""
    curves = {
        f"{pair}/{intent}/{name}": values.astype(np.float32)
        for pair, trajectories in played.items()
        for intent, who in by_intent(trajectories).items()
        if who.any()
        for name, values in arms_over_time(trajectories, who)._asdict().items()
    }
    file = io.BytesIO()
    np.savez_compressed(file, **curves)
    return file.getvalue()


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
