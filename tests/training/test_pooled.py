"""Networks that pool the other states: what they must not depend on, any number of states, and both backends."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.perception import observation_table
from security_dilemma.state import Move
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.on_policy import strike_bias
from security_dilemma_training.algorithms.policies import shares
from security_dilemma_training.algorithms.pooled import layout_of
from security_dilemma_training.compiled.network import as_torch, from_torch, with_initial_options
from security_dilemma_training.compiled.pooled import network_of
from security_dilemma_training.learner_states import load_weights, weights
from tests.training.pooled_for_tests import (
    ABOUT,
    OWN,
    POOLED,
    Floats,
    answers,
    blocks,
    config_of,
    network,
    observations,
)
from tests.training.runs_for_tests import ppo, small_config


@pytest.mark.parametrize("n_states", [2, 4])
def test_the_layout_is_that_of_the_table(n_states: int) -> None:
    config = config_of("mean_pooling", n_states)
    table = observation_table(config.resolved_params(), n_states)
    own, about, others = layout_of(config)
    assert (own, about, others) == (OWN, ABOUT, n_states - 1)
    assert table[own - 1].name == "own_crisis"
    assert [table[own + k * about].name for k in range(others)] == [f"other_{k + 1}_alive" for k in range(others)]
    assert layout_of(config_of("mean_pooling", n_states, game={"reveal_intents": True})).about == ABOUT + 1
    staged = small_config(stage_game="crisis", world=None)
    assert layout_of(staged).own == OWN + len(staged.game.stages or ())


@pytest.mark.parametrize("kind", [*POOLED, "mlp"])
def test_how_the_others_are_numbered_does_not_matter(kind: str) -> None:
    made, seen = network(config_of(kind, 5)), observations(5)
    order = [2, 0, 3, 1]
    renamed = np.array(seen)
    blocks(renamed)[:] = blocks(seen)[:, order]
    (move, signal, support), value = answers(made, seen)
    (same_move, same_signal, moved), same_value = answers(made, renamed)
    expected = support[:, [0, *(k + 1 for k in order)]]
    alike = [np.allclose(x, y, atol=1e-5) for x, y in ((same_move, move), (same_signal, signal), (moved, expected))]
    if kind == "mlp":  # the control: layers over the whole observation tell one place from another
        assert not any(alike)
        assert not np.allclose(same_value, value, atol=1e-2)
    else:
        assert all(alike)
        np.testing.assert_allclose(same_value, value, atol=1e-5)
        assert not np.allclose(moved, support, atol=1e-2)


@pytest.mark.parametrize("kind", POOLED)
def test_a_game_that_one_state_has_left_is_a_game_of_those_who_are_there(kind: str) -> None:
    four, three = network(config_of(kind, 4)), network(config_of(kind, 3))
    load_weights(three, weights(four))
    seen = observations(4)
    blocks(seen)[:, 1, 0] = 0  # state i+2 is out, and what else is told of it means nothing
    parts, values = answers(four, seen)
    left = np.concatenate([seen[:, : OWN + ABOUT], seen[:, OWN + 2 * ABOUT :]], axis=1)
    expected, expected_values = answers(three, left)
    np.testing.assert_allclose(values, expected_values, atol=1e-5)
    for part, other in zip(parts[:2], expected[:2], strict=True):
        np.testing.assert_allclose(part, other, atol=1e-5)
    np.testing.assert_allclose(parts[2][:, [0, 1, 3]], expected[2], atol=1e-5)
    assert not shares(parts[2], (4,))[0][:, 2].any()
    blocks(seen)[:, 1, 0] = 1  # the control: alive it counts
    assert np.abs(answers(four, seen)[1] - values).min() > 1e-4


def test_who_sees_nobody_alive_answers_nevertheless() -> None:
    for kind in POOLED:
        made = network(config_of(kind, 3))
        (_, _, support), value = answers(made, np.zeros((1, OWN + 2 * ABOUT), np.float32))
        assert np.isfinite(value).all()
        np.testing.assert_allclose(shares(support, (3,))[0], [[1, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("kind", POOLED)
def test_the_same_weights_play_any_number_of_states(kind: str) -> None:
    learned = weights(network(config_of(kind, 3)))
    for n_states in (2, 5, 8):
        made = network(config_of(kind, n_states))
        load_weights(made, learned)
        parts, values = answers(made, observations(n_states))
        assert tuple(part.shape[1] for part in parts) == component_sizes(n_states)
        assert np.isfinite(values).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", POOLED)
@pytest.mark.parametrize(
    ("learner", "game"),
    [
        ({}, {"n_states": 2}),
        ({"hidden_sizes": [12, 10, 6], "activation": "relu"}, {"n_states": 5}),
        ({"hidden_sizes": [9]}, {"n_states": 3, "reveal_intents": True}),
    ],
)
def test_both_backends_answer_alike(kind: str, learner: dict[str, Any], game: dict[str, Any]) -> None:
    config = config_of(kind, learner=learner, game=game)
    made, ours = network(config), network_of(config)
    layout = layout_of(config)
    seen = np.random.default_rng(1).normal(size=(60, layout.own + layout.about * layout.others)).astype(np.float32)
    found = from_torch(weights(made))
    fresh = jax.eval_shape(ours.init, jax.random.key(0), seen)
    assert jax.tree.map(lambda x: x.shape, found) == jax.tree.map(lambda x: x.shape, fresh)
    logits, values = jax.jit(ours.apply)(found, seen)
    parts, expected = answers(made, seen)
    np.testing.assert_allclose(logits, np.concatenate(parts, axis=1), atol=1e-5)
    np.testing.assert_allclose(values, expected, atol=1e-5)
    for name, value in weights(made).items():
        np.testing.assert_array_equal(as_torch(found)[name], value)


@pytest.fixture(scope="module")
def fresh() -> Any:
    """Untrained weights of the jax backend, of three states by attention."""
    return jax.jit(network_of(config_of("attention")).init)(jax.random.key(3), jnp.zeros((1, OWN + 2 * ABOUT)))


@pytest.mark.slow
def test_both_backends_begin_alike(fresh: Any) -> None:
    theirs, ours = weights(ppo(config_of("attention")).policy), as_torch(fresh)
    assert theirs.keys() == ours.keys()
    for name, value in theirs.items():
        spectra = [np.linalg.svd(np.atleast_2d(x), compute_uv=False) for x in (value, ours[name])]
        np.testing.assert_allclose(spectra[1], spectra[0], atol=1e-5, err_msg=name)


OPTIONS = {"initial_strike_probability": 0.6, "initial_value": 0.7}


def assert_as_asked(made: Any, n_states: int) -> None:
    """Require of a network that it begins as :data:`OPTIONS` say."""
    parts, values = answers(made, observations(n_states))
    np.testing.assert_allclose(shares(parts[0], (5,))[0][:, Move.STRIKE], 0.6, atol=0.03)
    np.testing.assert_allclose(values, 0.7, atol=1e-6)


@pytest.mark.parametrize("n_states", [2, 3])
def test_named_options_of_the_start_are_those_of_every_learner(n_states: int) -> None:
    assert_as_asked(ppo(config_of("attention", n_states, learner=OPTIONS)).policy, n_states)


@pytest.mark.slow
def test_named_options_of_the_start_are_those_of_the_jax_backend(fresh: Any) -> None:
    config = config_of("attention", learner=OPTIONS)
    made = network(config)
    load_weights(made, as_torch(with_initial_options(fresh, strike_bias(config, 0.6), 0.7)))
    assert_as_asked(made, 3)


def test_whom_to_support_can_be_told_and_holds_among_more() -> None:
    # imitation of: defend the state with the most arms; learned of four states, asked of six
    made: Any = ALGORITHMS["ppo"].network(config_of("mean_pooling", 4, learner={"hidden_sizes": [32, 32]}))
    arms, rng = 2, np.random.default_rng(0)

    def drawn(n_states: int) -> tuple[Floats, NDArray[np.intp]]:
        seen = observations(n_states, 1000)
        blocks(seen)[..., arms] = rng.uniform(0, 3, (1000, n_states - 1))
        return seen, 1 + blocks(seen)[..., arms].argmax(axis=1)

    rows, wanted = (torch.as_tensor(part) for part in drawn(4))
    rule = torch.optim.Adam(made.parameters(), lr=1e-2)
    for _ in range(150):
        logits = made.action_net(made.mlp_extractor.forward_actor(rows))
        loss: Any = torch.nn.functional.cross_entropy(logits[:, 10:], wanted)
        rule.zero_grad()
        loss.backward()
        rule.step()
    more = network(config_of("mean_pooling", 6, learner={"hidden_sizes": [32, 32]}))
    seen, target = drawn(6)
    told = [np.mean(answers(more, seen)[0][2].argmax(axis=1) == target)]
    load_weights(more, weights(made))
    told.append(np.mean(answers(more, seen)[0][2].argmax(axis=1) == target))
    assert told[0] < 0.5  # weights of which nothing is learned
    assert told[1] > 0.9
