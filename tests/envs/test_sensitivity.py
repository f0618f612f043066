"""Every parameter changes something, also from its default and also for one state alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from security_dilemma.params import PARAMETERS, Params, parameter_faults
from tests.envs.rollouts import Rules, Script, Turn, leaves, rollout, script

STAGES = (
    (("hold", "arm_defensively", "arm_offensively", "strike"), 0.2),
    (("hold", "arm_defensively", "arm_offensively", "disarm"), 0.3),
    (("hold", "strike"), 0.5),
)
# Crises come anyway, stakes stand in for the discount, and two states have no allies.
IDLE_IN_STAGES = {"crisis_rate", "discount", "support_cost"}
DEFAULTS = Params(crisis_rate=0.6, trust=0.5, build=1.0)
RICH = DEFAULTS.replace(
    distinguishability=0.4,
    initiative_mean=0.1,
    initiative_width=0.2,
    upkeep=0.05,
    arms_cap=1.5,
    arms_noise=0.2,
    worst_case=0.1,
    balance_width=0.3,
    balance_bias=0.1,
    balance_noise=0.2,
    growth=0.02,
    spoils=0.4,
    power_weight=0.3,
    routine_weight=0.2,
    prosocial_weight=0.1,
)
BASES = {"defaults": DEFAULTS, "rich": RICH}
GAMES = {"three": (3, 8, Rules()), "terminal": (2, 3, Rules(STAGES)), "scaled": (2, 3, Rules(STAGES, "scaled"))}


@lru_cache
def reference(game: str, base: str) -> tuple[Script, list[Turn]]:
    n, steps, rules = GAMES[game]
    played = script(1, n, steps, (60,))
    return played, rollout(BASES[base], played, rules)


def perturbed(base: Params, name: str) -> float:
    """Another allowed value, a good way off."""
    value = getattr(base, name)
    factor = {"arms_cap": 0.5, "trust": 0.5, "discount": 0.5, "decisiveness": 0.4, "home_defence": 3.0}.get(name, 1.0)
    changed = 0.25 if value is None else value * factor if factor != 1 else value + 0.1
    assert changed != value
    assert not parameter_faults({name: changed})
    return float(changed)


def changes(game: str, base: str, params: Params) -> set[str]:
    """The names of what differs from the reference games."""
    played, turns = reference(game, base)
    other = rollout(params, played, GAMES[game][2])
    pairs = [(leaves(one), leaves(two)) for one, two in zip(turns, other, strict=True)]
    return {name for one, two in pairs for name in one if np.any(np.abs(1.0 * one[name] - 1.0 * two[name]) > 1e-6)}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_changes_a_game_of_three(name: str, base: str) -> None:
    params = BASES[base]
    assert changes("three", base, params.replace(**{name: perturbed(params, name)}))


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_of_one_state_alone_changes_the_game(name: str) -> None:
    value = getattr(RICH, name)
    default = {"fungibility_override": RICH.fungibility, "visibility_override": RICH.visibility}
    mixed = np.full(3, default.get(name, value), float)
    same = RICH.replace(**{name: mixed.copy()})
    mixed[1] = perturbed(RICH, name)
    assert not changes("three", "rich", same)
    assert changes("three", "rich", RICH.replace(**{name: mixed}))


@pytest.mark.parametrize("game", ["terminal", "scaled"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_changes_a_stage_game_that_has_its_meaning(name: str, game: str) -> None:
    idle = IDLE_IN_STAGES | ({"spoils"} if game == "scaled" else set())
    differ = changes(game, "rich", RICH.replace(**{name: perturbed(RICH, name)}))
    assert bool(differ) == (name not in idle)


EXPECTED: dict[str, set[str]] = {
    "trust": {"greed"},
    "greed": {"greed", "reward"},
    "initiative_mean": {"initiative", "reward"},
    "balance": {"balance", "perceived_balance", "won"},
    "balance_bias": {"perceived_balance"},
    "upkeep": {"reward", "economy"},
    "build": {"offensive", "defensive"},
    "visibility_override": {"dossier"},
    "arms_noise": {"reported_arms"},
    "crisis_rate": {"crisis", "mask"},
    "growth": {"economy"},
    "home_defence": {"won"},
    "decisiveness": {"won"},
    "fungibility_override": {"won"},
}
ONLY: dict[str, set[str]] = {
    "audience_cost": {"reward"},
    "support_cost": {"reward"},
    "power_weight": {"reward"},
    "routine_weight": {"reward"},
    "prosocial_weight": {"reward"},
    "discount": {"reward"},
    "war_cost": {"reward"},
    "balance_noise": {"perceived_balance", "observation"},
    "balance_bias": {"perceived_balance", "observation"},
    "worst_case": {"dossier", "observation"},
    "posture_noise": {"dossier", "observation"},
    "visibility_override": {"dossier", "observation"},
    "arms_noise": {"reported_arms", "observation"},
    "burn_cost": {"reward", "economy", "observation"},
}


@pytest.mark.parametrize("name", sorted(EXPECTED | ONLY))
def test_a_parameter_changes_what_it_means_and_nothing_else(name: str) -> None:
    differ = changes("three", "rich", RICH.replace(**{name: perturbed(RICH, name)}))
    assert differ >= EXPECTED.get(name, set())
    if name in ONLY:
        assert differ == ONLY[name]


def test_any_difference_is_seen() -> None:
    """The comparison itself: equal parameters change nothing."""
    same: dict[str, Any] = {name: getattr(RICH, name) for name in PARAMETERS}
    assert changes("three", "rich", Params(**same)) == set()
