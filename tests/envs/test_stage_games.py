"""Ready-made stage games: that they can be played, and that each is the model that it is named after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from security_dilemma import Games, parallel_env
from security_dilemma.params import ParameterError, parameter_faults
from security_dilemma.payoffs import reward
from security_dilemma.solver import GameTree, expected_payoffs_by_intent, nash_conv
from security_dilemma.solver.profiles import all_hold, all_strike, costly_signal, reassurance
from security_dilemma.stage_games import STAGE_GAMES, StageGame, stage_game, with_stakes
from security_dilemma.stages import game_faults
from security_dilemma.theory import (
    RichardsonRace,
    crisis_payoffs,
    minimum_trust,
    parity_chance,
    reassurance_window,
    security_requirement,
    signal_window,
)
from tests.envs.builders import HOLD, decoded, make_state

NAMES = sorted(STAGE_GAMES)


# Every game


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_game_is_valid_and_is_played_to_its_end(name: str) -> None:
    game = stage_game(name)
    assert game_faults(2, len(game.stages), game.stages, game.war) == []
    assert parameter_faults(vars(game.params), 2) == []
    assert len(game.signals) == len(game.stages)
    env = parallel_env(**game.arguments())
    env.reset(seed=1)
    for agent in env.possible_agents:
        env.action_space(agent).seed(1)
    steps = 0
    while env.agents:
        actions = {agent: env.action_space(agent).sample() for agent in env.agents}
        _, _, ended, late, _ = env.step(actions)
        steps += 1
        assert not any(late.values())
    assert all(ended.values())
    assert steps <= len(game.stages)


@pytest.mark.parametrize("name", NAMES)
def test_undisturbed_peace_is_worth_one(name: str) -> None:
    game = stage_game(name)
    env = parallel_env(**game.arguments())
    env.reset(seed=1)
    total = np.zeros(2)
    still = np.zeros(5, np.float32) if game.action_mode == "continuous" else np.array([0, 0])
    while env.agents:
        _, rewards, *_ = env.step(dict.fromkeys(env.agents, still))
        total += list(rewards.values())
    assert_allclose(total, 1, rtol=1e-5)


def test_the_arguments_make_games_of_every_kind() -> None:
    games = Games(n_games=3, **stage_game("richardson").arguments())
    assert games.action_mode == "continuous"
    assert Games(n_games=3, **stage_game("crisis").arguments()).action_mode == "multidiscrete"


# What can be changed


def test_parameters_change_by_name() -> None:
    game = stage_game("costly_signal", balance=1.5, burn_cost=[3.0, 30.0])
    assert game.params.balance == 1.5
    assert_allclose(game.params.burn_cost * np.ones(2), [3.0, 30.0])
    assert game.stages == STAGE_GAMES["costly_signal"].stages
    assert STAGE_GAMES["costly_signal"].params.balance == 1.0
    by_state = stage_game("crisis", distinguishability=[0.25, 0.5]).params
    assert_allclose(by_state.fungibility * np.ones(2), [0.75, 0.5])


def test_stakes_change_by_place() -> None:
    game = with_stakes(stage_game("kydd_reassurance"), (0.25, 0.75))
    assert [stake for _, stake in game.stages] == [0.25, 0.75]
    assert [moves for moves, _ in game.stages] == [("hold", "strike")] * 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stage_game("crisi"), "unknown stage game 'crisi': did you mean 'crisis'?"),
        (lambda: stage_game("crisis", war_cost=0.7), "war_cost = 0.7 is outside (0, 0.5)"),
        (lambda: stage_game("crisis", balanse=0.7), "unknown parameter 'balanse': did you mean 'balance'?"),
        (lambda: stage_game("crisis", trust=[0.1, 0.2, 0.3]), "trust has 3 values for 2 states"),
        (lambda: with_stakes(stage_game("kydd_reassurance"), (0.5, 0.6)), "sum to 1.1, not to 1"),
        (lambda: with_stakes(stage_game("kydd_reassurance"), (1.0,)), "are 1 for 2 stages: give one for each"),
        (lambda: with_stakes(stage_game("kydd_reassurance"), (-0.5, 1.5)), "stake -0.5 is outside (0, 1]"),
        (lambda: with_stakes(stage_game("kydd_reassurance"), (float("nan"), 1.0)), "stake nan is outside"),
        (lambda: with_stakes(stage_game("crisis"), ["1"]), "stake '1' is outside (0, 1]"),  # type: ignore[list-item]
        (lambda: with_stakes(stage_game("crisis"), ["a"]), "must be (enabled moves, stake)"),  # type: ignore[list-item]
    ],
)
def test_bad_input_is_told_in_one_clear_error(call: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert len(caught.value.faults) == 1
    assert message in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        stage_game("stag", war_cost=0.7, balanse=0.7)
    assert len(caught.value.faults) == 3


# Each is its model


@pytest.mark.parametrize("name", ["crisis", "stag_hunt"])
def test_the_crisis_has_two_equilibria(name: str) -> None:
    tree = GameTree.build(stage_game(name))
    assert nash_conv(tree, all_hold(tree)) == 0
    assert nash_conv(tree, all_strike(tree)) == pytest.approx(0, abs=1e-12)
    payoffs = crisis_payoffs(parity_chance(1.0), 0.2)
    assert expected_payoffs_by_intent(tree, all_hold(tree))[0, 0] == pytest.approx(payoffs.hold_hold)
    assert expected_payoffs_by_intent(tree, all_strike(tree))[0, 0] == pytest.approx(payoffs.strike_strike)


def test_private_benefits_are_those_of_baliga_and_sjostrom() -> None:
    games = Games(n_games=20_000, seed=0, **stage_game("baliga_sjostrom").arguments())
    drawn = games.state.initiative
    assert -0.7 <= drawn.min() < -0.69
    assert 0.69 < drawn.max() <= 0.7
    assert abs(float(drawn.mean())) < 0.01
    assert not games.state.greed.any()


@pytest.mark.parametrize(("first", "separates"), [(0.17, False), (0.19, True), (0.4, True), (0.6, True), (0.62, False)])
def test_the_reassurance_game_has_kydds_window(first: float, separates: bool) -> None:
    game = with_stakes(stage_game("kydd_reassurance"), (first, 1 - first))
    p = game.params
    assert p.trust < minimum_trust(parity_chance(p.balance), p.war_cost)  # no peace in a single round
    window = reassurance_window(parity_chance(p.balance), p.war_cost, p.greed, p.trust)
    assert (first in window) == separates
    tree = GameTree.build(game)
    assert (nash_conv(tree, reassurance(tree)) < 1e-12) == separates


@pytest.mark.parametrize(
    ("cost", "separates"), [(0.0, False), (0.45, False), (0.47, True), (0.69, True), (0.71, False)]
)
def test_the_signal_game_has_fearons_window(cost: float, separates: bool) -> None:
    """A cost in units of the crisis' stake of 0.9, burnt in a stage with a stake of 0.1."""
    game = stage_game("costly_signal", burn_cost=[cost * 0.9 / 0.1, 45.0])
    window = signal_window(parity_chance(1.0), 0.2, 1.0)
    assert window is not None
    assert (cost in window) == separates
    tree = GameTree.build(game)
    assert (nash_conv(tree, costly_signal(tree)) < 1e-12) == separates


def test_sender_and_receiver_of_a_signal_can_tell_which_they_are() -> None:
    observations = Games(n_games=1, **stage_game("costly_signal", trust=1.0).arguments()).reset(0)
    assert not np.array_equal(observations[0, 0], observations[0, 1])


def test_the_receiver_never_gains_by_burning() -> None:
    """Its price exceeds the difference between the best and the worst that a crisis can end in."""
    game = STAGE_GAMES["costly_signal"]
    price = float(np.asarray(game.params.burn_cost)[1]) * game.stages[0][1]
    payoffs = crisis_payoffs(parity_chance(1.0), 0.2)
    assert price > game.stages[1][1] * (max(payoffs) - min(payoffs))


@pytest.mark.parametrize("message", ["assure", "pledge", "open"])
def test_a_free_message_cannot_separate(message: str) -> None:
    """Seekers send it, greedy states do not, and the receiver believes it: greedy states then send it too."""
    game = STAGE_GAMES["costly_signal"]._replace(signals=(("silent", message), ("silent",)))
    tree = GameTree.build(game)

    def choose(player: int, stage: int, seen: Any) -> Any:
        greedy = seen[tree.entries["own_greed"]] > 0
        if stage == 0:
            return tree.surely(0, "hold", message if player == 0 and not greedy else "silent")
        believes = player == 0 or seen[tree.entries[f"other_1_{message}"]] > 0
        return tree.surely(1, "strike" if greedy or not believes else "hold")

    assert nash_conv(tree, tree.profile(choose)) > 0.1


# Richardson's race


def settled_arms(game: StageGame, purchase: Callable[[float, float], float], *, uneven: float = 1.0) -> Any:
    """Defensive arms of both at the end of the race, of states that buy by a rule of their own and the other's arms.

    The second state buys ``uneven`` times what the rule says.
    """
    games = Games(n_games=1, **game.arguments())
    for _ in range(len(game.stages) - 1):
        x, y = games.state.defensive[0].tolist()
        rates = np.zeros((1, 2, 5))
        rates[0, :, 1] = np.clip(np.array([purchase(x, y), uneven * purchase(y, x)]) / game.params.build, 0, 1)
        games.step(rates)
    return games.state.defensive[0]


def test_a_scripted_race_settles_where_richardson_says() -> None:
    game = stage_game("richardson")
    restraint = float(game.params.depreciation)
    race = RichardsonRace((0.2, 0.1), (restraint, restraint), (0.5, 0.25))
    arms = settled_arms(game, lambda _own, other: 0.2 * other + 0.5, uneven=0.5)
    assert_allclose(arms, race.fixed_point(), rtol=1e-4)


@pytest.mark.parametrize(("balance", "d", "spirals"), [(1.0, 0.0, True), (0.6, 0.0, False), (1.0, 0.9, False)])
def test_deterrers_spiral_in_the_race_where_the_map_says(balance: float, d: float, spirals: bool) -> None:
    game = stage_game("richardson", balance=balance, distinguishability=d)
    p = game.params
    required = security_requirement(balance, d, p.greed, p.war_cost, home_defence=p.home_defence)
    assert required.spirals == spirals
    kept = 1 - p.depreciation
    arms = settled_arms(game, lambda own, other: required.answer(other) - kept * own)
    if spirals:
        assert_allclose(arms, p.arms_cap, rtol=1e-5)
    else:
        assert_allclose(arms, required.fixed_point(), rtol=0.05)


def test_a_share_of_power_is_worth_a_quarter_of_its_weight_in_arms() -> None:
    """With arms for a quarter of the weight, less what everyone brings, nobody gains by more or fewer."""
    params = stage_game("richardson", power_weight=1.0, upkeep=0.05).params
    arms = 1 / (4 * params.upkeep) - params.surge_attack
    idle = decoded(params, make_state(), [HOLD, HOLD])
    own = np.linspace(0, params.arms_cap, 201)
    states = [make_state(offensive=[x, arms]) for x in own]
    payoffs = [reward(params, state, idle, state)[0] for state in states]
    assert own[int(np.argmax(payoffs))] == pytest.approx(arms) == 4.0
