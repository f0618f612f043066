"""What holds for every scripted state: observations alone, each for itself, batched as single, memory that ends."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma.actions import component_sizes
from security_dilemma.arrays import Array
from security_dilemma.combat import strike_probability
from security_dilemma.games import Games
from security_dilemma.params import PARAMETERS, WORLDS, ParameterError, Params
from security_dilemma.perception import observation_table
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma.stages import Stages
from security_dilemma.state import Move, Signal
from security_dilemma.strategies import STRATEGIES, View
from security_dilemma.strategies.judgement import armed, crisis_payoffs, disarmed, tempted
from security_dilemma.strategies.view import Roles
from security_dilemma.theory import crisis_payoffs as closed_form
from security_dilemma.theory import parity_chance, predation_threshold
from tests.envs.strategists import player, witnessed

ALL = tuple(STRATEGIES)
REMEMBERING = tuple(name for name in ALL if STRATEGIES[name].remembers)
CERTAIN = tuple(name for name in ALL if name != "random")
BUSY = WORLDS["not_intense"].replace(crisis_rate=0.5, trust=0.5)
"""Half of the steps are crises, and half of the states are greedy."""

MIXED = BUSY.replace(
    balance=np.array([0.9, 0.5, -0.2]),
    greed=np.array([0.2, 0.9, 2.0]),
    war_cost=np.array([0.1, 0.25, 0.4]),
    decisiveness=np.array([1.0, 2.0, 3.0]),
    home_defence=np.array([0.5, 1.0, 1.5]),
    distinguishability=np.array([0.2, 0.6, 1.0]),
    build=np.array([0.25, 0.5, 0.75]),
)
"""Three states that differ in what they are and know."""


def replies(name: str, params: Params, seen: list[tuple[Array, Array]], n: int) -> Array:
    """The actions of a strategy that sees one game after the other's steps, (T, G, N, components)."""
    strategy, rng = STRATEGIES[name](params, n), np.random.default_rng(1)
    return np.stack([strategy.act(observations, mask, rng) for observations, mask in seen])


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("name", ALL)
def test_actions_are_legal_and_masked(name: str, n: int) -> None:
    seen = witnessed(BUSY, n)
    actions = replies(name, BUSY, seen, n)
    assert actions.shape == (len(seen), 6, n, len(component_sizes(n)))
    assert (actions >= 0).all()
    assert (actions < component_sizes(n)).all()
    masks = np.stack([mask for _, mask in seen])
    moves, alive = actions[..., 0], masks[..., Move.HOLD]
    assert (np.take_along_axis(masks, moves[..., None], axis=-1)[..., 0] | ~alive).all()
    assert (moves[~masks[..., Move.STRIKE]] != Move.STRIKE).all()


@pytest.mark.parametrize("name", CERTAIN)
def test_batched_equals_single(name: str) -> None:
    seen = witnessed(BUSY, 3)
    together = replies(name, BUSY, seen, 3)
    for game in range(6):
        alone = replies(name, BUSY, [(o[game : game + 1], m[game : game + 1]) for o, m in seen], 3)
        assert np.array_equal(together[:, game : game + 1], alone)


@pytest.mark.parametrize("name", CERTAIN)
def test_relabelling_the_states_relabels_what_they_do(name: str) -> None:
    seen = witnessed(MIXED, 3)
    order = [1, 2, 0]
    fields = {f: getattr(MIXED, f)[order] for f in PARAMETERS if np.ndim(getattr(MIXED, f))}
    turned = replies(name, MIXED.replace(**fields), [(o[:, order], m[:, order]) for o, m in seen], 3)
    assert np.array_equal(turned, replies(name, MIXED, seen, 3)[:, :, order])


@pytest.mark.parametrize("name", CERTAIN)
def test_a_state_decides_by_its_own_observations_alone(name: str) -> None:
    seen, other = witnessed(MIXED, 3), witnessed(MIXED, 3, seed=5)
    mixed = []
    for (mine, mask), (strange, strange_mask) in zip(seen, other, strict=True):
        first = np.arange(3)[:, None] == 0
        mixed.append((np.where(first, mine, strange), np.where(first, mask, strange_mask)))
    assert np.array_equal(replies(name, MIXED, mixed, 3)[:, :, 0], replies(name, MIXED, seen, 3)[:, :, 0])


@pytest.mark.parametrize("name", REMEMBERING)
def test_restarting_forgets_all_or_some_games(name: str) -> None:
    # what is bought and struck in the first games is remembered in the second ones, unless it is forgotten
    past, seen = witnessed(BUSY, 2, seed=1), witnessed(BUSY, 2, seed=2)
    fresh = replies(name, BUSY, seen, 2)
    strategy, rng = STRATEGIES[name](BUSY), np.random.default_rng(1)
    for observations, mask in past:
        strategy.act(observations, mask, rng)
    strategy.restart(6, np.array([0, 3, 5]))
    partly = np.stack([strategy.act(observations, mask, rng) for observations, mask in seen])
    assert np.array_equal(partly[:, [0, 3, 5]], fresh[:, [0, 3, 5]])
    assert not np.array_equal(partly, fresh)
    strategy.restart(6)
    again = np.stack([strategy.act(observations, mask, rng) for observations, mask in seen])
    assert np.array_equal(again, fresh)


def test_games_that_were_not_announced_are_refused() -> None:
    strategy, rng = player("grim", BUSY), np.random.default_rng(0)
    (observations, mask), *_ = witnessed(BUSY, 2)
    strategy.act(observations, mask, rng)
    with pytest.raises(ValueError, match=r"4 games where restart\(\) was told of 6"):
        strategy.act(observations[:4], mask[:4], rng)
    with pytest.raises(ValueError, match=r"restart\(9\) first"):
        strategy.restart(9, np.array([1]))


@pytest.mark.parametrize(("n", "stages"), [(3, None), (2, STAGE_GAMES["crisis"].stages)])
def test_a_strategy_of_another_game_is_refused(n: int, stages: Stages | None) -> None:
    strategy, rng = STRATEGIES["tit_for_tat"](BUSY, n, stages), np.random.default_rng(0)
    (observations, mask), *_ = witnessed(BUSY, 2)
    with pytest.raises(ValueError, match=r"shape \(6, 2, 21\), not .* with the n_states, stages and reveal_intents"):
        strategy.act(observations, mask, rng)


def test_faulty_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="war_cost"):
        player("dove", Params(war_cost=0.9))
    with pytest.raises(ParameterError, match="n_states = 9"):
        player("dove", Params(), 9)


@pytest.mark.parametrize("game", STAGE_GAMES)
@pytest.mark.parametrize("name", ALL)
def test_stage_games_can_be_played(name: str, game: str) -> None:
    rules = STAGE_GAMES[game]
    games = Games(n_games=5, seed=0, **rules.arguments() | {"action_mode": "multidiscrete"})
    strategy = STRATEGIES[name](rules.params, 2, rules.stages, len(rules.stages))
    observations, rng = games.reset(0), np.random.default_rng(0)
    for moves, _ in rules.stages:
        actions = strategy.act(observations, games.action_mask(), rng)
        enabled = {Move.HOLD, *(Move[move.upper()] for move in moves)}
        assert {int(move) for move in actions[..., 0].ravel()} <= enabled
        observations, *_ = games.step(actions)


def test_chance_comes_from_the_given_generator_only() -> None:
    seen = witnessed(BUSY, 3)
    assert np.array_equal(replies("random", BUSY, seen, 3), replies("random", BUSY, seen, 3))
    moves = np.concatenate([replies("random", BUSY, seen * 20, 3)[..., :2].reshape(-1, 2)])
    free = np.bincount(moves[:, 1], minlength=len(Signal)) / len(moves)
    assert np.allclose(free, 0.2, atol=0.03)


def view_of(params: Params, games: Games, observations: Array, before: View | None = None) -> View:
    roles = Roles.of(params.cast(np.float64), games.n_states, None, games.max_cycles)
    return View(observations.astype(float), roles, np.random.default_rng(0), before)


def test_open_books_give_the_true_chances_of_war() -> None:
    params = MIXED.replace(crisis_rate=1.0, balance=0.4)
    games = Games(params, 40, n_states=3, max_cycles=20, dtype=np.float64, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(12):
        moves = rng.integers(0, 4, (40, 3))
        observations, *_ = games.step(np.stack([moves, np.full_like(moves, Signal.OPEN), 0 * moves], axis=-1))
    view, crisis = view_of(params, games, observations), games.state.crisis
    truth = strike_probability(games.params, games.state)
    assert np.allclose(view.rival(view.chance)[crisis], truth[crisis])
    pairs = crisis.sum(axis=-1) == 2
    mine, theirs = (x[crisis & pairs[:, None]].reshape(-1, 2) for x in (view.rival(view.threat), truth))
    assert np.allclose(mine, theirs[:, ::-1])
    both = view.rival(view.mutual)[crisis].reshape(-1, 2)
    assert np.allclose(both.sum(axis=-1), 1)
    assert len(np.unique(both.round(6))) > 20


def test_arms_too_small_to_have_a_posture_are_no_arms() -> None:
    """In float32 a stock of 1e-9 leaves the share of a posture where it was."""
    params = Params().cast(np.float32)
    observations = np.full((1, 2, len(observation_table(params))), 1e-9, np.float32)
    view = View(observations, Roles.of(params, 2, None, 64), np.random.default_rng(0))
    assert np.isfinite(view.threat).all()
    assert np.isfinite(view.chance).all()


def test_purchases_are_told_from_reported_arms() -> None:
    """Also where the cap leaves nearly nothing of a purchase, and for states that build and lose at other rates."""
    params = Params(build=np.array([0.3, 0.6]), depreciation=np.array([0.05, 0.1]), crisis_rate=0.0)
    games = Games(params, 50, max_cycles=40, seed=0)
    observations, rng, kinds = games.reset(0), np.random.default_rng(0), set()
    before = view_of(params, games, observations)
    for _ in range(30):
        moves = rng.choice(
            [Move.HOLD, Move.ARM_DEFENSIVELY, Move.ARM_OFFENSIVELY, Move.DISARM], (50, 2), p=[0.2, 0.35, 0.35, 0.1]
        )
        had = (games.state.offensive + games.state.defensive)[:, ::-1] > 0
        observations, *_ = games.step(np.stack([moves, np.zeros_like(moves)], axis=-1))
        view = view_of(params, games, observations, before)
        theirs = moves[:, ::-1]
        assert np.array_equal(armed(view)[..., 0], (theirs == Move.ARM_DEFENSIVELY) | (theirs == Move.ARM_OFFENSIVELY))
        assert np.array_equal(disarmed(view)[..., 0], (theirs == Move.DISARM) & had)
        kinds |= set(view.arms.round(3).ravel().tolist())
        before = view
    assert max(kinds) > 2.9


@pytest.mark.parametrize("greed", [0.0, 0.7])
def test_the_payoffs_of_a_crisis_are_those_of_the_closed_form(greed: float) -> None:
    game = STAGE_GAMES["crisis"].params.replace(greed=greed, balance=1.3, initiative_mean=0.1)
    games = Games(game, 1, dtype=np.float64)
    view = view_of(game, games, games.reset(0, intents=1))
    chance = parity_chance(1.3)
    expected = closed_form(chance, 0.2, greed, 0.1)
    found = crisis_payoffs(view, view.chance, view.threat, view.mutual)
    assert np.allclose(np.asarray(found)[:, 0, 0, 0], expected)
    assert np.allclose(view.parity_chance, chance)


def test_a_pledge_in_force_makes_striking_dearer() -> None:
    params = Params(audience_cost=0.3, posture_noise=0.0, trust=1.0)
    games = Games(params, 1, seed=0)
    observations, *_ = games.step([[[0, Signal.PLEDGE], [0, Signal.SILENT]]])
    view = view_of(params, games, observations)
    payoffs = crisis_payoffs(view, view.chance, view.threat, view.mutual)
    pledged, free = np.asarray(payoffs)[:, 0, :, 0].T
    assert np.allclose(pledged - free, [0, 0, -0.3, -0.3])


@pytest.mark.parametrize("surplus", [-0.01, 0.01])
def test_temptation_begins_at_the_predation_threshold(surplus: float) -> None:
    threshold = predation_threshold(parity_chance(1.0), 0.2)
    params = STAGE_GAMES["crisis"].params.replace(greed=threshold + surplus)
    games = Games(params, 1, dtype=np.float64)
    assert (tempted(view_of(params, games, games.reset(0))) == (surplus > 0)).all()


def test_the_rival_is_who_is_in_crisis_with_me_or_threatens_most() -> None:
    params = Params(crisis_rate=0.0)
    games = Games(params, 1, n_states=3, dtype=np.float64)
    moves = np.array([[[Move.HOLD, 0, 0], [Move.ARM_OFFENSIVELY, 0, 0], [Move.HOLD, 0, 0]]])
    observations, *_ = games.step(moves)
    place = {entry.name: entry.place for entry in observation_table(params, 3)}

    def rivals(seen: Array) -> list[int]:
        view = view_of(params, games, seen)
        ids = (np.arange(3)[:, None] + [1, 2]) % 3 + np.zeros((1, 3, 2), int)
        return [int(x) for x in view.rival(ids)[0]]

    assert rivals(observations) == [1, 2, 1]
    crisis = observations.copy()
    crisis[0, 0, place["other_2_crisis"]] = crisis[0, 2, place["other_1_crisis"]] = 1
    assert rivals(crisis) == [2, 2, 0]
    gone = observations.copy()
    gone[0, 0, place["other_1_alive"]] = 0
    assert rivals(gone)[0] == 2
