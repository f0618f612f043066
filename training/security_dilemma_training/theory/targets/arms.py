"""THEORY 8 to 10: security requirements, arms races and power as a reward."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import decode
from security_dilemma.chance import Draws
from security_dilemma.combat import strike_probability
from security_dilemma.dynamics import advance, initial
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observation_table
from security_dilemma.state import HOLD, STRIKE
from security_dilemma.theory import RichardsonRace, SecurityRequirement, power_armament, security_requirement
from security_dilemma_training.spiral import Reaction, reaction, spiral_index
from security_dilemma_training.theory.settings import MEASURES, Settings
from security_dilemma_training.theory.targets.rows import Row, closed, not_applicable, yes_or_no
from security_dilemma_training.trajectories import Bools, Trajectories, record

__all__ = ["PRICE", "ScriptedRace", "power", "power_params", "races", "required_arms", "requirements"]

Floats = NDArray[np.float64]

ANSWERS = 5
"""How often each answers the other's arms with what deters them."""

GAMES, STEPS, NOISE = 2000, 20, 0.1
"""Of scripted races: games, steps of each, and the relative noise of what is bought."""

SLOWEST = 0.02
"""Restraint per step below which a race of so many steps leaves its spiral index open."""

PACE = 0.5
"""Share of the distance to what security requires that states go in a step."""

STEEPEST = 4.0
"""Spiral index beyond which a race explodes too fast for its estimate to mean much."""

SETTLING_STEPS = 2000
RESIDUE = 1e-6
"""Share of the distance to a race's fixed point that may be left after so many steps, for it to be looked at."""

PRICE = 0.3
"""Upkeep where arms are counted in what they cost: the dearest that the environment allows."""

PLENTY = 1e6
"""A cap and a limit of what is bought that are never reached."""


def requirements(settings: Settings) -> list[Row]:
    """THEORY 8: the arms that deter, answered by arms that deter."""
    try:
        theory = _requirement(settings)
    except ValueError as error:
        return [not_applicable(8, "security-requirement map", str(error))]
    slope, grievance = theory
    base = max(0.0, -grievance / slope) + 1.0 if slope else 1.0
    near, far = required_arms(settings, np.array([base, base + 1.0]))
    unarmed = float(required_arms(settings, np.zeros(1))[0])
    rows = [_relative("ρ, arms required per unit of the other's", slope, far - near)]
    rows.append(_relative("arms required against none, max(0, γ0)", theory.answer(0.0), unarmed))
    expected, arms = 0.0, np.zeros(1)
    for _ in range(ANSWERS):
        expected, arms = theory.answer(expected), required_arms(settings, arms)
    rows.append(_relative(f"arms after {ANSWERS} answers", expected, float(arms[0])))
    rows.append(yes_or_no(8, "a unit of arms calls for more than one", theory.spirals, bool(far - near > 1)))
    point, reason = closed(theory.fixed_point)
    if point is None:
        rows.append(not_applicable(8, "D*, arms at which both are secure", str(reason)))
    else:
        answered = float(required_arms(settings, np.array([point]))[0])
        rows.append(_relative("D*, arms at which both are secure", point, answered))
    return [*rows, _measured_spiral(settings, theory)]


def _requirement(settings: Settings) -> SecurityRequirement:
    return security_requirement(
        settings.balance,
        settings.distinguishability,
        settings.greed,
        settings.war_cost,
        decisiveness=settings.decisiveness,
        surge_attack=settings.surge_attack,
        home_defence=settings.home_defence,
    )


def _relative(quantity: str, theory: float, found: float, section: int = 8) -> Row:
    return Row(section, quantity, theory, found, 1e-5 * max(1.0, abs(theory)))


def required_arms(settings: Settings, arms: Floats) -> Floats:
    """Return the least defensive arms that leave a greedy opponent's strike worth no more than peace.

    Args:
        settings: The balance, combat and greed.
        arms: (...,) the opponent's defensive arms.
    """
    low, high = np.zeros(arms.shape), np.ones(arms.shape)
    while np.any(tempted := _strike_is_worth(settings, arms, high) > 1):
        high = np.where(tempted, 4 * high, high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        tempted = _strike_is_worth(settings, arms, middle) > 1
        low, high = np.where(tempted, middle, low), np.where(tempted, high, middle)
    return np.where(_strike_is_worth(settings, arms, np.zeros(arms.shape)) > 1, high, 0.0)


def _strike_is_worth(settings: Settings, striker: Floats, struck: Floats) -> Floats:
    """What a strike is worth to a greedy state, as the environment pays it, with defensive arms on both sides."""
    game = settings.game("crisis", trust=0.0, distinguishability=settings.distinguishability, arms_cap=PLENTY)
    params, stocks = game.params.cast(np.float64), np.stack([striker, struck], axis=-1)
    none, pairs = np.zeros_like(stocks), np.zeros((*stocks.shape, 2))
    draws = Draws(intent=none, initiative=none + 0.5, balance=none[..., 0], perception=none, posture=pairs, arms=pairs)
    state = initial(params, draws, game.stages, defensive=stocks)
    action = decode(params, state, np.array([[STRIKE, 0], [HOLD, 0]]) + np.zeros((*stocks.shape, 2), int), draws)
    paid = []
    for war in (0.0, 1.0):  # the striker wins, and loses
        drawn = draws._replace(war=np.full(striker.shape, war))
        after = advance(params, state, action, drawn, game.stages, game.war)
        paid.append(reward(params, state, action, after, game.stages, game.war)[..., 0])
    chance = strike_probability(params, state)[..., 0]
    worth: Floats = chance * paid[0] + (1 - chance) * paid[1]
    return worth


class ScriptedRace:
    """Continuous mode: buys defensive arms as a function of the other's, with relative noise; the own ones decay."""

    def __init__(self, params: Params, buy: Any, noise: float = NOISE) -> None:
        """Remember the rule.

        Args:
            params: The game's parameters.
            buy: From the other's arms (n_games, n_states) to the units bought.
            noise: Standard deviation of what is bought, relative to it.
        """
        self._build, self._buy, self._noise = float(params.build), buy, noise
        places = {entry.name: entry.place for entry in observation_table(params)}
        self._other = places["other_1_arms"]

    def act(self, observations: NDArray[Any], mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return build rates, (n_games, 2, 5)."""
        del mask
        bought = np.asarray(self._buy(observations[..., self._other].astype(float)))
        bought = bought * np.maximum(0.0, 1 + self._noise * rng.standard_normal(bought.shape))
        actions = np.zeros((*bought.shape, 5), np.float32)
        actions[..., 1] = np.clip(bought / self._build, 0, 1)
        return actions


def _race(restraint: float, buy: Any, *, games: int = GAMES, steps: int = STEPS, noise: float = NOISE) -> Trajectories:
    """Play a scripted race without crises."""
    params = Params(crisis_rate=0.0, depreciation=restraint, build=PLENTY, arms_cap=PLENTY)
    script = ScriptedRace(params, buy, noise)
    shape: dict[str, Any] = {"n_games": games, "intents": 0, "seed": 0, "max_cycles": steps}
    return record(params, script, action_mode="continuous", **shape)


def _estimated(trajectories: Trajectories) -> Reaction:
    return reaction(trajectories, ~trajectories.greedy)


def _measured_spiral(settings: Settings, theory: SecurityRequirement) -> Row:
    """The spiral index that is measured where two states go after what security requires."""
    quantity = "spiral index of states that go after D"
    if theory.grievance <= 0:
        return not_applicable(8, quantity, "γ0 is not positive: nobody begins to arm")
    if theory.reaction > STEEPEST:
        return not_applicable(
            8, quantity, f"ρ above {STEEPEST:g}: it explodes too fast to tell reaction from restraint"
        )
    found = _estimated(_race(PACE, lambda arms: PACE * required_arms(settings, arms), steps=12))
    index = spiral_index(found, found)
    return Row(8, quantity, theory.reaction, index.value, _accuracy(theory.reaction), reason=index.reason)


def _accuracy(index: float) -> float:
    """Three standard errors of a spiral index: the last step of each game says most, its noise is relative."""
    return 3 * max(1.0, index) ** 2 / math.sqrt(2 * GAMES)


def races(settings: Settings) -> list[Row]:
    """THEORY 9: Richardson's race, played by a scripted pair and estimated from what is seen of it."""
    a, m, g = settings.reaction, settings.restraint, settings.grievance
    race = RichardsonRace((a, a), (m, m), (g, g))
    rows = _estimates(settings, lambda arms: a * arms + g)
    quiet = _race(m, lambda arms: a * arms + g, games=1, noise=0.0).arms[:, 0, 0]
    changes = np.abs(np.diff(quiet))
    quantity, border = "the race settles", abs(a - m) < 1e-4
    rows.append(
        not_applicable(9, quantity, "reaction and restraint are all but equal")
        if border
        else yes_or_no(9, quantity, race.is_stable(), bool(changes[-1] < changes[0]))
    )
    if not race.is_stable() or race.spectral_radius() ** SETTLING_STEPS > RESIDUE:
        why = f"spectral radius {race.spectral_radius():.4f}: the race does not settle in {SETTLING_STEPS} steps"
        return [*rows, not_applicable(9, "x*, arms at which it settles", why)]
    last = _race(m, lambda arms: a * arms + g, games=1, steps=SETTLING_STEPS, noise=0.0).arms[-1, 0, 0]
    point = race.fixed_point()[0]
    return [*rows, Row(9, "x*, arms at which it settles", point, float(last), 1e-3 * max(1.0, point))]


def _estimates(settings: Settings, buy: Any) -> list[Row]:
    """What the estimator of the spiral index recovers of the script."""
    a, m = settings.reaction, settings.restraint
    if a > STEEPEST * m:
        why = f"a / m above {STEEPEST:g}: it explodes too fast to tell reaction from restraint"
        return [not_applicable(9, "a and m, estimated", why)]
    found = _estimated(_race(m, buy))
    named = zip("am", (a, m), found[:2], strict=True)
    rows = [Row(9, f"{name}, estimated", value, estimate, 0.02, reason=found.reason) for name, value, estimate in named]
    if m < SLOWEST:
        why = f"m below {SLOWEST:g}: so slow a race does not tell its index in {STEPS} steps"
        return [*rows, not_applicable(9, "spiral index a / m", why)]
    return [*rows, Row(9, "spiral index a / m", a / m, spiral_index(found, found).value, _accuracy(a / m))]


def power_params(settings: Settings, weight: float) -> Params:
    """Return parameters of an arms race for power: no crises, hardly any strength without arms, arms do not wear."""
    return Params(
        crisis_rate=0.0,
        upkeep=PRICE,
        power_weight=weight,
        decisiveness=settings.decisiveness,
        surge_attack=1e-6,
        depreciation=0.0,
        build=1 / PRICE,
        arms_cap=1 / PRICE,
    )


def power(settings: Settings) -> list[Row]:
    """THEORY 10: what states that value their share of power spend on it, as a share of the economy."""
    weight = settings.power_weight
    rows = [Row(10, "burden of security seekers without greed", 0.0, _settled_burden(settings, 0.0, 2), 1e-4)]
    for n in (2, 3, 4):
        quantity = f"burden of {n} states that value power {weight:g}"
        theory, reason = closed(partial(power_armament, weight, n, settings.decisiveness))
        if theory is None:
            rows.append(not_applicable(10, quantity, str(reason)))
            continue
        found = _settled_burden(settings, weight, n)
        learned = ("power", MEASURES["power"].format(n))
        rows.append(Row(10, quantity, theory, found, 1e-3, experiment=learned, learned_tolerance=0.03))
    return rows


def _settled_burden(settings: Settings, weight: float, n: int) -> float:
    """Return the burden up to which the best reply to n - 1 alike is to bear at least as much, by bisection."""
    params = power_params(settings, weight)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _best_burden(params, middle, n) >= middle else (low, middle)
    return 0.5 * (low + high)


def _best_burden(params: Params, others: float, n: int) -> float:
    """Return the burden that pays most against others alike, by grids that close in on it."""
    low, high = 0.0, 1.0
    for _ in range(5):
        grid = np.linspace(low, high, 101)
        best = grid[int(np.argmax(_peaceful_payoff(params, grid, others, n)))]
        low, high = max(0.0, best - (grid[1] - grid[0])), min(1.0, best + (grid[1] - grid[0]))
    return float(best)


def _peaceful_payoff(params: Params, own: Floats, others: float, n: int) -> Floats:
    """What a peaceful step pays the first state, by its burden, in units of an undisturbed future."""
    burdens = np.concatenate([own[:, None], np.full((len(own), n - 1), others)], axis=-1)
    none = np.zeros_like(burdens)
    draws = Draws(intent=none, initiative=none + 0.5, balance=none[:, 0], perception=none)
    state = initial(params, draws, offensive=burdens / PRICE)
    action = decode(params, state, np.zeros((*burdens.shape, 2 + (n > 2)), int), draws)
    paid: Floats = reward(params, state, action, state, fought=False)[:, 0] / (1 - params.discount)
    return paid
