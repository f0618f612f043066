"""What is refused of what is asked for, every fault at once: by the PettingZoo face and by many games."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma import Games, Params, parallel_env
from security_dilemma.params import PARAMETERS, ParameterError
from security_dilemma.stages import Stages

STAGES: Stages = ((("hold", "strike"), 0.3), (("hold", "arm_offensively"), 0.2), (("hold", "strike"), 0.5))


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        parallel_env(
            "doubly_dangerus",
            n_states=9,
            max_cycles=0,
            war="totl",
            render_mode="ansy",
            action_mode="discret",  # type: ignore[arg-type]
            balanse=1,
            greed=9,
            signals=None,  # type: ignore[arg-type]
        )
    faults = caught.value.faults
    expected = [
        ("n_states = 9", "[2, 8]"),
        ("max_cycles = 0", "[1, ∞)"),
        ("war = 'totl'", "'terminal' or 'scaled'"),
        ("signals = None", "True, False or a list"),
        ("action_mode = 'discret'", "did you mean 'discrete'?"),
        ("render_mode = 'ansy'", "did you mean 'ansi'?"),
        ("unknown world 'doubly_dangerus'", "did you mean 'doubly_dangerous'?"),
        ("unknown parameter 'balanse'", "did you mean 'balance'?"),
        ("greed = 9", "[0, 3]"),
    ]
    assert len(faults) == len(expected)
    for (name, hint), fault in zip(expected, faults, strict=True):
        assert name in fault
        assert hint in fault
    assert all(fault in str(caught.value) for fault in faults)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_checked(name: str) -> None:
    for wrong in (float("nan"), "much"):
        given: dict[str, Any] = {name: wrong}
        with pytest.raises(ParameterError, match=f"{name} = {wrong!r} is outside"):
            parallel_env(**given)
        with pytest.raises(ParameterError, match=f"{name} = {wrong!r} is outside"):
            parallel_env(params=Params(**given))


def test_params_of_another_kind_are_refused() -> None:
    with pytest.raises(ParameterError, match="must be a Params"):
        parallel_env(params={"greed": 1})  # type: ignore[arg-type]


def test_a_world_beside_params_is_refused() -> None:
    with pytest.raises(ParameterError, match="world = 'intense' and params are both given: give one of them"):
        parallel_env("intense", params=Params(greed=1.5))
    assert parallel_env(None, params=Params(greed=1.5)).params.greed == 1.5


@pytest.mark.parametrize("seed", [-1, 1.5])
def test_seeds_out_of_range_are_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match=rf"seed = {seed} must be None or a whole number in \[0, ∞\)"):
        parallel_env().reset(seed=seed)
    parallel_env().reset(seed=np.int64(3))  # type: ignore[arg-type]


@pytest.mark.parametrize("actions", [None, 3, [0, 0], np.zeros((2, 2), int)])
def test_actions_that_are_no_dictionary_are_refused(actions: Any) -> None:
    game = parallel_env()
    game.reset(seed=0)
    with pytest.raises(ValueError, match="must be a dictionary with one action for each agent"):
        game.step(actions)


def test_economies_that_outgrow_numbers_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"growth = 1.0 .* max_cycles = 200"):
        parallel_env(growth=1.0, max_cycles=200)
    assert np.isfinite(parallel_env(growth=1.0).observation_space("state_0").high).all()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"n_games": 0}, ["n_games = 0"]),
        ({"n_states": 1, "max_cycles": 0}, ["n_states = 1", "max_cycles = 0"]),
        ({"action_mode": "continous"}, ["did you mean 'continuous'?"]),
        ({"params": Params(war_cost=0.7, trust=2.0)}, ["war_cost = 0.7", "(0, 0.5)", "trust = 2.0", "[0, 1]"]),
        ({"params": Params(greed=np.ones(3))}, ["greed has 3 values for 2 states"]),
        ({"stages": STAGES, "n_states": 3, "n_games": True}, ["two states", "n_games = True"]),
        ({"params": {"balance": 1}, "n_games": 0}, ["params = {'balance': 1} must be a Params", "n_games = 0"]),
        ({"params": None}, ["params = None must be a Params"]),
        ({"params": Params(greed=np.ones((2, 2)))}, ["greed has shape (2, 2)", "one per state"]),
        ({"params": Params(growth=1.0), "max_cycles": 1000}, ["growth = 1.0", "max_cycles = 1000", "1e+30"]),
        ({"seed": -1}, ["seed = -1 must be None or a whole number in [0, ∞)"]),
        ({"seed": 1.5}, ["seed = 1.5"]),
        (
            {"signals": "off", "reveal_intents": 1},
            ["signals = 'off' must be True, False or a list", "reveal_intents = 1 must"],
        ),
    ],
)
def test_every_fault_of_games_is_reported_at_once(arguments: dict[str, Any], parts: list[str]) -> None:
    given: dict[str, Any] = {"params": Params(), "n_games": 2} | arguments
    with pytest.raises(ParameterError) as error:
        Games(**given)
    for part in parts:
        assert part in str(error.value)
