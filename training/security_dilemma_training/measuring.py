"""Everything that is measured of a run: its evaluation, and where asked for exploitability and beliefs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from security_dilemma_training.evaluate import evaluate_run

if TYPE_CHECKING:
    from security_dilemma_training.beliefs.probe import ProbeOptions
    from security_dilemma_training.responses.best_response import ResponseOptions
    from security_dilemma_training.runs import Run

__all__ = ["measured"]

EXPLOITABILITY_SHARE = 0.8
"""Share of the progress that exploitability stands for where beliefs are scored, too."""

Report = Callable[[float, str], None]


def measured(
    run: Run,
    report: Report,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
    *,
    games: int | None = None,
    seed: int | None = None,
    reuse: bool = True,
) -> dict[str, Any]:
    """Measure the policy of a run and write what is found into its folder.

    Args:
        run: A trained run.
        report: Called with the share done and a message.
        exploitability: The budget of a search for best responses; None: no search. One that was found is kept.
        beliefs: The options of a probe of beliefs; None: beliefs are not scored. Scores that are there are kept.
        games: Fresh games for each pair of intents; None: as the config says.
        seed: Seed of these games; None: as the config says.
        reuse: Whether an evaluation that is there will do, see :func:`evaluate_run`.

    Returns:
        The results of the run, see :mod:`security_dilemma_training.evaluate`; where asked for with ``exploitability``
        and ``beliefs``, see the modules of these names.
    """
    report(0.0, "evaluating")
    results = evaluate_run(run, games, seed, reuse=reuse)
    share = (EXPLOITABILITY_SHARE if beliefs else 1.0) if exploitability else 0.0
    if exploitability is not None:
        from security_dilemma_training.responses.exploitability import exploitability as search

        found = search(run, exploitability, report=lambda done, message: report(share * done, message))
        results |= {"exploitability": found}
    if beliefs is not None:
        from security_dilemma_training.beliefs.scores import beliefs as score

        found = score(run, beliefs, report=lambda done, message: report(share + (1 - share) * done, message))
        results |= {"beliefs": found}
    return results
