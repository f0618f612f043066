"""Signalling and listening: whether messages depend on who sends them, and whether they change what is done.

The first is *positive signalling*, the second *positive listening* (Lowe et al. 2019). A message may go with the type
and move nobody, or move somebody and tell nothing; so each is shown by an intervention: on the type in what the sender
sees, and on the message in what the receiver sees, everything else equal. What is then said in play, and what a message
does when it is sent in play with all that comes of it, are further questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.spaces import INTENTS
from security_dilemma.stages import SIGNAL_NAMES, allowed_signals
from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, SILENT, Signal
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.analysis.signals import Saying, by_game, signal_effects, told
from security_dilemma_training.analysis.situations import Situations, changed, probabilities
from security_dilemma_training.information import signal_bits
from security_dilemma_training.metrics import signal_use, speaking, war_rate
from security_dilemma_training.policies import Bools, Floats, Watched
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, by_intent

__all__ = [
    "MEASUREMENT",
    "Met",
    "arming_response",
    "met",
    "saying_effect",
    "shuffled_accuracy",
    "signal_accuracy",
    "signal_shift",
    "strike_response",
]

DEFINITIONS = {
    "signal_shift": "how far what a state says differs between its two types, all else equal: total variation, 0 to 1",
    "signal_accuracy": "chance to guess from one of its signals which of two states is greedy; .5 tells nothing",
    "signal_accuracy_shuffled": "the same with types shuffled within each game, mean of 20 shuffles: the floor",
    "signal_type_bits": "bits that a signal carries about the type of its sender, in games with one greedy state",
    "seekers_speak": "share of steps in which a security seeker is not silent, in games with one greedy state",
    "greedy_speak": "share of steps in which a greedy state is not silent, in the same games",
    "strike_response": "largest change, up or down, by a message in a seeker's chance to strike, all else equal",
    "strike_response_unheard": "the same of messages that the game does not have: what untrained weights answer",
    "arming_response": "largest change, up or down, by a message in a seeker's chance to arm, all else equal",
    "saying_effect": "change of the seekers' war rate if all always send the message that changes it most, not silence",
}
SHUFFLES = 20
SITUATIONS, SAYING = 31, 32
"""Streams of chance."""


class Met(NamedTuple):
    """What states saw in every step of whole games, one row for each state of a step."""

    everywhere: Situations  # rows of all states and steps
    state: NDArray[np.intp]  # (rows,), which state saw it
    seeker: Bools  # (rows,), that state is a security seeker
    crisis: Bools  # (rows,), it is in crisis

    def of(self, rows: Bools) -> Situations:
        """Return the situations of some rows."""
        return Situations(self.everywhere.observations[rows], self.everywhere.game[rows])


def met(subject: Subject) -> Met:
    """Play games under the prior and return what was met in them."""
    watched = Watched(subject.policy)
    played = subject.play(watched, subject.drawn.greedy, SITUATIONS)
    there = played.present
    _, game, state = np.nonzero(there)
    seeker = np.broadcast_to(~played.greedy, there.shape)[there]
    return Met(Situations(np.stack(watched.observations)[there], game), state, seeker, played.crisis[there])


def signal_shift(subject: Subject, situations: Met) -> float:
    """Return the total-variation distance between what a state would say as a greedy one and as a security seeker.

    Its own greed in what it sees is all that is set. Signals that the game does not have count as silence. Games count
    alike; NaN where there is no game.
    """
    policy, config, rows = subject.policy, subject.config, situations.everywhere
    greed = np.broadcast_to(config.resolved_params().greed, (config.game.n_states,))[situations.state]
    messages = np.array(allowed_signals(config.game.signals)) & (np.arange(len(Signal)) != SILENT)
    as_greedy, as_seeker = (
        probabilities(policy, config, changed(config, rows.observations, {"own_greed": own}))[1]
        for own in (greed, np.zeros_like(greed))
    )
    shift = np.where(messages, as_greedy - as_seeker, 0)  # silence is what is left, and shifts by minus their sum
    return _mean(by_game(rows, 0.5 * (np.abs(shift).sum(axis=-1) + np.abs(shift.sum(axis=-1)))))


def signal_accuracy(trajectories: Trajectories, greedy: Bools | None = None) -> float:
    """Return how often the type is guessed right from one of a state's signals, greedy or not being equally likely.

    It is ½ plus half the total-variation distance of what the two types say in play; states count alike, however long
    they live. NaN where one of the types says nothing.

    Args:
        trajectories: Games with both types.
        greedy: (G, N), the types; None: as they are.
    """
    there = speaking(trajectories)
    steps = there.sum(axis=0)
    greedy = trajectories.greedy if greedy is None else greedy
    if not ((steps > 0) & greedy).any() or not ((steps > 0) & ~greedy).any():
        return float("nan")
    counts = np.stack([(there & (trajectories.signal == kind)).sum(axis=0) for kind in Signal], axis=-1)
    shares = counts / np.maximum(steps, 1)[..., None]
    said = [shares[(steps > 0) & who].mean(axis=0) for who in (greedy, ~greedy)]
    return 0.5 + 0.25 * float(np.abs(said[0] - said[1]).sum())


def shuffled_accuracy(trajectories: Trajectories, seed: int) -> float:
    """Return the mean of :func:`signal_accuracy` with types shuffled within each game: what chance alone gives."""
    rng = np.random.default_rng(seed)
    shuffles = (rng.permuted(trajectories.greedy, axis=1) for _ in range(SHUFFLES))
    return float(np.mean([signal_accuracy(trajectories, greedy) for greedy in shuffles]))


def strike_response(subject: Subject, crises: Situations, *, unheard: bool = False) -> float:
    """Return the largest change that a message makes to the strike probability, see :func:`signal_effects`.

    Args:
        subject: Whose policy listens.
        crises: Of whom.
        unheard: Of the messages that the game does not have, in place of those that it has.

    Returns:
        0 where the game has no message (with ``unheard`` NaN where it has them all); NaN without crises.
    """
    if not len(crises.game):
        return float("nan")
    names = _messages(subject, allowed=not unheard)
    if not names:
        return float("nan") if unheard else 0.0
    effects = signal_effects(subject.policy, subject.config, crises)
    return max(abs(effect.difference.estimate) for effect in effects if effect.signal in names)


def arming_response(subject: Subject, situations: Situations) -> float:
    """Return the largest change that a message makes to the probability to arm, for attack or defence, as above."""
    if not len(situations.game):
        return float("nan")
    arming = {
        name: by_game(situations, _arming(subject, told(subject.config, situations, Signal[name.upper()], 1)))
        for name in ("silent", *_messages(subject))
    }
    silent = arming.pop("silent")
    return max((abs(_mean(values - silent)) for values in arming.values()), default=0.0)


def saying_effect(subject: Subject) -> float:
    """Return what the message that changes it most does to the seekers' war rate when all send it in every step.

    Against all being silent in every step, with the same chance; moves are those of the policy. War counts within the
    horizon. Unlike the responses it has in it what a message costs, binds and opens. 0 where there is no message.
    """
    horizon = subject.config.evaluation.horizon
    rates = {
        name: war_rate(subject.play(Saying(subject.policy, subject.config, Signal[name.upper()]), 0, SAYING), horizon)
        for name in ("silent", *_messages(subject))
    }
    silent = rates.pop("silent")
    return max((rate - silent for rate in rates.values()), key=abs, default=0.0)


def _arming(subject: Subject, observations: Floats) -> NDArray[np.float64]:
    moves = probabilities(subject.policy, subject.config, observations)[0]
    chance: NDArray[np.float64] = moves[..., ARM_DEFENSIVELY] + moves[..., ARM_OFFENSIVELY]
    return chance


def _messages(subject: Subject, *, allowed: bool = True) -> list[str]:
    """The signals other than silence that a game has, or has not."""
    flags = allowed_signals(subject.config.game.signals)
    return [name for k, name in enumerate(SIGNAL_NAMES) if k != SILENT and flags[k] == allowed]


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _by_intervention(subject: Subject) -> dict[str, float]:
    """What is asked of a policy in given situations; NaN where it does not tell its probabilities."""
    if subject.config.game.action_mode == "continuous" or not isinstance(subject.policy, Readable):
        names = ("signal_shift", "strike_response", "strike_response_unheard", "arming_response")
        return dict.fromkeys(names, float("nan"))
    situations = met(subject)
    crises = situations.of(situations.seeker & situations.crisis)
    return {
        "signal_shift": signal_shift(subject, situations),
        "strike_response": strike_response(subject, crises),
        "strike_response_unheard": strike_response(subject, crises, unheard=True),
        "arming_response": arming_response(subject, situations.of(situations.seeker)),
    }


def _signalling(subject: Subject) -> Mapping[str, float]:
    played = subject.mixed
    silent = {intent: signal_use(played, who)["silent"] for intent, who in by_intent(played).items()}
    seekers, greedy = (1 - silent[intent] for intent in INTENTS)
    rates = subject.config.game.action_mode == "continuous"
    return _by_intervention(subject) | {
        "signal_accuracy": signal_accuracy(played),
        "signal_accuracy_shuffled": shuffled_accuracy(played, subject.seed),
        "signal_type_bits": signal_bits(played),
        "seekers_speak": seekers,
        "greedy_speak": greedy,
        "saying_effect": float("nan") if rates else saying_effect(subject),
    }


MEASUREMENT = Measurement("signalling", DEFINITIONS, _signalling)
