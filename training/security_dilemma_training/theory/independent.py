"""Simple independent learners: tabular policy gradients without networks, for many seeds at once.

Each state of each seed is a learner of its own, which sees its own payoffs only. It keeps one softmax policy for every
information set it tells apart and improves it by REINFORCE with a running baseline (Williams 1992), from sampled games
of the environment. With an entropy weight τ its rest points are logit responses of precision 1/τ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.games import Games
from security_dilemma.params import ParameterError
from security_dilemma.perception import observation_table
from security_dilemma.stage_games import StageGame
from security_dilemma.state import Move, Signal

__all__ = ["Feature", "IndependentLearners", "information"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

ARMING = {"arm_defensively", "arm_offensively", "disarm"}
VALUE_RATE = 0.1
"""Weight of the latest games in the running baseline."""


class Feature(NamedTuple):
    """Something a learner conditions on: an entry of its observation, cut into bins.

    Attributes:
        name: Name of the entry in :func:`security_dilemma.perception.observation_table`.
        edges: Ascending lower bounds of all bins but the first.
    """

    name: str
    edges: tuple[float, ...]


def information(game: StageGame, bins: int = 20) -> tuple[tuple[Feature, ...], ...]:
    """Return what a learner conditions on in each stage, besides what it did in the stage before.

    That is its own intent, and where they vary its private benefit of striking and its view of the balance, in equal
    bins over their range; from the second stage on, what the model lets it see of the other.

    Args:
        game: The stage game.
        bins: Number of bins of a private benefit or view.
    """
    params, own = game.params, [Feature("own_greed", (1e-9,))]
    spans = {"own_initiative": (params.initiative_mean, params.initiative_width)}
    view = params.balance + np.asarray(params.balance_bias)
    spans["own_perceived_balance"] = (view, np.add(params.balance_width, 2 * np.asarray(params.balance_noise)))
    for name, (mean, width) in spans.items():
        if np.any(width):
            low, high = float(np.min(np.subtract(mean, width))), float(np.max(np.add(mean, width)))
            own.append(Feature(name, tuple(np.linspace(low, high, bins + 1)[1:-1].tolist())))
    return tuple((*own, *_seen(game, stage)) for stage in range(len(game.stages)))


def _seen(game: StageGame, stage: int) -> list[Feature]:
    """What the model lets a state see of the other, and of its own forces, at the start of a stage."""
    seen: list[Feature] = []
    if not stage:
        return seen
    if game.war == "scaled" and "strike" in game.stages[stage - 1][0]:
        seen.append(Feature("other_1_struck_me", (0.5,)))
    seen += [Feature(f"other_1_{name}", (0.5,)) for name in game.signals[stage - 1] if name != "silent"]
    if any(ARMING & set(moves) for moves, _ in game.stages[:stage]):
        units = tuple(float(edge) for edge in (np.arange(stage) + 0.5) * np.min(game.params.build))
        seen += [Feature(name, units) for name in ("own_offensive", "own_defensive", "other_1_arms")]
        if np.any(game.params.visibility):
            seen.append(Feature("other_1_dossier", (0.45, 0.55)))
    return seen


class IndependentLearners:
    """Independent softmax learners of a stage game of two states, for many seeds at once.

    Attributes:
        logits: For each stage, ``(seeds, 2, *sizes, actions)``: the last two of ``sizes`` are the action of the stage
            before (from the second stage on) and, last, the actions; before them one axis for each feature.
        actions: For each stage, (actions, 2): move and signal of each action.
        features: What the learners condition on in each stage.
    """

    def __init__(
        self,
        game: StageGame,
        *,
        seeds: int,
        games: int = 256,
        features: Sequence[Sequence[Feature]] | None = None,
        bins: int = 20,
        learning_rate: float = 1.0,
        final_rate_share: float = 0.1,
        entropy_weight: float = 0.0,
        final_entropy_share: float = 1.0,
        initial_strike: float | None = None,
        seed: int = 0,
    ) -> None:
        """Prepare the learners.

        Args:
            game: The stage game; a state chooses among its enabled moves, holding included, and its signals.
            seeds: Number of independent pairs of learners.
            games: Games of each pair in an update.
            features: What to condition on in each stage; :func:`information` by default.
            bins: Number of bins of a private benefit or view, for the default features.
            learning_rate: Step of the logits, at the first update.
            final_rate_share: Share of it that is left at the last update; it falls linearly.
            entropy_weight: Weight of the policy's entropy, 1 / precision, at the first update.
            final_entropy_share: Share of it that is left at the last update; it falls linearly.
            initial_strike: Probability of striking at the start, where a stage allows it; None: actions are equally
                likely.
            seed: Seed of all chance.

        Raises:
            ParameterError: Listing every argument outside its range.
        """
        _require(seeds, games, learning_rate, entropy_weight, (final_rate_share, final_entropy_share), initial_strike)
        self._games = Games(game.params, seeds * games, seed=seed, **_shape(game))
        self._rng = np.random.default_rng([seed, 1])
        self._size = (seeds, games, 2)
        self._rate, self._entropy = (learning_rate, final_rate_share), (entropy_weight, final_entropy_share)
        self.features = tuple(map(tuple, features or information(game, bins)))
        self._places = {entry.name: entry.place for entry in observation_table(game.params, 2, game.stages)}
        self.actions = [
            np.array(list(product(_moves(moves), _signals(signals))))
            for (moves, _), signals in zip(game.stages, game.signals, strict=True)
        ]
        self.logits = [self._start(stage, initial_strike) for stage in range(len(self.actions))]
        rows = [table[..., 0].size for table in self.logits]
        self._values: list[Floats] = [np.zeros(size) for size in rows]
        self._met: list[NDArray[np.bool_]] = [np.zeros(size, bool) for size in rows]

    def learn(self, updates: int) -> list[Floats]:
        """Play and learn, and return the :meth:`strikes` learned.

        Args:
            updates: Number of updates; each plays ``games`` whole games of every seed. The learning rate falls over
                the updates of one call.

        Raises:
            ValueError: If ``updates`` is below 1.
        """
        if updates < 1:
            raise ValueError(f"updates = {updates} must be at least 1")
        for done in range(updates):
            share = done / max(updates - 1, 1)
            self._update(_falling(*self._rate, share), _falling(*self._entropy, share))
        return self.strikes()

    def probabilities(self) -> list[Floats]:
        """Return for each stage the policies, shaped as ``logits``."""
        return [_softmax(table) for table in self.logits]

    def strikes(self) -> list[Floats]:
        """Return for each stage the probability of striking, ``(seeds, 2, *sizes)``."""
        return [
            policy[..., actions[:, 0] == Move.STRIKE].sum(axis=-1)
            for policy, actions in zip(self.probabilities(), self.actions, strict=True)
        ]

    def _start(self, stage: int, initial_strike: float | None) -> Floats:
        sizes = [len(feature.edges) + 1 for feature in self.features[stage]]
        before = [len(self.actions[stage - 1])] if stage else []
        strikes = self.actions[stage][:, 0] == Move.STRIKE
        logits = np.zeros((self._size[0], 2, *sizes, *before, len(strikes)))
        if initial_strike is not None and strikes.any():
            odds = initial_strike / (1 - initial_strike) * (~strikes).sum() / strikes.sum()
            logits[..., strikes] = np.log(odds)
        return logits

    def _update(self, rate: float, entropy_weight: float) -> None:
        """Play a batch of whole games and take one step."""
        seeds, games, n = self._size
        observations = self._games.reset()
        active, before = np.ones((seeds, games), bool), np.zeros(self._size, np.intp)
        batch: list[tuple[Any, Ints, Ints]] = []
        rewards: list[Floats] = []
        for stage in range(len(self.actions)):
            rows = self._rows(stage, observations.reshape(*self._size, -1), before)
            before = self._choose(stage, rows)
            sent = self.actions[stage][before].reshape(seeds * games, n, 2)
            observations, paid, _, _, info = self._games.step(sent)
            batch.append((np.repeat(active.ravel(), n), rows, before))
            rewards.append(paid.reshape(self._size).astype(float) * active[..., None])
            active = active & ~np.isin(np.arange(seeds * games), info["ended"]).reshape(seeds, games)
        to_come = np.cumsum(rewards[::-1], axis=0, dtype=float)[::-1]  # the return of the game from each stage on
        for stage, (counted, rows, chosen) in enumerate(batch):
            step = self._gradient(stage, rows.ravel(), chosen.ravel(), counted, to_come[stage].ravel(), entropy_weight)
            self.logits[stage] += rate * step

    def _rows(self, stage: int, observations: NDArray[Any], before: Ints) -> Ints:
        """Each learner's information set as a place in the flat table of its stage, (seeds, games, 2)."""
        seeds, _, n = self._size
        rows: Ints = (np.arange(seeds)[:, None] * n + np.arange(n))[:, None, :] + np.zeros_like(before)
        for name, edges in self.features[stage]:
            rows = rows * (len(edges) + 1) + np.digitize(observations[..., self._places[name]], edges)
        return rows * len(self.actions[stage - 1]) + before if stage else rows

    def _choose(self, stage: int, rows: Ints) -> Ints:
        n_actions = len(self.actions[stage])
        policy = _softmax(self.logits[stage]).reshape(-1, n_actions)
        steps = policy.cumsum(axis=-1)[:, :-1][rows]
        chosen: Ints = (self._rng.random(rows.shape)[..., None] >= steps).sum(axis=-1)
        return chosen

    def _gradient(
        self, stage: int, rows: Ints, chosen: Ints, counted: Any, returns: Floats, entropy_weight: float
    ) -> Floats:
        """The mean gradient of every information set over the games that met it, shaped as the logits."""
        table, values, met = self.logits[stage], self._values[stage], self._met[stage]
        n_actions = table.shape[-1]
        visits = np.bincount(rows, counted, len(values))
        seen, weight = visits > 0, 1 / np.maximum(visits, 1)
        mean = np.bincount(rows, counted * returns, len(values)) * weight
        baseline = np.where(met, values, mean)
        advantage = counted * (returns - baseline[rows])
        gained = np.bincount(rows * n_actions + chosen, advantage, len(values) * n_actions).reshape(-1, n_actions)
        values = np.where(seen, baseline + VALUE_RATE * (mean - baseline), values)
        self._values[stage], self._met[stage] = values, met | seen
        policy = _softmax(table).reshape(-1, n_actions)
        gradient = weight[:, None] * (gained - policy * gained.sum(axis=-1, keepdims=True))
        gradient += entropy_weight * _entropy_gradient(policy)
        return np.where(seen[:, None], gradient, 0).reshape(table.shape)


def _entropy_gradient(policy: Floats) -> Floats:
    """The derivative of the entropy ``H = -Σ p ln p`` by the logits, ``-p (ln p + H)``."""
    log_policy = np.log(np.maximum(policy, 1e-300))
    gradient: Floats = -policy * (log_policy - (policy * log_policy).sum(axis=-1, keepdims=True))
    return gradient


def _falling(first: float, last_share: float, done: float) -> float:
    """What falls linearly from ``first`` to a share of it, when a share of the updates is done."""
    return first * (1 - (1 - last_share) * done)


def _shape(game: StageGame) -> dict[str, Any]:
    return {name: value for name, value in game.arguments().items() if name != "params"}


def _moves(enabled: Sequence[str]) -> list[int]:
    return sorted({int(Move.HOLD), *(int(Move[name.upper()]) for name in enabled)})


def _signals(names: Sequence[str]) -> list[int]:
    return [int(Signal[name.upper()]) for name in names]


def _softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    policy: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return policy


def _require(
    seeds: int, games: int, rate: float, entropy: float, shares: tuple[float, float], initial_strike: float | None
) -> None:
    counts = (("seeds", seeds), ("games", games))
    faults = [f"{name} = {value!r} must be at least 1" for name, value in counts if not value >= 1]
    if not rate > 0:
        faults.append(f"learning_rate = {rate!r} must be above 0")
    if not entropy >= 0:
        faults.append(f"entropy_weight = {entropy!r} must be at least 0")
    for name, share in zip(("final_rate_share", "final_entropy_share"), shares, strict=True):
        if not 0 <= share <= 1:
            faults.append(f"{name} = {share!r} is outside [0, 1]")
    if initial_strike is not None and not 0 < initial_strike < 1:
        faults.append(f"initial_strike = {initial_strike!r} must be None or in (0, 1)")
    if faults:
        raise ParameterError(faults)
