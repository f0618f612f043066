"""Learners from replayed steps: what they remember, how they explore, and the units of their options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from security_dilemma.spaces import action_space, observation_space
from security_dilemma_training.algorithms.off_policy import LivingReplayBuffer, ManySlots
from security_dilemma_training.learners import build_games
from tests.training.learners_for_tests import built, policy_of, tiny, trained

NAMES = ("dqn", "qr_dqn", "sac", "td3")


def off_policy(name: str, *, learned: bool = False, **changes: Any) -> OffPolicyAlgorithm:
    """A small learner, untrained or not."""
    config = tiny(name, **changes)
    model = trained(config) if learned else built(config)
    assert isinstance(model, OffPolicyAlgorithm)
    return model


def replay_of(model: OffPolicyAlgorithm) -> LivingReplayBuffer:
    """What a learner remembers."""
    assert isinstance(model.replay_buffer, LivingReplayBuffer)
    return model.replay_buffer


def buffer(size: int) -> LivingReplayBuffer:
    """An empty buffer for the default world."""
    config = tiny("dqn")
    observations = observation_space(config.resolved_params(), 2, None, 64)
    return LivingReplayBuffer(size, observations, action_space(2, "discrete"), device="cpu", n_envs=3)


def add(replay: LivingReplayBuffer, marks: list[float], done: bool = False, late: bool = False) -> None:
    """Add a step of slots that observe their mark, and twice their mark after it; 0 is an eliminated state's."""
    obs = np.zeros((len(marks), 21), np.float32)
    obs[:, 0] = marks
    infos = [{"TimeLimit.truncated": late} for _ in marks]
    replay.add(obs, 2 * obs, np.arange(len(marks)), obs[:, 0] / 10, np.full(len(marks), done), infos)


def test_a_buffer_holds_steps_of_the_living_in_one_ring() -> None:
    replay = buffer(5)
    add(replay, [1, 0, 2])
    assert (replay.pos, replay.full) == (2, False)
    add(replay, [3, 4, 0])
    assert (replay.pos, replay.full) == (4, False)
    add(replay, [5, 6, 7])
    assert (replay.pos, replay.full) == (2, True)
    np.testing.assert_array_equal(replay.observations[:, 0, 0], [6, 7, 3, 4, 5])
    np.testing.assert_array_equal(replay.next_observations[:, 0, 0], [12, 14, 6, 8, 10])
    np.testing.assert_array_equal(replay.actions[:, 0, 0], [1, 2, 0, 1, 0])
    np.testing.assert_allclose(replay.rewards[:, 0], [0.6, 0.7, 0.3, 0.4, 0.5], rtol=1e-6)


@pytest.mark.parametrize(("done", "late", "ended"), [(False, False, 0.0), (True, False, 1.0), (True, True, 0.0)])
def test_a_time_limit_is_no_end(done: bool, late: bool, ended: float) -> None:
    replay = buffer(5)
    add(replay, [1, 2, 3], done, late)
    sample = replay.sample(64)
    assert set(sample.dones.flatten().tolist()) == {ended}
    assert set(sample.observations[:, 0].tolist()) == {1.0, 2.0, 3.0}
    torch.testing.assert_close(sample.next_observations, 2 * sample.observations)


@pytest.mark.parametrize("name", NAMES)
def test_eliminated_states_are_not_remembered(name: str) -> None:
    changes: dict[str, Any] = {"game": {"n_states": 3}, "params": {"crisis_rate": 0.9}}
    model = off_policy(
        name,
        learned=True,
        **changes,
        schedule={"agent_steps": 768},
        learner={"buffer_size": 2000, "learning_starts": 767},
    )
    replay = replay_of(model)
    assert 300 < replay.pos < 768  # of 768 steps of all slots
    assert not replay.full
    assert (replay.observations[: replay.pos, 0] != 0).any(axis=-1).all()
    ended = replay.dones[: replay.pos, 0] > 0
    eliminated = ended & ~(replay.next_observations[: replay.pos, 0] != 0).any(axis=-1)
    assert eliminated.sum() > 20  # a state's last step is, with nothing to be seen after it
    assert not (replay.timeouts[: replay.pos, 0] > 0)[eliminated].any()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_seen_last_is_remembered_at_a_time_limit(name: str) -> None:
    changes: dict[str, Any] = {"game": {"max_cycles": 2}, "params": {"crisis_rate": 0.0}}
    model = off_policy(name, learned=True, **changes, schedule={"agent_steps": 240}, learner={"learning_starts": 240})
    replay = replay_of(model)
    late = replay.timeouts[:, 0] > 0
    np.testing.assert_array_equal(late, replay.dones[:, 0] > 0)
    assert (replay.full, late.sum()) == (True, 120)
    arms = replay.next_observations[:, 0, 2:4].sum(axis=1)
    assert (arms[late] > 0).mean() > 0.3  # games restart without arms; these were built in the first or second step


@pytest.mark.parametrize("name", NAMES)
def test_options_count_agent_steps(name: str) -> None:
    model = off_policy(name, schedule={"agent_steps": 480})
    updates: list[tuple[int, int]] = []
    train = model.train

    def watched(gradient_steps: int, batch_size: int = 100) -> None:
        updates.append((model.num_timesteps, gradient_steps))
        train(gradient_steps, batch_size)

    model.train = watched  # type: ignore[method-assign]
    model.learn(480)
    # 24 slots: an update after every fourth step, from 48 agent-steps on; a buffer of 240 agent-steps
    assert updates == [(steps, 2) for steps in (96, 192, 288, 384, 480)]
    assert replay_of(model).full
    assert replay_of(model).observations.shape[:2] == (240, 1)


@pytest.mark.parametrize("name", ["dqn", "qr_dqn"])
def test_the_target_is_renewed_by_agent_steps(name: str) -> None:
    model = off_policy(name, learner={"target_update_every": 240, "learning_rate_final_share": 1.0})

    def differs() -> bool:
        network = model.policy.state_dict()
        twins = [key for key in network if "target" not in key]
        renamed = {key: key.replace("q_net.", "q_net_target.", 1) for key in twins if key.startswith("q_net.")}
        renamed |= {key: key.replace("quantile_net.", "quantile_net_target.", 1) for key in twins if key[:2] == "qu"}
        return any(not torch.equal(network[key], network[other]) for key, other in renamed.items())

    told = []
    model.learn(480, callback=lambda values, _: told.append((model.num_timesteps, differs())) or True)  # type: ignore[func-returns-value]
    # updates come after 96, 192, …, the target's after 240 and 480: after the step, so the next one sees it
    assert [steps for steps, differ in told if differ] == [*range(120, 264, 24), *range(312, 504, 24)]


@pytest.mark.parametrize("name", ["dqn", "qr_dqn"])
def test_every_slot_explores_on_its_own(name: str) -> None:
    model = off_policy(name)
    assert isinstance(model, ManySlots)
    model._last_obs = np.tile(build_games(tiny(name), 1).reset(0)[:, :1], (4000, 1, 1)).reshape(4000, -1)
    greedy, _ = model.policy.predict(model._last_obs[:1], deterministic=True)
    for rate in (0.0, 0.3, 1.0):
        model.exploration_rate = rate  # type: ignore[attr-defined]
        actions = model._exploring(4000)
        assert np.mean(actions != greedy[0]) == pytest.approx(rate * 24 / 25, abs=0.03)
    assert set(actions.tolist()) == set(range(25))


@pytest.mark.parametrize("name", ["sac", "td3"])
def test_rates_are_tried_alike_before_learning_starts(name: str) -> None:
    model = off_policy(name)
    actions, remembered = model._sample_action(1, None, 2000)
    assert actions.shape == remembered.shape == (2000, 5)
    np.testing.assert_allclose(actions.mean(axis=0), 0.5, atol=0.03)
    assert (actions.min(), actions.max()) == pytest.approx((0, 1), abs=0.01)
    np.testing.assert_allclose(remembered, 2 * actions - 1, atol=1e-6)


def test_noise_is_that_of_the_option_and_of_each_slot() -> None:
    model = off_policy("td3", learner={"action_noise": 0.05})
    assert isinstance(model, ManySlots)
    model._last_obs = np.tile(build_games(tiny("td3"), 1).reset(0)[:, :1], (4000, 1, 1)).reshape(4000, -1)
    expected, _ = model.policy.predict(model._last_obs[:1], deterministic=True)
    noise = model._exploring(4000) - expected
    inner = (expected[0] > 0.15) & (expected[0] < 0.85)
    assert inner.any()
    np.testing.assert_allclose(noise[:, inner].std(axis=0), 0.025, rtol=0.1)  # 0.05 of a range from -1 to 1


class Given(np.random.Generator):
    """A generator whose normal variates are given."""

    def __init__(self, normal: NDArray[Any]) -> None:
        super().__init__(np.random.PCG64(0))
        self._normal = normal

    def standard_normal(self, *_arguments: Any, **_options: Any) -> Any:
        return self._normal


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_the_librarys(name: str) -> None:
    config = tiny(name)
    model = trained(config)
    policy, games = policy_of(model, config), build_games(config, 10)
    observations = games.reset(1)
    rows = np.ascontiguousarray(observations).reshape(20, -1)
    expected, _ = model.predict(rows, deterministic=True)
    found = policy.act(observations, games.action_mask(), Given(np.zeros((20, 5))))
    np.testing.assert_allclose(found.reshape(20, -1), expected.reshape(20, -1), atol=1e-6)
    if name == "sac":
        torch.manual_seed(5)
        expected, _ = model.predict(rows, deterministic=False)
        torch.manual_seed(5)
        noise = torch.normal(torch.zeros(20, 5), torch.ones(20, 5)).numpy()
        found = policy.act(observations, games.action_mask(), Given(noise))
        np.testing.assert_allclose(found.reshape(20, -1), expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_future_is_worth_what_it_is_beyond_the_time_limit(name: str) -> None:
    # without crises the future is worth 1; cut off after 4 steps it would be 1 - 0.8⁴ = 0.59
    learner = {"slots": 48, "hidden_sizes": [32], "gradient_steps": 16, "batch_size": 128, "learning_rate": 3e-3}
    learner |= {"target_update_every": 384} if "dqn" in name else {"target_share": 0.02}
    params = {"crisis_rate": 0.0, "upkeep": 0.0, "burn_cost": 0.0, "discount": 0.8}
    model = off_policy(
        name, learned=True, params=params, game={"max_cycles": 4}, learner=learner, schedule={"agent_steps": 20_000}
    )
    assert model.env is not None
    rows = torch.as_tensor(np.asarray(model.env.reset()))
    with torch.no_grad():
        if name in ("sac", "td3"):
            policy: Any = model.policy
            values = policy.critic(rows, policy.actor(rows))[0]
        else:
            network: Any = model.policy
            values = network.q_net(rows).max(dim=1).values if name == "dqn" else network.quantile_net(rows).mean(dim=1)
    assert float(values.mean()) == pytest.approx(1.0, abs=0.1)
