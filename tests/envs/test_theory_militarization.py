"""Militarisation and warning time: the closed forms, against exact exploitability in the ready-made stage games."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from security_dilemma.combat import strike_probability
from security_dilemma.solver import GameTree, Profile, expected_payoffs, nash_conv
from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.theory import Militarization, militarization, warning_distinguishability
from tests.envs.builders import make_state

BALANCES, COSTS, STEEPNESS, GREEDS = st.floats(-1.5, -0.01), st.floats(0.05, 0.45), st.floats(0.3, 3), st.floats(0.3, 3)
SHARES, BUILDS, BROUGHT = st.floats(0.05, 0.95), st.floats(0.5, 3), st.floats(0.3, 2)


# Militarisation (Jackson & Morelli 2009)


def armament(tree: GameTree, mix: Militarization) -> Profile:
    """States arm by the mix; hawks strike whoever is no deterrent."""
    shares = {"HOLD": mix.doves, "ARM_DEFENSIVELY": mix.deterrents, "ARM_OFFENSIVELY": mix.hawks}
    own, arms, dossier = (tree.entries[name] for name in ("own_offensive", "other_1_arms", "other_1_dossier"))

    def choose(_player: int, stage: int, seen: Any) -> Any:
        if stage == 0:
            return [shares[choice.move.name] for choice in tree.stages[0].choices]
        deterred = seen[arms] > 0 and seen[dossier] < 0.5
        return tree.surely(stage, "strike" if seen[own] > 0 and not deterred else "hold")

    return tree.profile(choose)


def over_a_dove(game: StageGame) -> float:
    """The chance with which a hawk conquers a dove."""
    armed = make_state(offensive=[float(game.params.build), 0.0], balance=game.params.balance)
    return float(strike_probability(game.params, armed)[0])


def militarized(**changes: float) -> tuple[GameTree, Militarization]:
    game = stage_game("jackson_morelli", **changes)
    p = game.params
    return GameTree.build(game), militarization(over_a_dove(game), p.war_cost, p.greed, p.upkeep * p.build)


@settings(max_examples=40)
@given(BALANCES, COSTS, STEEPNESS, SHARES, SHARES, st.floats(0.05, 2))
@example(b=-0.2, c=0.3, k=1.0, eagerness=0.5, price=0.67, beyond=0.5)
def test_the_mix_over_armament_is_an_equilibrium(
    b: float, c: float, k: float, eagerness: float, price: float, beyond: float
) -> None:
    g = c + eagerness * (1 + c)  # conquest for certain is worth more than peace, an even war less
    enough = ((1 + c) / (g - c)) ** (1 / k) * np.exp(-b) - 1  # arms with which it pays to strike the unarmed
    build = max(enough, 0) + beyond
    upkeep = price * (1 - (1 + g) / 2 + c) / build
    assume(build < 1e4 and 1e-6 < upkeep <= 0.3)
    changes = {"balance": b, "war_cost": c, "decisiveness": k, "greed": g, "upkeep": upkeep, "build": build}
    changes |= {"arms_cap": build}
    tree, mix = militarized(**changes)
    assert min(mix) > 0
    assert sum(mix) == pytest.approx(1)
    profile = armament(tree, mix)
    assert nash_conv(tree, profile) == pytest.approx(0, abs=1e-9)
    peaceful = 0.1 + 0.9 * (1 - upkeep * build)  # what a deterrent has, whom nobody strikes
    assert expected_payoffs(tree, profile) == pytest.approx([peaceful] * 2)


def test_no_other_mix_and_no_certain_armament_is_one() -> None:
    tree, mix = militarized()
    for other in (
        Militarization(1, 0, 0),
        Militarization(0, 1, 0),
        Militarization(0, 0, 1),
        Militarization(mix.doves + 0.05, mix.deterrents - 0.05, mix.hawks),
        Militarization(mix.doves, mix.deterrents - 0.05, mix.hawks + 0.05),
    ):
        assert nash_conv(tree, armament(tree, other)) > 1e-3


def test_figures_of_the_ready_made_game() -> None:
    _, mix = militarized()
    assert mix == pytest.approx((0.0863, 0.6364, 0.2773), abs=5e-5)
    assert mix.war == pytest.approx(0.1247, abs=5e-5)


# Warning time (Jervis 1978)


def answering(tree: GameTree) -> Profile:
    """Nobody arms, everyone would answer offensive arms, and greedy states strike whom they have outarmed."""
    names = ("own_greed", "own_offensive", "own_defensive", "other_1_arms")
    greed, offensive, defensive, arms = (tree.entries[name] for name in names)
    last = len(tree.stages) - 1

    def choose(_player: int, stage: int, seen: Any) -> Any:
        if stage == last:
            strikes = seen[greed] > 0 and seen[offensive] + seen[defensive] > seen[arms]
            return tree.surely(stage, "strike" if strikes else "hold")
        return tree.surely(stage, "arm_defensively" if stage == 1 and seen[arms] > 0 else "hold")

    return tree.profile(choose)


def exploitability(game: StageGame) -> float:
    tree = GameTree.build(game)
    return nash_conv(tree, answering(tree))


def without_warning(game: StageGame) -> StageGame:
    """The same game without the stage in which arms can be answered."""
    first, middle, last = game.stages
    return game._replace(stages=(first, (last[0], middle[1] + last[1])), signals=game.signals[:2])


@settings(max_examples=40)
@given(st.floats(-1.5, 0), COSTS, STEEPNESS, GREEDS, BUILDS, BROUGHT, BROUGHT, st.floats(0, 1))
@example(b=-0.2, c=0.3, k=1.0, g=1.0, build=2.0, attack=1.0, home=1.0, d=0.36)
@example(b=-0.2, c=0.3, k=1.0, g=1.0, build=2.0, attack=1.0, home=1.0, d=0.37)
@example(b=-0.2, c=0.3, k=1.0, g=1.0, build=2.0, attack=1.0, home=1.0, d=1.0)
@example(b=-0.2, c=0.3, k=1.0, g=1.0, build=2.0, attack=0.5, home=0.8, d=0.36)
def test_warning_keeps_the_peace_from_the_distinguishability_on(
    b: float, c: float, k: float, g: float, build: float, attack: float, home: float, d: float
) -> None:
    assume(g > c + 0.01 and np.log((1 + c) / (g - c)) / k >= b + max(np.log(attack / home), 0.0) + 1e-6)
    brought = {"surge_attack": attack, "home_defence": home}
    edge = warning_distinguishability(b, build, g, c, decisiveness=k, **brought)
    assume(abs(d - edge) > 1e-3)
    changes = {"balance": b, "war_cost": c, "decisiveness": k, "greed": g, "build": build, "distinguishability": d}
    game = stage_game("warning_time", **changes | brought, arms_cap=2 * build)
    assert (exploitability(game) < 1e-9) == (d > edge)


@pytest.mark.parametrize("d", [0.0, 0.5, 1.0])
def test_distinguishability_without_warning_does_not_help(d: float) -> None:
    assert exploitability(without_warning(stage_game("warning_time", distinguishability=d))) > 0.1


def test_a_warning_that_cannot_be_told_apart_does_not_help_either() -> None:
    assert exploitability(stage_game("warning_time", distinguishability=0.0)) > 0.1
    assert exploitability(stage_game("warning_time", distinguishability=1.0)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: militarization(0.6, 0.3, 1.0, 0.2), r"chance = 0.6 must be above \(1 \+ c\) / \(1 \+ g\) = 0.65"),
        (lambda: militarization(0.7, 0.3, 1.0, 0.35), r"burden = 0.35 must be in \(0, .* = 0.3\)"),
        (lambda: militarization(0.7, 0.3, 1.0, 0.0), "burden = 0.0"),
        (lambda: militarization(1.7, 0.3, 1.0, 0.2), "chance = 1.7"),
        (lambda: militarization(0.7, 0.3, 5.0, 0.2), "greed = 5.0 is outside"),
        (lambda: warning_distinguishability(0.5, 2.0, 1.0, 0.3), "balance = 0.5 must be at most 0"),
        (lambda: warning_distinguishability(-0.5, 0.0, 1.0, 0.3), "build = 0.0 is outside"),
        (lambda: warning_distinguishability(-0.5, 2.0, 0.3, 0.3), "greed = 0.3 must be above c"),
        (lambda: warning_distinguishability(0.0, 2.0, 3.0, 0.3), "a greedy state strikes its equal"),
        (lambda: warning_distinguishability(0.0, 2.0, 1.0, 0.3, surge_attack=3.0), "strikes its equal"),
        (lambda: warning_distinguishability(0.0, 2.0, 3.0, 0.3, surge_attack=0.1), "strikes its equal"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
