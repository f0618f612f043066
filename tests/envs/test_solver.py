"""Trees, payoffs and exploitability against a naive enumeration of single games and against brute force."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any
from zlib import crc32

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.combat import attack_strength, mutual_probability, strike_probability
from security_dilemma.dynamics import initial, terminated
from security_dilemma.games import Games
from security_dilemma.params import Params
from security_dilemma.perception import observe
from security_dilemma.solver import (
    GameTree,
    Profile,
    best_response,
    expected_payoffs,
    expected_payoffs_by_intent,
    gains,
    gains_by_intent,
    nash_conv,
    replaced,
)
from security_dilemma.solver.enumeration import Floats
from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.state import State
from security_dilemma.theory import crisis_payoffs, parity_chance
from tests.envs.builders import STRIKE, make_draws, play

UNEVEN: dict[str, Any] = {
    "balance": np.array([0.7, 1.1]),
    "decisiveness": np.array([1.5, 0.8]),
    "surge_attack": np.array([0.5, 1.3]),
    "home_defence": 0.8,
    "trust": np.array([0.3, 0.6]),
    "greed": np.array([0.9, 1.4]),
    "war_cost": np.array([0.1, 0.3]),
    "upkeep": 0.05,
    "initial_economy": np.array([1.0, 1.5]),
}


def uneven(name: str, **changes: Any) -> StageGame:
    """A ready-made stage game in which the two states differ in everything."""
    return stage_game(name, **UNEVEN | changes)


def arms_then_crisis(war: str = "terminal", **changes: Any) -> StageGame:
    """Three stages: postures, then two crises, before the last of which a state may pledge or burn."""
    stages = ((("hold", "arm_defensively", "arm_offensively"), 0.2), (("disarm", "strike"), 0.3), (("strike",), 0.5))
    base = Params(**UNEVEN).replace(posture_noise=0.0, distinguishability=0.6, burn_cost=0.3, audience_cost=0.4)
    signals = (("silent",), ("silent", "pledge"), ("silent",))
    return StageGame(base.replace(trust=np.array([0.3, 1.0]), **changes), stages, war, signals, "none")


def some_profile(tree: GameTree, seed: int = 0) -> Profile:
    """An arbitrary rule that reads the observation."""
    return tree.profile(lambda player, stage, seen: some_choice(seed, player, stage, seen, tree.n_actions(stage)))


def some_choice(seed: int, player: int, stage: int, seen: Floats, n_actions: int) -> Floats:
    words = np.round([seed, player, stage, *seen], 9).tobytes()
    return np.random.default_rng(crc32(words)).dirichlet(np.ones(n_actions))


def naive_payoffs(tree: GameTree, seed: int) -> Floats:
    """Expected payoffs by playing every line of single games, one after the other."""
    params, stages = tree.params, tree.game.stages
    trust = np.broadcast_to(params.trust, (2,))
    total = np.zeros(2)
    for greedy in product((False, True), repeat=2):
        prior = float(np.prod([1 - t if g else t for g, t in zip(greedy, trust, strict=True)]))
        state = initial(params, make_draws(), stages, intents=np.array(greedy))
        total += prior * naive_value(tree, seed, state, 0)
    return total


def naive_value(tree: GameTree, seed: int, state: State, stage: int) -> Floats:
    params, game = tree.params, tree.game
    options = tree.stages[stage].choices
    seen = observe(params, state, game.stages)
    mixed = [some_choice(seed, i, stage, seen[i], len(options)) for i in range(2)]
    value = np.zeros(2)
    for first, second in product(range(len(options)), repeat=2):
        moves, signals = ([options[first][k], options[second][k]] for k in range(2))
        chance = naive_chance(params, state, [move == STRIKE for move in moves])
        peace = STRIKE not in moves
        for weight, draw in [(1.0, 0.5)] if peace else [(chance, chance - 1e-9), (1 - chance, chance + 1e-9)]:
            after, paid = play(
                params, state, moves, signals, draws=make_draws(war=draw), stages=game.stages, war=game.war
            )
            over = bool(terminated(after, game.stages).all())
            later = 0.0 if over else naive_value(tree, seed, after, stage + 1)
            value = value + mixed[0][first] * mixed[1][second] * weight * (paid + later)
    return value


def naive_chance(params: Params, state: State, struck: list[bool]) -> float:
    """The first state's chance to win the war, if there is one."""
    one_sided = strike_probability(params, state)
    attack = attack_strength(params, state.offensive, state.defensive)
    if all(struck):
        k = np.mean(np.broadcast_to(params.decisiveness, (2,)))
        return float(mutual_probability(k, attack, attack[::-1])[0])
    return float(one_sided[0] if struck[0] else 1 - one_sided[1])


GAMES = {
    "crisis": uneven("crisis"),
    "kydd_reassurance": uneven("kydd_reassurance"),
    "costly_signal": uneven("costly_signal"),
    "arms_then_crisis": arms_then_crisis(),
    "seen_and_biased": arms_then_crisis(visibility_override=1.0, worst_case=0.3, routine_weight=0.1, power_weight=0.2),
}

SMALL = ("crisis", "kydd_reassurance", "costly_signal")
LARGE = ("arms_then_crisis", "seen_and_biased")


@cache
def tree_of(name: str) -> GameTree:
    return GameTree.build(GAMES[name])


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_payoffs_are_those_of_single_games_played_one_by_one(name: str) -> None:
    tree = tree_of(name)
    assert_allclose(expected_payoffs(tree, some_profile(tree, 1)), naive_payoffs(tree, 1), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_scaled_wars_are_those_of_single_games() -> None:
    tree = GameTree.build(arms_then_crisis("scaled"))
    assert_allclose(expected_payoffs(tree, some_profile(tree, 2)), naive_payoffs(tree, 2), rtol=1e-12, atol=1e-12)


@settings(max_examples=30)
@given(
    st.floats(-3, 3),
    st.floats(0.01, 0.49),
    st.floats(0.1, 4),
    st.floats(0.1, 3),
    st.floats(-1, 1),
    st.sampled_from(["terminal", "scaled"]),
)
def test_a_crisis_has_the_cells_of_its_matrix(b: float, c: float, k: float, g: float, h: float, war: str) -> None:
    game = stage_game("crisis", balance=b, war_cost=c, decisiveness=k, greed=g, initiative_mean=h, trust=0.0)
    tree = GameTree.build(game._replace(war=war))
    expected = crisis_payoffs(parity_chance(b, k), c, g, h)
    hold, strike = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    for (own, other), payoff in zip(product((hold, strike), repeat=2), expected, strict=True):
        assert_allclose(expected_payoffs(tree, ((own,), (other,)))[0], payoff, rtol=1e-9, atol=1e-9)
        assert_allclose(expected_payoffs(tree, ((other,), (own,)))[1], payoff, rtol=1e-9, atol=1e-9)


def pure_behaviours(tree: GameTree, player: int) -> list[tuple[Floats, ...]]:
    """Every pure behaviour of a state."""
    sizes = [(stage.n_sets(player), len(stage.choices)) for stage in tree.stages]
    parts = [[np.eye(k)[list(picks)] for picks in product(range(k), repeat=n)] for n, k in sizes]
    return list(product(*parts))


@pytest.mark.parametrize("name", ["crisis", "costly_signal"])
def test_nash_conv_is_what_the_best_of_all_pure_behaviours_gains(name: str) -> None:
    tree = GameTree.build(uneven(name))
    profile = some_profile(tree, 3)
    now = expected_payoffs(tree, profile)
    best = [
        max(float(expected_payoffs(tree, replaced(profile, i, pure))[i]) for pure in pure_behaviours(tree, i))
        for i in range(2)
    ]
    assert_allclose(gains(tree, profile), best - now, atol=1e-12)
    assert nash_conv(tree, profile) == pytest.approx(sum(best - now), abs=1e-12)
    assert nash_conv(tree, profile) > 0.01


def test_nash_conv_of_two_crises_by_brute_force() -> None:
    tree = GameTree.build(uneven("kydd_reassurance"))
    profile = some_profile(tree, 4)
    now = expected_payoffs(tree, profile)
    for i in range(2):
        values = [expected_payoffs(tree, replaced(profile, i, pure))[i] for pure in pure_behaviours(tree, i)]
        assert max(values) - now[i] == pytest.approx(gains(tree, profile)[i], abs=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_a_best_response_is_worth_what_it_says_and_leaves_nothing_to_gain(name: str) -> None:
    tree = tree_of(name)
    profile = some_profile(tree, 5)
    for player in range(2):
        response = best_response(tree, profile, player)
        improved = replaced(profile, player, response.behaviour)
        assert_allclose(expected_payoffs(tree, improved)[player], response.value, atol=1e-12)
        assert gains(tree, improved)[player] == pytest.approx(0, abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 1000), st.sampled_from(SMALL))
def test_intents_make_up_the_whole(seed: int, name: str) -> None:
    tree = tree_of(name)
    profile = some_profile(tree, seed)
    trust = np.asarray(tree.params.trust)
    share = np.stack([trust, 1 - trust], axis=-1)
    whole = np.nansum(share * expected_payoffs_by_intent(tree, profile), axis=-1)
    assert_allclose(whole, expected_payoffs(tree, profile))
    by_intent = gains_by_intent(tree, profile)
    assert_allclose(np.nansum(share * by_intent, axis=-1), gains(tree, profile), atol=1e-12)
    assert np.nanmin(by_intent) > -1e-12


def test_an_intent_that_cannot_occur_has_no_payoff() -> None:
    tree = GameTree.build(stage_game("crisis", trust=np.array([1.0, 0.0])))
    payoffs = expected_payoffs_by_intent(tree, tree.uniform())
    assert_array_equal(np.isnan(payoffs), [[False, True], [True, False]])


def test_information_sets_are_what_a_state_saw_and_did() -> None:
    """Two intents, own two moves, whether it was struck; unseen: the other's intent, who won, initiatives all alike."""
    tree = GameTree.build(stage_game("kydd_reassurance"), initiatives=3)
    assert [stage.n_sets(0) for stage in tree.stages] == [2, 2 * 2 * 2]
    assert [str(choice) for choice in tree.stages[0].choices] == ["hold", "strike"]
    assert len(tree.prior) == 4
    assert tree.prior.sum() == pytest.approx(1)


@pytest.mark.parametrize(("visibility", "postures"), [(0.0, 2), (0.5, 3)])
def test_postures_are_told_apart_only_where_they_are_visible(visibility: float, postures: int) -> None:
    """Of no arms, defensive and offensive arms, the latter two look alike where visibility is 0."""
    moves = ("hold", "arm_defensively", "arm_offensively")
    params = stage_game("crisis", visibility_override=visibility).params
    game = StageGame(params, ((moves, 0.5), (("strike",), 0.5)), "terminal", (("silent",),) * 2, "none")
    assert GameTree.build(game).stages[1].n_sets(0) == 3 * postures


def test_initiatives_are_midpoints_of_equal_chance() -> None:
    tree = GameTree.build(stage_game("baliga_sjostrom"), initiatives=4)
    place = tree.entries["own_initiative"]
    assert_allclose(tree.stages[0].observations[0][:, place], 0.7 * np.array([-0.75, -0.25, 0.25, 0.75]))
    assert_allclose(tree.prior, np.full(16, 1 / 16))


def test_a_policy_that_sees_observations_only() -> None:
    """Moves that are not enabled count as holding and signals that are not considered as silence."""
    tree = GameTree.build(stage_game("costly_signal"))
    moves, signals = np.array([0.1, 0.2, 0.1, 0.2, 0.4]), np.array([0.3, 0.1, 0.4, 0.1, 0.1])
    separate = tree.behaviour_of(lambda seen: (np.tile(moves, (len(seen), 1)), np.tile(signals, (len(seen), 1))))
    flat = tree.behaviour_of(lambda seen: (np.tile(np.outer(moves, signals).ravel(), (len(seen), 1)),))
    for profile in (separate, flat):
        for player in range(2):
            # silence or burning in the first stage, holding or striking in the second
            assert_allclose(profile[player][0], np.tile([0.6, 0.4], (tree.stages[0].n_sets(player), 1)))
            assert_allclose(profile[player][1], np.tile([0.6, 0.4], (tree.stages[1].n_sets(player), 1)))


def test_two_policies_each_see_their_own_observation_in_single_precision() -> None:
    tree = GameTree.build(stage_game("crisis", trust=0.5))

    def by_greed(seen: Any) -> Any:
        assert seen.dtype == np.float32
        strike = (seen[:, tree.entries["own_greed"]] > 0).astype(float)
        zeros = np.zeros_like(strike)
        return np.stack([1 - strike, zeros, zeros, zeros, strike], -1), np.eye(5)[np.zeros(len(seen), int)]

    def dove(seen: Any) -> Any:
        return np.eye(5)[np.zeros(len(seen), int)], np.eye(5)[np.zeros(len(seen), int)]

    profile = tree.behaviour_of(by_greed, dove)
    assert_array_equal(profile[0][0], [[1, 0], [0, 1]])
    assert_array_equal(profile[1][0], [[1, 0], [1, 0]])


@pytest.mark.parametrize("name", ["kydd_reassurance", "arms_then_crisis", "seen_and_biased"])
def test_a_policy_is_paid_in_sampled_games_what_the_tree_expects(name: str) -> None:
    """In the games that learners play, in float32 and with chance drawn; the policy reads all of an observation."""
    tree, game, n = tree_of(name), GAMES[name], 20_000
    weights = np.random.default_rng(0).normal(0, 0.5, (len(tree.entries), 5))

    def probabilities(seen: Any) -> Any:
        moves = np.exp(seen.astype(float) @ weights)
        return moves / moves.sum(axis=-1, keepdims=True), np.tile(np.eye(5)[0], (*seen.shape[:-1], 1))

    expected = expected_payoffs(tree, tree.behaviour_of(probabilities))
    games, rng = Games(n_games=n, seed=1, **game.arguments()), np.random.default_rng(2)
    observations, paid, going = games.reset(1), np.zeros((n, 2)), np.ones((n, 1), bool)
    for _ in game.stages:
        chance = probabilities(observations)[0].cumsum(axis=-1)
        moves = (chance < rng.random((n, 2, 1))).sum(axis=-1).clip(0, 4)
        observations, rewards, ended, *_ = games.step(np.stack([moves, np.zeros_like(moves)], axis=-1))
        paid, going = paid + rewards * going, going & ~ended.all(axis=-1, keepdims=True)
    assert not going.any()
    assert np.all(np.abs(paid.mean(axis=0) - expected) < 4 * paid.std(axis=0) / np.sqrt(n))
