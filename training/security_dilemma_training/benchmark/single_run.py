"""Runs of a benchmark, in whatever process an engine has for them: trained, measured, and put into a row's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from security_dilemma.spaces import INTENTS
from security_dilemma_training.batch_work import train_and_measure
from security_dilemma_training.summary import seeker_pair

if TYPE_CHECKING:
    from security_dilemma_training.beliefs.probe import ProbeOptions
    from security_dilemma_training.responses.best_response import ResponseOptions
    from security_dilemma_training.runs import Run

__all__ = ["UnderPrior", "run_and_measure_together", "under_prior"]

Report = Callable[[float, str], None]


class UnderPrior(NamedTuple):
    """What games under the prior come to; None where nothing was observed."""

    payoff: float | None  # mean discounted payoff of a state, in undisturbed futures
    war_rate: float | None  # share of games that see war before the time limit
    arms_burden: float | None  # mean share of the economy that arms cost


def run_and_measure_together(
    folders: Sequence[str],
    report: Report,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
) -> list[dict[str, Any]]:
    """Train the run folders of a batch, or what is left of them, and measure each one.

    Args:
        folders: Run folders; several must be of the compiled path, and of one program.
        report: Called with the share done and a message.
        exploitability: The budget of a search for best responses; None: no search.
        beliefs: The options of a probe of beliefs; None: beliefs are not scored.

    Returns:
        For each its ``values``, the columns of the results table that are measured, by name, and its ``cost``, a
        :class:`security_dilemma_training.batch_work.Cost`; of a run that failed the ``error``.
    """
    done = train_and_measure(folders, report, exploitability, beliefs, _values)
    return [run.entry("values") for run in done]


def _values(run: Run, results: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are measured."""
    manifest = run.manifest
    seekers = results["pairs"][seeker_pair(results)]
    found = (results.get("exploitability") or {}).get("by_intent", {})
    return {
        "agent_steps": run.config.schedule.agent_steps,
        **under_prior(run, results)._asdict(),
        **{name: seekers[name] for name in ("tragic_war_rate", "welfare_loss")},
        **{f"exploitability_{intent}": (found.get(intent) or {}).get("gain") for intent in INTENTS},
        **{name: manifest[name] for name in ("cpu_seconds", "wall_seconds")},
        "measured_by": results["measured_by"],
    }


def under_prior(run: Run, results: Mapping[str, Any]) -> UnderPrior:
    """Return what games under the prior come to.

    Two states of one trust ``t`` meet as two security seekers with probability ``t²``, as a mixed pair with
    ``2t(1-t)`` and as two greedy states with ``(1-t)²``: the pairs of the evaluation are weighted by that. Pairs do not
    tell of other games; those are played anew, as many as the evaluation has for a pair, with intents from the prior.

    Args:
        run: A trained run.
        results: Its evaluation.
    """
    trust = results["params"]["trust"]
    if results["n_states"] != 2 or isinstance(trust, list):
        return _played(run, int(results["games"]), int(results["eval_seed"]))
    weights = {"both_security_seekers": trust**2, "mixed": 2 * trust * (1 - trust), "both_greedy": (1 - trust) ** 2}
    whose = {"both_security_seekers": INTENTS[:1], "mixed": INTENTS, "both_greedy": INTENTS[1:]}
    columns = {
        "payoff": {pair: [f"payoff_{intent}" for intent in of] for pair, of in whose.items()},
        "war_rate": {pair: ["war_rate"] for pair in whose},
        "arms_burden": {pair: [f"arms_burden_{intent}" for intent in of] for pair, of in whose.items()},
    }
    return UnderPrior(**{name: _weighted(results["pairs"], weights, names) for name, names in columns.items()})


def _weighted(
    pairs: Mapping[str, Mapping[str, Any]], weights: Mapping[str, float], names: Mapping[str, list[str]]
) -> float | None:
    """The mean of metrics over pairs, each the mean of its own; None if one that counts was not observed."""
    total = 0.0
    for pair, weight in weights.items():
        values = [pairs[pair][name] for name in names[pair]]
        if weight and any(value is None for value in values):
            return None
        total += weight * float(np.mean(values)) if weight else 0.0
    return total


def _played(run: Run, games: int, seed: int) -> UnderPrior:
    from security_dilemma_training import metrics
    from security_dilemma_training.learners import load_policy
    from security_dilemma_training.playing import drawn_intents, play
    from security_dilemma_training.welfare import discounted_payoffs

    intents, stream = np.random.SeedSequence([seed, run.seed, 1]).generate_state(2).tolist()
    drawn = drawn_intents(run.config, games, intents)
    played = play(load_policy(run), run.config, n_games=games, intents=drawn, seed=stream)
    everyone = np.ones_like(drawn)
    payoff = float(discounted_payoffs(played).mean())
    return UnderPrior(payoff, float(metrics.war_rate(played)), float(metrics.arms_burden(played, everyone)))
