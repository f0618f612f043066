"""Perception: reports, dossiers, and what a state observes.

:func:`observation_table` is the one table that names every entry of an observation, its bounds and its place; the
spaces, the docs and the figures are built from it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from security_dilemma.arrays import Array, cast, is_off, namespace, per_observer
from security_dilemma.chance import Draws
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.stages import Stages, stage_of
from security_dilemma.state import OPEN, Signal, State

__all__ = [
    "Entry",
    "observation_table",
    "observe",
    "outgrown_faults",
    "perceive_balance",
    "posture_share",
    "report",
    "state_bounds",
]

LARGEST_ECONOMY = 1e30
"""What payoffs may be multiples of and still be far from the end of float32."""


class Entry(NamedTuple):
    """One entry of an observation."""

    name: str
    place: int
    low: float
    high: float
    meaning: str


def posture_share(offensive: Array, defensive: Array) -> Array:
    """Return the offensive share of a posture, ``s = (O + ¼) / (O + D + ½)``, in (0, 1)."""
    return (offensive + 0.25) / (offensive + defensive + 0.5)


def perceive_balance(params: Params, balance: Array, noise: Array) -> Array:
    """Return each leader's private view of the balance, ``b + β + σ_b ε`` (Van Evera 1999), (..., N)."""
    return balance + params.balance_bias + params.balance_noise * noise


def report(
    params: Params, dossier: Array, stocks: tuple[Array, Array], signal: Array, draws: Draws
) -> tuple[Array, Array]:
    """Return the new dossiers and reported arms, each (..., N, N) as [observer, observed].

    Postures are reported with visibility v and noise σ, read with the worst-case bias ω (Wendt 1992), and enter the
    dossier with weight ρ; arms are reported with log-normal noise ν. A state that is ``open`` is known exactly. Where
    parameters differ by state, v is the observed state's and the rest are the observer's.

    Args:
        params: The game's parameters.
        dossier: (..., N, N) dossiers before the report.
        stocks: Offensive and defensive stocks, each (..., N).
        signal: (..., N) signals of this very step.
        draws: Uses ``posture`` and, with arms noise, ``arms``.
    """
    xp = namespace(dossier)
    offensive, defensive = stocks
    share = posture_share(offensive, defensive)
    mean = 0.5 + params.visibility * (share - 0.5)
    seen = mean[..., None, :] + per_observer(params.posture_noise) * draws.posture
    seen = xp.maximum(xp.minimum(seen, 1.0), 0.0)
    if not is_off(params.worst_case):
        seen = seen + per_observer(params.worst_case) * (1 - seen)
    dossier = dossier + per_observer(params.intelligence_rate) * (seen - dossier)
    total = (offensive + defensive)[..., None, :]
    known = (signal == OPEN)[..., None, :]
    dossier = xp.where(known, share[..., None, :], dossier)
    if is_off(params.arms_noise):
        return dossier, total + xp.zeros_like(dossier)
    return dossier, xp.where(known, total, total * xp.exp(per_observer(params.arms_noise) * draws.arms))


def observe(
    _params: Params,
    state: State,
    stages: Stages | None = None,
    *,
    all_alive: bool = False,
    reveal_intents: bool = False,
) -> Array:
    """Return what each state observes, (..., N, obs_dim); an eliminated state observes zeros.

    The entries stand in the order of :func:`observation_table`. Everything that is observed by anyone is laid out in
    rows, from which one gathering puts together what each state sees.

    Args:
        _params: The game's parameters; the present observation follows from the state alone.
        state: The true state.
        stages: The stages of a stage game.
        all_alive: True only where the caller knows that no state of the batch is eliminated; it skips masking.
        reveal_intents: Whether each state sees the others' greed as well.
    """
    xp = namespace(state.offensive)
    dtype = state.offensive.dtype
    n, dims = state.alive.shape[-1], state.alive.ndim
    numbers = [state.greed, state.initiative, state.offensive, state.defensive, state.perceived_balance, state.economy]
    facing_me = state.crisis[..., :, None] & state.crisis[..., None, :]
    struck_me = state.belligerent[..., :, None] & state.struck[..., None, :]
    flags = [state.pledged, state.crisis, state.alive, *(state.last_signal == kind for kind in _KINDS)]
    flags = [_row(x) for x in flags] + [_pair_row(x) for x in (facing_me, struck_me, state.support)]
    rows = [_row(x) for x in numbers] + [_pair_row(x) for x in (state.reported_arms, state.dossier)]
    rows.append(cast(xp.concat(flags), dtype))
    if stages is not None:
        stage = cast(stage_of(state, stages), dtype)
        rows.append(xp.permute_dims(stage, (dims - 1, *range(dims - 1))))
    sources = xp.asarray(_sources(n, len(stages or ()), reveal_intents))
    seen = xp.take(xp.concat(rows), sources, axis=0)
    seen = xp.reshape(seen, (n, -1, *seen.shape[1:]))
    seen = xp.permute_dims(seen, (*range(2, dims + 1), 0, 1))
    return seen if all_alive else seen * cast(state.alive, dtype)[..., None]


_KINDS = tuple(int(kind) for kind in Signal)
_NUMBERS = ("greed", "initiative", "offensive", "defensive", "perceived_balance", "economy")
_PAIR_NUMBERS = ("arms", "dossier")
_FLAGS = ("pledge", "crisis", "alive", *(kind.name.lower() for kind in Signal))
_PAIR_FLAGS = ("facing_me", "struck_me", "support")


def _row(x: Array) -> Array:
    """Rearrange (..., N) to (N, ...)."""
    return x if x.ndim == 1 else namespace(x).permute_dims(x, (x.ndim - 1, *range(x.ndim - 1)))


def _pair_row(x: Array) -> Array:
    """Rearrange (..., N, N) to (N * N, ...)."""
    xp = namespace(x)
    if x.ndim > 2:
        x = xp.permute_dims(x, (x.ndim - 2, x.ndim - 1, *range(x.ndim - 2)))
    return xp.reshape(x, (-1, *x.shape[2:]))


@lru_cache
def _sources(n: int, n_stages: int, reveal_intents: bool) -> Array:
    """Which row each entry of each state's observation stands in, (N * obs_dim,)."""
    starts: dict[str, int] = {}
    place = 0
    for names, size in ((_NUMBERS, n), (_PAIR_NUMBERS, n * n), (_FLAGS, n), (_PAIR_FLAGS, n * n)):
        for name in names:
            starts[name] = place
            place += size
    stages = place

    def row(name: str, i: int) -> int:
        return starts[name] + i

    def pair(name: str, i: int, j: int) -> int:
        return starts[name] + i * n + j

    sources = []
    for i in range(n):
        own = ("greed", "initiative", "offensive", "defensive", "economy", "perceived_balance", "pledge", "crisis")
        sources += [row(name, i) for name in own] + [stages + stage for stage in range(n_stages)]
        for j in ((i + k) % n for k in range(1, n)):
            sources += [row("alive", j), pair("facing_me", i, j), pair("arms", i, j), pair("dossier", i, j)]
            sources += [row("economy", j), *(row(kind.name.lower(), j) for kind in Signal)]
            sources += [pair("struck_me", i, j), pair("support", j, i), pair("support", i, j)]
            sources += [row("greed", j)] * reveal_intents
    return np.array(sources)


def observation_table(
    params: Params,
    n_states: int = 2,
    stages: Stages | None = None,
    max_cycles: int = 64,
    *,
    reveal_intents: bool = False,
) -> list[Entry]:
    """Return the name, place, bounds and meaning of every entry of an observation, in order.

    With ``reveal_intents`` the last entry about each other state is its greed. Bounds hold for every state of the game;
    an eliminated state observes zeros, so each includes 0.
    """
    values = state_bounds(params, n_states, max_cycles)
    flag = (0.0, 1.0)
    rows: list[tuple[str, tuple[float, float], str]] = [
        ("own_greed", values["greed"], "own extra value of conquest"),
        ("own_initiative", values["initiative"], "own private benefit of striking"),
        ("own_offensive", values["offensive"], "own offensive stock"),
        ("own_defensive", values["defensive"], "own defensive stock"),
        ("own_economy", values["economy"], "own economy"),
        ("own_perceived_balance", values["perceived_balance"], "own view of the offence-defence balance"),
        ("own_pledge", flag, "own pledge is in force"),
        ("own_crisis", flag, "is in crisis"),
    ]
    rows += [(f"stage_{k}", flag, f"stage {k} is being played") for k in range(len(stages or ()))]
    for k in range(1, n_states):
        rows += [
            (f"other_{k}_alive", flag, f"state i+{k} is alive"),
            (f"other_{k}_crisis", flag, f"in crisis with state i+{k}"),
            (f"other_{k}_arms", values["reported_arms"], f"reported arms of state i+{k}"),
            (f"other_{k}_dossier", values["dossier"], f"believed offensive share of state i+{k}"),
            (f"other_{k}_economy", values["economy"], f"economy of state i+{k}"),
            *(
                (f"other_{k}_{kind.name.lower()}", flag, f"last signal of state i+{k}: {kind.name.lower()}")
                for kind in Signal
            ),
            (f"other_{k}_struck_me", flag, f"state i+{k} struck me in the last step"),
            (f"other_{k}_supports_me", flag, f"state i+{k} defends me in this step"),
            (f"other_{k}_supported", flag, f"I defend state i+{k} in this step"),
        ]
        rows += [(f"other_{k}_greed", values["greed"], f"extra value of conquest of state i+{k}")] * reveal_intents
    return [Entry(name, place, low, high, meaning) for place, (name, (low, high), meaning) in enumerate(rows)]


def state_bounds(params: Params, n_states: int, max_cycles: int) -> dict[str, tuple[float, float]]:
    """Return the bounds of the numbers of a :class:`State`, each including 0 and of positive width.

    They follow the allowed ranges rather than a world's values, so that worlds share spaces. Bounds are infinite only
    where noise is unbounded: perceived balance with balance noise, reported arms with arms noise.
    """
    widest = float(np.max(params.balance_width))
    low, high = PARAMETERS["balance"].low - widest, PARAMETERS["balance"].high + widest
    bias = float(np.max(np.abs(params.balance_bias)))
    private = np.inf if np.any(params.balance_noise) else high + bias
    spread = float(np.max(np.abs(params.initiative_mean) + np.abs(params.initiative_width)))
    cap = float(np.max(params.arms_cap)) * (1 + 1e-6)
    economy = min(_largest_economy(params, n_states, max_cycles) * (1 + 1e-6), float(np.finfo(np.float32).max))
    return {
        "offensive": (0.0, cap),
        "defensive": (0.0, cap),
        "economy": (0.0, economy),
        "greed": (0.0, PARAMETERS["greed"].high),
        "initiative": (-max(1.0, spread), max(1.0, spread)),
        "perceived_balance": (-private, private),
        "balance": (low, high),
        "dossier": (0.0, 1.0),
        "reported_arms": (0.0, np.inf if np.any(params.arms_noise) else cap),
    }


def outgrown_faults(params: Params, n_states: int, max_cycles: int) -> list[str]:
    """Return what is wrong with valid parameters together with the time limit: economies that outgrow float32."""
    if _largest_economy(params, n_states, max_cycles) <= LARGEST_ECONOMY:
        return []
    limit = f"growth = {params.growth!r} and spoils = {params.spoils!r} over max_cycles = {max_cycles} steps"
    return [f"{limit}: an economy could exceed {LARGEST_ECONOMY:g}; lower one of them"]


def _largest_economy(params: Params, n_states: int, max_cycles: int) -> float:
    """What a victor over all others may have at the time limit; infinite where no number holds it."""
    start = np.broadcast_to(np.asarray(params.initial_economy, float), (n_states,))
    wealth = float(start.sum() * max(1.0, float(np.max(params.spoils))) ** (n_states - 1))
    log_growth = max_cycles * float(np.log1p(np.max(params.growth)))
    return wealth * float(np.exp(log_growth)) if log_growth < 700 else np.inf
