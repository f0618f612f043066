"""Q-learning in a table: its cells, its update and its policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from security_dilemma import WORLDS
from security_dilemma_training.algorithms.cells import Cells
from security_dilemma_training.algorithms.tabular import QTable, TabularQ
from security_dilemma_training.learners import build_games
from tests.training.learners_for_tests import built, policy_of, tiny, trained

STAGES = {"stages": [[["hold", "strike"], 0.5]] * 2, "max_cycles": 2, "war": "scaled"}


def table_of(model: Any) -> QTable:
    """The table of a learner."""
    assert isinstance(model, TabularQ)
    return model.policy


def test_an_action_moves_to_the_mean_of_what_was_found() -> None:
    table = table_of(built(tiny("tabular", learner={"initial_value": 1.0})))
    cells, actions = np.array([3, 5, 3, 3]), np.array([1, 2, 1, 0])
    table.update((cells, actions, np.array([2.0, 4.0, 0.0, 1.0])), 0.5)
    expected = np.ones((108, 25))
    expected[5, 2] = 1 + 0.5 * (4 - 1)
    expected[3, 1] = 1 + (1 - 0.5**2) * (1 - 1)
    np.testing.assert_array_equal(table.table, expected)
    table.update((cells[:3], actions[:3], np.array([3.0, 4.0, 6.0])), 0.5)
    expected[5, 2] += 0.5 * (4 - expected[5, 2])
    expected[3, 1] += 0.75 * (4.5 - 1)  # as two updates with the mean: 1 → 2.75 → 3.625
    np.testing.assert_allclose(table.table, expected, rtol=1e-15)


def test_the_order_of_slots_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    cells, actions, found = rng.integers(0, 4, 500), rng.integers(0, 3, 500), rng.normal(size=500)
    order = rng.permutation(500)
    one, other = (table_of(built(tiny("tabular"))) for _ in range(2))
    one.update((cells, actions, found), 0.1)
    other.update((cells[order], actions[order], found[order]), 0.1)
    assert torch.equal(one.table, other.table)
    assert (one.table != 1.0).sum() == 12


@pytest.mark.parametrize(
    ("game", "params", "sizes"),
    [
        ({}, {}, [2, 2, 3, 3, 3]),
        ({"n_states": 4}, {}, [2, 2, 3, 3, 3]),
        ({}, {"initiative_width": 0.5}, [2, 2, 3, 3, 3, 3]),
        ({"reveal_intents": True}, {}, [2, 2, 3, 3, 3, 2]),
        (STAGES, {}, [2, 2, 3, 3, 3, 2, 5, 2]),
    ],
)
def test_cells_are_what_matters_in_the_game(game: dict[str, Any], params: dict[str, Any], sizes: list[int]) -> None:
    config = tiny("tabular", game=game, params={"crisis_rate": 0.5} | params)
    cells, games = Cells(config, 3), build_games(config, 300)
    assert list(cells.sizes.values()) == sizes
    assert cells.count == np.prod(sizes)
    rng, observations, seen = np.random.default_rng(0), games.reset(0), set()
    for _ in range(40):
        numbers = cells(observations)
        assert numbers.shape == (300, games.n_states)
        assert (numbers >= 0).all()
        assert (numbers < cells.count).all()
        seen |= set(numbers.ravel().tolist())
        observations, *_ = games.step(rng.integers(0, games_actions(games), (300, games.n_states, 1)))
    assert len(seen) > 20


def games_actions(games: Any) -> int:
    """Number of actions in the discrete mode."""
    return 25 if games.n_states == 2 else 25 * games.n_states


def test_a_cell_says_what_it_holds() -> None:
    config = tiny("tabular")
    cells, games = Cells(config, 3), build_games(config, 1)
    observations = games.reset(0)[0, :1].copy()
    table = cells._places
    cap = WORLDS["not_intense"].arms_cap
    shape = tuple(cells.sizes.values())

    def digits(**values: float) -> list[int]:
        row = observations.copy()
        for name, value in values.items():
            row[0, table[name]] = value
        return [int(digit) for digit in np.unravel_index(int(cells(row)[0]), shape)]

    base = {"own_greed": 0, "own_crisis": 0, "other_1_crisis": 0, "other_1_dossier": 0.5, "other_1_arms": 0}
    assert digits(**base) == [0, 0, 0, 0, 1]
    assert digits(**base | {"own_crisis": 1, "own_greed": 0.5}) == [1, 1, 0, 0, 1]
    assert digits(**base | {"own_offensive": 0.2 * cap, "own_defensive": 0.2 * cap}) == [0, 0, 1, 0, 1]
    assert digits(**base | {"other_1_arms": cap, "other_1_dossier": 1}) == [0, 0, 0, 2, 2]
    assert digits(**base | {"other_1_arms": 0.34 * cap, "other_1_dossier": 0.2}) == [0, 0, 0, 1, 0]


def test_the_rival_is_the_one_in_the_crisis_or_the_most_armed() -> None:
    config = tiny("tabular", game={"n_states": 4})
    cells, row = Cells(config, 3), build_games(config, 1).reset(0)[0, :1].copy()
    place = cells._places
    for k, arms in ((1, 0.5), (2, 2.9), (3, 1.5)):
        row[0, place[f"other_{k}_arms"]], row[0, place[f"other_{k}_crisis"]] = arms, 0
    assert cells._rival(row).tolist() == [1]
    row[0, place["other_2_alive"]] = 0
    assert cells._rival(row).tolist() == [2]
    row[0, place["other_1_crisis"]] = 1
    assert cells._rival(row).tolist() == [0]


def test_the_policy_is_boltzmanns() -> None:
    config = tiny("tabular", learner={"temperature": 0.5, "temperature_final_share": 0.2})
    model = trained(config)
    table, games = table_of(model), build_games(config, 4)
    observations = games.reset(0)
    assert float(table.temperature) == pytest.approx(0.5)  # one rollout of 768 agent-steps, at its start
    policy: Any = policy_of(model, config)
    found = policy.probabilities(observations)[0]
    values = table.table.numpy()[table.cells(observations)]
    expected = np.exp(values / 0.5) / np.exp(values / 0.5).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(found, expected)
    assert expected.std() > 0


def test_temperature_and_step_size_fall() -> None:
    config = tiny("tabular", schedule={"agent_steps": 4 * 768}, learner={"temperature_final_share": 0.2})
    model = built(config)
    told: list[float] = []
    rates: list[float] = []
    table = table_of(model)
    update = table.update

    def watched(steps: Any, rate: float) -> None:
        rates.append(rate)
        told.append(float(table.temperature))
        update(steps, rate)

    table.update = watched  # type: ignore[method-assign]
    model.learn(4 * 768)
    assert [round(value, 6) for value in dict.fromkeys(told)] == [0.1, 0.08, 0.06, 0.04]
    assert [round(value, 6) for value in dict.fromkeys(rates)] == [0.1, 0.075, 0.05, 0.025]
    assert len(rates) == 4 * 32


def test_the_future_is_worth_what_it_is_beyond_the_time_limit() -> None:
    # without crises the future is worth 1; cut off after 4 steps it would be 1 - 0.8⁴ = 0.59
    params = {"crisis_rate": 0.0, "upkeep": 0.0, "burn_cost": 0.0, "discount": 0.8}
    learner = {"initial_value": 0.0, "learning_rate": 0.5, "learning_rate_final_share": 1.0}
    config = tiny("tabular", params=params, game={"max_cycles": 4}, learner=learner, schedule={"agent_steps": 10_000})
    model = trained(config)
    table = table_of(model).table.numpy()
    visited = table.max(axis=1) > 0
    assert visited.any()
    np.testing.assert_allclose(table.max(axis=1)[visited].max(), 1.0, atol=0.05)
    first = Cells(config, 3)(build_games(config, 1).reset(0))
    np.testing.assert_allclose(table[first].max(axis=-1), 1.0, atol=0.05)


def test_nothing_is_learned_from_eliminated_states() -> None:
    config = tiny("tabular", game={"n_states": 3}, params={"crisis_rate": 0.9})
    model = built(config)
    table, counted = table_of(model), []
    update = table.update

    def watched(steps: Any, rate: float) -> None:
        counted.append(len(steps[0]))
        update(steps, rate)

    table.update = watched  # type: ignore[method-assign]
    model.learn(768)
    assert counted[0] == 24
    assert 32 * 12 < sum(counted) < 32 * 24
