"""Beliefs about the other's intent, scored: how well it can be told, how well calibrated, and what seekers make of it.

In stage games that the exact solver covers, beliefs are the Bayesian posterior given the policy; elsewhere they are
those of a probe that learned from histories of play (:mod:`security_dilemma_training.beliefs.probe`). Either says what
an observer could know from what a state sees, not what the policy makes of it. The results of a run, ``beliefs.json``:

- ``world``, ``seed``, ``config_hash``, ``policy_sha256``, ``options``, ``measured_by``, and ``kind``: ``exact`` or
  ``probe``, with ``reason``, why it is not exact;
- ``brier`` (Brier 1950: mean squared error of the belief), ``brier_prior`` (that of the prior in the same steps) and
  ``skill``, ``1 - brier / brier_prior``: 0 where intents cannot be told, 1 where they are known; null where no intent
  is uncertain;
- ``misperception``: the mean belief of security seekers about security seekers that they are greedy, ``calibrated``:
  what it is among observers whose beliefs are right on average, and ``bias``, the difference of the two;
- ``calibration``: by bins of the belief, ``belief``, ``greedy`` (share that is), ``weight`` (share of the beliefs);
- ``over_steps``: the mean belief at each step by the observer's and the other's intent, null where few are left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.params import ParameterError
from security_dilemma.solver import GameTree, Profile
from security_dilemma.solver.beliefs import posteriors
from security_dilemma.spaces import INTENTS
from security_dilemma.stage_games import StageGame
from security_dilemma.stages import SIGNAL_NAMES, allowed_signals
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.beliefs.probe import Histories, Probe, ProbeOptions, histories, train_probe
from security_dilemma_training.kept import identity, keep, kept
from security_dilemma_training.learners import load_policy
from security_dilemma_training.metrics import ratio
from security_dilemma_training.provenance import maker
from security_dilemma_training.trajectories import Bools, Floats

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run
    from security_dilemma_training.trajectories import Policy

__all__ = ["BELIEFS_FILE", "Held", "beliefs", "exact_beliefs", "exact_game", "probed_beliefs", "scores"]

BELIEFS_FILE = "beliefs.json"
"""In a run folder."""

BINS = 10  # of the calibration curve
THIN_SHARE = 0.01  # of the first step's weight, below which a step has no mean belief

Report = Callable[[float, str], None]


class Held(NamedTuple):
    """Beliefs of observers about others, one row for each: M rows."""

    belief: Floats  # (M,), probability that the other is greedy
    greedy: Floats  # (M,), whether it is: 0 or 1, or the probability of it where many plays are one row
    weight: Floats  # (M,), how much the row counts
    prior: Floats  # (M,), probability that the other is greedy before anything is seen
    own_greedy: Bools  # (M,), the observer's own intent
    step: NDArray[np.integer]  # (M,), steps played


def scores(held: Held) -> dict[str, Any]:
    """Return the scores of beliefs, see the module; what there is nothing to measure on is None."""
    brier, prior = _brier(held.belief, held), _brier(held.prior, held)
    seekers = held.weight * ~held.own_greedy
    about_seekers = seekers * (1 - held.greedy)
    misperception = _mean(held.belief, about_seekers)
    calibrated = _mean(
        held.belief, seekers * (1 - held.belief)
    )  # E[p | a seeker] of beliefs p that are right, by Bayes
    found = {
        "brier": brier,
        "brier_prior": prior,
        "skill": 1 - ratio(brier, prior),
        "misperception": misperception,
        "calibrated": calibrated,
        "bias": misperception - calibrated,
    }
    plain: dict[str, Any] = {name: _number(value) for name, value in found.items()}
    return plain | {"calibration": _calibration(held), "over_steps": _over_steps(held)}


def exact_beliefs(tree: GameTree, profile: Profile) -> Held:
    """Return the Bayesian posteriors of both states at all information sets that are reached, with their chances.

    Args:
        tree: The stage game.
        profile: What both states do.
    """
    rows = []
    trust = np.broadcast_to(np.asarray(tree.params.trust, float), (2,))
    for player in range(2):
        for step, (stage, found) in enumerate(zip(tree.stages, posteriors(tree, profile, player), strict=True)):
            reached = found.reach > 0
            own = stage.observations[player][reached, tree.entries["own_greed"]] > 0
            belief, constant = found.greedy[reached], np.ones(int(reached.sum()))
            weight, prior = found.reach[reached], (1 - trust[1 - player]) * constant
            rows.append(Held(belief, belief, weight, prior, own, np.full(len(belief), step)))
    return Held(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))


def probed_beliefs(probe: Probe, seen: Histories) -> Held:
    """Return a probe's beliefs after each observation of all histories, about all others that are alive."""
    there, shape = seen.there, seen.there.shape
    step = np.broadcast_to(np.arange(shape[1])[:, None], shape)
    greedy = np.broadcast_to(seen.greedy[:, None].astype(float), shape)[there]
    prior = np.broadcast_to(1 - seen.trust[:, None], shape)[there]
    own = np.broadcast_to(seen.own_greedy[:, None, None], shape)[there]
    return Held(probe.beliefs(seen)[there], greedy, np.ones(len(own)), prior, own, step[there])


def beliefs(
    run: Run,
    options: ProbeOptions | None = None,
    *,
    reuse: bool = True,
    report: Report = lambda _share, _message: None,
) -> dict[str, Any]:
    """Score the beliefs that a run's policy leaves to observers, write the scores into its folder, and return them.

    Args:
        run: A trained run.
        options: Options of the probe; None: the defaults.
        reuse: Whether scores that are there will do if they are of this policy and these options, measured by this
            version and revision.
        report: Called with the share done and a message.

    Raises:
        CheckpointError: If the run is not trained yet, or its policy is damaged.
    """
    options = options or ProbeOptions()
    path, about = run.folder / BELIEFS_FILE, identity(run, options) | {"measured_by": maker()}
    there = kept(path, about) if reuse else None
    if there is not None and "over_steps" in there:
        return there
    policy = load_policy(run)
    tree, reason = exact_game(run.config)
    if not isinstance(policy, Readable):
        tree, reason = None, reason or "the policy does not tell its probabilities by observation"
    if tree is not None and isinstance(policy, Readable):
        held = exact_beliefs(tree, tree.behaviour_of(policy.probabilities))
    else:
        seed = int(np.random.SeedSequence([options.seed, run.seed]).generate_state(1)[0])
        held = _probed(policy, run.config, options, seed, report)
    kind = {"kind": "probe", "reason": reason} if tree is None else {"kind": "exact", "reason": None}
    results = about | kind | scores(held)
    keep(path, results)
    return results


def _probed(policy: Policy, config: RunConfig, options: ProbeOptions, seed: int, report: Report) -> Held:
    report(0.0, "playing games for the probe")
    *streams, weights = np.random.SeedSequence(seed).generate_state(4).tolist()
    sizes = (options.training_games, options.validation_games, options.held_out_games)
    training, validation, held_out = (
        histories(policy, config, games, stream) for games, stream in zip(sizes, streams, strict=True)
    )
    report(0.2, "training the probe")
    return probed_beliefs(train_probe(training, validation, options, weights), held_out)


def exact_game(config: RunConfig) -> tuple[GameTree | None, str | None]:
    """Return the exact game of a config, or why there is none.

    Signals of the last stage come too late to tell anything, and are left out.
    """
    game = config.game
    if game.stages is None:
        return None, "it is no stage game"
    if game.action_mode == "continuous":
        return None, "actions are continuous"
    params = config.resolved_params()
    if np.any(np.asarray(params.posture_noise) > 0) or np.any(np.asarray(params.initiative_width) > 0):
        return None, "posture_noise or initiative_width is above 0: a policy may react to what the tree leaves out"
    names = tuple(name for name, heard in zip(SIGNAL_NAMES, allowed_signals(game.signals), strict=True) if heard)
    signals = (names,) * (len(game.stages) - 1) + (("silent",),)
    try:
        return GameTree.build(StageGame(params, game.stages, game.war, signals, config.label)), None
    except (ParameterError, ValueError) as error:
        return None, str(error)


def _brier(belief: Floats, held: Held) -> float:
    error = held.greedy * (1 - belief) ** 2 + (1 - held.greedy) * belief**2
    return _mean(error, held.weight)


def _mean(values: Floats, weight: Floats) -> float:
    """Weighted mean; NaN where there is no weight."""
    return ratio(float(np.sum(weight * values)), float(np.sum(weight)))


def _calibration(held: Held) -> dict[str, list[float]]:
    """Mean belief, share of greedy states and share of the beliefs, by bins that hold any."""
    bins = np.minimum((held.belief * BINS).astype(int), BINS - 1)
    sums = {"belief": held.belief, "greedy": held.greedy, "weight": np.ones_like(held.belief)}
    totals = {name: np.bincount(bins, held.weight * values, BINS) for name, values in sums.items()}
    some, whole = totals["weight"] > 0, totals["weight"].sum()
    means = {name: (totals[name][some] / totals["weight"][some]).tolist() for name in ("belief", "greedy")}
    return means | {"weight": (totals["weight"][some] / whole).tolist()}


def _over_steps(held: Held) -> dict[str, Mapping[str, list[float | None]]]:
    """``{intent of the observer: {intent of the other: mean belief at each step}}``."""
    steps = int(held.step.max()) + 1
    curves: dict[str, Mapping[str, list[float | None]]] = {}
    for own, observer in enumerate(INTENTS):
        of: dict[str, list[float | None]] = {}
        for other, intent in enumerate(INTENTS):
            weight = held.weight * (held.own_greedy == own) * (held.greedy if other else 1 - held.greedy)
            total = np.bincount(held.step, weight, steps)
            sums = np.bincount(held.step, weight * held.belief, steps)
            enough = (total > 0) & (total >= THIN_SHARE * total[0])
            of[intent] = [float(s / w) if some else None for s, w, some in zip(sums, total, enough, strict=True)]
        curves[observer] = of
    return curves


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
