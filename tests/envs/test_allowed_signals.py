"""Which signals there are: one that is not allowed is silence to the bit, in NumPy and JAX, and stands in no mask."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.actions import ACTION_MODES, ActionMode, action_mask, component_sizes, decode
from security_dilemma.games import Games
from security_dilemma.gymnasium_env import SecurityDilemmaEnv
from security_dilemma.jax_face import JaxSecurityDilemma
from security_dilemma.parallel_env import parallel_env
from security_dilemma.params import ParameterError, Params
from security_dilemma.stages import SIGNAL_NAMES, Signals, allowed_signals
from security_dilemma.state import Signal
from tests.envs.builders import (
    ASSURE,
    BURN,
    HOLD,
    OPEN,
    PLEDGE,
    SILENT,
    STRIKE,
    crisis_of,
    make_draws,
    make_state,
    random_actions,
    stack,
)

TENSE = Params(crisis_rate=0.5, trust=0.5, greed=0.7, arms_noise=0.1, distinguishability=0.5)
SETS: list[Signals] = [("assure",), ("burn",), ("silent", "pledge"), ("open", "burn")]


def heard(actions: Any, n: int, mode: ActionMode, signals: Signals) -> Any:
    """The same actions with silence in place of every signal that is not allowed, written down by hand."""
    allowed = np.array([name in (*signals, "silent") for name in SIGNAL_NAMES])  # type: ignore[misc]
    if mode == "continuous":
        quiet = actions.copy()
        quiet[..., 3] *= "burn" in signals  # type: ignore[operator]
        return quiet
    parts = list(np.unravel_index(actions[..., 0], component_sizes(n))) if mode == "discrete" else None
    if parts is None:
        quiet = actions.copy()
        quiet[..., 1] *= allowed[quiet[..., 1]]
        return quiet
    parts[1] = parts[1] * allowed[parts[1]]
    return np.ravel_multi_index(tuple(parts), component_sizes(n))[..., None]


def test_flags_of_each_way_to_say_it() -> None:
    assert allowed_signals(True) == (True,) * 5
    assert allowed_signals(False) == allowed_signals(()) == allowed_signals(("silent",)) == (True, *(False,) * 4)
    assert allowed_signals(("open", "burn")) == (True, False, True, False, True)
    assert allowed_signals(SIGNAL_NAMES) == allowed_signals(True)


@pytest.mark.parametrize(
    ("signals", "said"),
    [
        (("burn",), [SILENT, SILENT, BURN, SILENT, SILENT]),
        (("assure", "open"), [SILENT, ASSURE, SILENT, SILENT, OPEN]),
        (("pledge", "silent"), [SILENT, SILENT, SILENT, PLEDGE, SILENT]),
        ((), [SILENT] * 5),
        (False, [SILENT] * 5),
        (True, list(Signal)),
    ],
)
def test_what_is_said_of_all_that_is_sent(signals: Signals, said: list[Signal]) -> None:
    state = make_state(5)
    sent = np.array([[HOLD, kind, 0] for kind in Signal])
    assert_array_equal(decode(TENSE, state, sent, make_draws(5), signals=signals).signal, said)
    flat = sent[:, 1:2] * 5
    assert_array_equal(decode(TENSE, state, flat, make_draws(5), "discrete", signals=signals).signal, said)


def test_a_burn_rate_counts_where_burning_is_allowed() -> None:
    rates = np.array([[0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.4, 0.0]])
    for signals, said in ((("burn",), [BURN, SILENT]), (("pledge", "open"), [SILENT, SILENT])):
        assert_array_equal(decode(TENSE, make_state(), rates, make_draws(), "continuous", signals=signals).signal, said)


@pytest.mark.parametrize("signals", SETS, ids=str)
@pytest.mark.parametrize("mode", ACTION_MODES)
@pytest.mark.parametrize("n", [2, 3])
def test_an_excluded_signal_is_silence(n: int, mode: ActionMode, signals: Signals) -> None:
    """The same chance gives, to the bit, what it gives where all is allowed and silence is sent in its place."""
    some, every = (Games(TENSE, 40, n_states=n, max_cycles=6, action_mode=mode, signals=s) for s in (signals, True))
    rng = np.random.default_rng(0)
    assert_array_equal(some.reset(4), every.reset(4))
    for _ in range(10):
        actions = random_actions(rng, n, (40,), mode)
        one, other = some.step(actions)[:4], every.step(heard(actions, n, mode, signals))[:4]
        for x, y in zip((*one, *some.state), (*other, *every.state), strict=True):
            assert_array_equal(x, y)
    said = set(np.unique(some.state.last_signal))
    assert said <= {Signal[name.upper()] for name in ("silent", *signals)}  # type: ignore[misc]
    assert len(said) > 1 or mode == "continuous"


@pytest.mark.parametrize("signals", SETS, ids=str)
@pytest.mark.parametrize("mode", ACTION_MODES)
def test_an_excluded_signal_is_silence_in_jax(mode: ActionMode, signals: Signals) -> None:
    """Actions are all that differs between the two games, and these come out the same; parity has the games."""
    some, every = (JaxSecurityDilemma(3, action_mode=mode, signals=s) for s in (signals, True))
    state = jax.tree.map(jnp.asarray, stack([make_state(3, crisis=crisis_of(3, 0, 1))] * 50))
    sent = random_actions(np.random.default_rng(1), 3, (50,), mode)
    draws = jax.tree.map(jnp.asarray, stack([make_draws(3)] * 50))
    decoded = [
        decode(TENSE, state, jnp.asarray(actions), draws, mode, signals=game.signals)
        for game, actions in ((some, sent), (every, heard(sent, 3, mode, signals)))
    ]
    for x, y in zip(*decoded, strict=True):
        assert_array_equal(x, y)
    said = {"silent", *signals} & ({"silent", "burn"} if mode == "continuous" else set(SIGNAL_NAMES))  # type: ignore[misc]
    assert {SIGNAL_NAMES[k] for k in np.unique(decoded[0].signal)} == said
    assert_array_equal(some.action_mask(state), action_mask(state, mode, signals=signals))


@pytest.mark.parametrize("n", [2, 3])
def test_masks_hold_what_is_allowed(n: int) -> None:
    state, signals = make_state(n, crisis=True), ("pledge", "burn")
    whole, some = action_mask(state), action_mask(state, signals=signals)
    assert_array_equal(some[:, 5:10], [[True, False, True, True, False]] * n)
    assert_array_equal(np.delete(whole, slice(5, 10), axis=1), np.delete(some, slice(5, 10), axis=1))
    flat = action_mask(state, "discrete", signals=signals)
    values = np.arange(flat.shape[-1])
    said = (values if n == 2 else values // 3) % 5
    assert_array_equal(flat, action_mask(state, "discrete") & np.isin(said, [SILENT, BURN, PLEDGE]))
    assert_array_equal(action_mask(state, "continuous", signals=signals), [[True] * 5] * n)
    assert_array_equal(action_mask(state, "continuous", signals=("pledge",))[:, 3], [False] * n)


def test_an_excluded_pledge_binds_nobody_and_an_excluded_burn_is_free() -> None:
    game = parallel_env(signals=("assure",), crisis_rate=1.0, trust=1.0, audience_cost=5.0)
    game.reset(seed=1)
    _, rewards, *_ = game.step({"state_0": np.array([HOLD, BURN]), "state_1": np.array([HOLD, PLEDGE])})
    assert rewards["state_0"] == rewards["state_1"] == pytest.approx(1 - game.params.discount)
    _, rewards, *_ = game.step({agent: np.array([STRIKE, SILENT]) for agent in game.agents})
    assert min(rewards.values()) == pytest.approx(-game.params.war_cost)  # no audience cost: nothing was pledged


def test_the_gymnasium_face_passes_the_signals_on() -> None:
    _, info = SecurityDilemmaEnv(signals=("open",)).reset(seed=0)
    assert_array_equal(info["action_mask"][1], [1, 0, 0, 0, 1])


@pytest.mark.parametrize("face", [Games, parallel_env, JaxSecurityDilemma])
@pytest.mark.parametrize(
    ("signals", "told"),
    [
        (("brun",), r"signals: unknown signal 'brun': did you mean 'burn'\?"),
        (("burn", "burn"), r"signals = \['burn', 'burn'\] name 'burn' more than once"),
        ("burn", r"signals = 'burn' must be True, False or a list of names among silent, assure, burn, pledge, open"),
        (1, r"signals = 1 must be True, False or a list of names"),
    ],
)
def test_what_is_no_signal_is_told(face: Any, signals: Any, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        face(**{"params": TENSE, "n_games": 2} if face is Games else {}, signals=signals)
