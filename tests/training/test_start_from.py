"""Learning that goes on from another run's policy: its weights exactly, everything else begun anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.batches import shape_of
from security_dilemma_training.checkpoints import save_policies
from security_dilemma_training.compiled.lanes import SideBySide, compiled
from security_dilemma_training.compiled.network import as_torch, from_torch
from security_dilemma_training.compiled.training import _Course
from security_dilemma_training.config import ConfigError, RunConfig, config_hash
from security_dilemma_training.errors import RunError
from security_dilemma_training.first_policies import first_weights
from security_dilemma_training.learner_states import weights
from security_dilemma_training.learners import build_games, build_learner, load_policy
from security_dilemma_training.policies import Matched
from security_dilemma_training.responses.best_response import ResponseOptions, train_response
from security_dilemma_training.runs import Run
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.train import train
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.learners_for_tests import tiny
from tests.training.runs_for_tests import loaded, merged, new_run, ppo, silent, small_config

BACKENDS = ("sb3", "jax")
JAX: dict[str, Any] = {"learner": {"backend": "jax"}}
INDEPENDENT: dict[str, Any] = {"partners": {"scheme": "independent"}}


def source(folder: Path, config: RunConfig | None = None, seed: int = 7) -> Run:
    """A run whose policy is far from an untrained one; with several networks each has weights of its own."""
    config = config or small_config()
    run = new_run(folder, config, seed)
    networks = [ALGORITHMS[config.learner.algorithm].network(config) for _ in range(config.n_networks)]
    draws = torch.Generator().manual_seed(seed)
    for network in networks:
        with torch.no_grad():
            for weight in network.parameters():
                weight.copy_(0.5 * torch.randn(weight.shape, generator=draws))
    save_policies(run.policy_path, networks)
    return run


def going_on(run: Run, **changes: Any) -> RunConfig:
    return small_config(**merged({"learner": {"start_from": str(run.folder)}}, changes))


def seen(config: RunConfig) -> NDArray[Any]:
    """What states see in some games, (games, states, obs_dim)."""
    return np.asarray(build_games(config, 20).reset(3))


def problem_of(folder: Path, config: RunConfig) -> str:
    with pytest.raises(ConfigError) as caught:
        new_run(folder, config)
    assert not (folder / "manifest.json").exists()
    (fault,) = caught.value.faults
    assert fault.key == "learner.start_from"
    return fault.problem


def interrupt(share: float, _message: str) -> None:
    """Stop a training after three of four updates."""
    if share >= 0.75:
        raise KeyboardInterrupt


def test_the_weights_are_those_of_the_other_run_and_all_else_is_of_a_fresh_start(tmp_path: Path) -> None:
    run = source(tmp_path / "source")
    fresh, chance = ppo(small_config(), 3), torch.get_rng_state()
    begun = ppo(going_on(run), 3)
    assert torch.equal(torch.get_rng_state(), chance)  # what follows is drawn alike
    assert not begun.policy.optimizer.state
    expected = load_policy(run)
    observations = seen(run.config)
    for ours, theirs, untrained in zip(
        ALGORITHMS["ppo"].policy(begun.policy, run.config).probabilities(observations),  # type: ignore[attr-defined]
        loaded(run).probabilities(observations),
        ALGORITHMS["ppo"].policy(fresh.policy, run.config).probabilities(observations),  # type: ignore[attr-defined]
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
        assert np.abs(untrained - theirs).max() > 0.1
    values = begun.policy.predict_values(torch.as_tensor(observations[:, 0]))
    torch.testing.assert_close(values, expected._network.predict_values(torch.as_tensor(observations[:, 0])))  # type: ignore[attr-defined]


def test_independent_learners_go_on_from_their_own_or_all_from_one(tmp_path: Path) -> None:
    each = source(tmp_path / "each", small_config(**INDEPENDENT))
    one = source(tmp_path / "one", seed=8)
    policies = load_policy(each)
    assert isinstance(policies, Matched)
    found = [weights(network) for network in build_scheme(going_on(each, **INDEPENDENT), 0).networks]
    expected = [weights(policy._network) for policy in policies.policies]  # type: ignore[attr-defined]
    shared = [weights(network) for network in build_scheme(going_on(one, **INDEPENDENT), 0).networks]
    for name, value in expected[0].items():
        assert not np.array_equal(value, expected[1][name])
        for k in range(2):
            np.testing.assert_array_equal(found[k][name], expected[k][name])
            np.testing.assert_array_equal(shared[k][name], weights(loaded(one)._network)[name])
    assert "holds 2 networks, one for each state: here 1 learns" in problem_of(tmp_path / "run", going_on(each))


def test_what_cannot_be_gone_on_from_is_told_before_anything_is_written(tmp_path: Path) -> None:
    here, at = tmp_path / "here", tmp_path / "run"
    assert "does not exist" in problem_of(at, small_config(learner={"start_from": str(here)}))
    untrained = new_run(tmp_path / "untrained", small_config())
    assert "train the run first" in problem_of(at, going_on(untrained))
    run = source(here)
    three = {"n_states": 3}
    told = problem_of(at, going_on(run, game=three))
    assert told.startswith(f"= {str(here)!r} was trained with n_states = 2, these games have 3")
    assert "action_mode = multidiscrete, here it is discrete" in problem_of(
        at, going_on(run, game={"action_mode": "discrete"})
    )
    assert "learned with activation = tanh, here it is relu" in problem_of(
        at, going_on(run, learner={"activation": "relu"})
    )
    assert "hidden_sizes = (64, 64), here it is (8,)" in problem_of(at, going_on(run, learner={"hidden_sizes": [8]}))
    dqn = source(tmp_path / "dqn", tiny("dqn"))
    told = problem_of(at, tiny("ppo", game={"action_mode": "discrete"}, learner={"start_from": str(dqn.folder)}))
    assert "was learned by dqn, which leaves no policy and value" in told
    recurrent = tiny("recurrent_ppo", learner={"hidden_sizes": [64, 64], "start_from": str(here)})
    assert "another network than its config describes" in problem_of(at, recurrent)
    run.policy_path.write_bytes(b"damaged")
    assert "is damaged" in problem_of(at, going_on(run))


@pytest.mark.parametrize("name", ["a2c", "maskable_ppo"])
def test_other_learners_with_the_same_network_go_on_as_well(tmp_path: Path, name: str) -> None:
    run = source(tmp_path / "source", tiny("ppo"))
    config = tiny(name, learner={"start_from": str(run.folder)})
    new_run(tmp_path / "run", config)
    model = build_learner(config, GamesVecEnv(build_games(config, config.n_games)), 0)
    for key, value in weights(model.policy).items():
        np.testing.assert_array_equal(value, weights(loaded(run)._network)[key], err_msg=key)


def test_options_of_an_untrained_network_are_refused_beside_it() -> None:
    for name in ("initial_strike_probability", "initial_value"):
        with pytest.raises(ConfigError, match=rf"learner\.start_from = 'there' and {name} = 0\.5 are both given"):
            small_config(learner={"start_from": "there", name: 0.5})
    with pytest.raises(ConfigError, match=r"learner\.start_from = 'there' is an option of ppo, .*not of dqn"):
        tiny("dqn", learner={"start_from": "there"})


def test_runs_without_it_are_what_they_were_and_programs_are_shared() -> None:
    plain, one, two = (small_config(**merged(JAX, {"learner": {"start_from": name}})) for name in (None, "a", "b"))
    old = plain.resolved()
    del old["learner"]["start_from"]
    assert config_hash(old) == config_hash(plain.resolved())
    assert len({config_hash(config.resolved()) for config in (plain, one, two)}) == 3
    assert shape_of(plain) == shape_of(one) == shape_of(two)


def test_a_policy_that_changed_since_is_refused(tmp_path: Path) -> None:
    run, other = source(tmp_path / "source"), source(tmp_path / "other", seed=8)
    begun = new_run(tmp_path / "run", going_on(run))
    assert len(begun.manifest["start_from"]) == 64
    assert "start_from" not in run.manifest
    kept = run.policy_path.read_bytes()
    for data in (other.policy_path.read_bytes(), None):
        run.policy_path.unlink()
        if data is not None:
            run.policy_path.write_bytes(data)
        with pytest.raises(RunError, match=r"began with another policy: .* changed since, or is gone; restore it"):
            train(begun, silent)
        run.policy_path.write_bytes(kept)
    with begun.training():
        pass


def test_overwriting_never_deletes_what_is_gone_on_from(tmp_path: Path) -> None:
    run = source(tmp_path / "source")
    kept = {path: path.read_bytes() for path in run.folder.iterdir()}
    alone = {"partners": {"scheme": "frozen", "policies": ["dove", str(run.folder)]}}
    for config, key in ((going_on(run), r"learner\.start_from"), (small_config(**alone), r"partners\.policies")):
        with pytest.raises(
            RunError, match=key + r" = '.*source' would be deleted by --overwrite: choose another folder"
        ):
            Run.create(run.folder, config, 7, overwrite=True)
    with pytest.raises(ConfigError, match="hidden_sizes"):  # nor anything for the sake of a run that cannot begin
        Run.create(run.folder, going_on(run, learner={"hidden_sizes": [5]}), 7, overwrite=True)
    assert {path: path.read_bytes() for path in run.folder.iterdir()} == kept
    assert Run.create(tmp_path / "other", going_on(run), 7, overwrite=True).manifest["start_from"]


def test_the_weights_of_torch_are_laid_out_for_jax_and_back(tmp_path: Path) -> None:
    arrays = first_weights(going_on(source(tmp_path / "source")))
    assert arrays is not None
    again = as_torch(from_torch(arrays))
    assert again.keys() == arrays.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_a_best_response_does_not_begin_with_it(tmp_path: Path) -> None:
    # every second start strikes often at first, and another has weights of its own
    config = going_on(source(tmp_path / "source"))
    options = ResponseOptions(agent_steps=384, slots=48)
    network = train_response(loaded(Run.open(tmp_path / "source")), config, options, greedy=False, start=1, seed=0)
    assert abs(float(weights(network)["action_net.weight"].std())) < 0.1


@pytest.mark.slow
def test_compiled_lanes_begin_with_it_beside_others_that_do_not(tmp_path: Path) -> None:
    run = source(tmp_path / "source")
    ours, plain = (new_run(tmp_path / name, config, 3) for name, config in pairs(run))
    found = compiled(ours.config)
    course, fresh = _Course(found, ours), _Course(found, plain)
    assert fresh.start == 3
    lane, untouched = SideBySide(found, [ours.config, plain.config], [course.start, fresh.start]).kept()
    observations = seen(run.config)
    logits = found.program._network.apply(lane.weights, observations, method="policy")
    expected = loaded(run)._output(observations)
    np.testing.assert_allclose(np.reshape(logits, expected.shape), expected, rtol=1e-4, atol=1e-5)
    for name in ("optimizer", "playing", "key", "updates"):
        pair = [jax.tree.leaves(getattr(kept, name)) for kept in (lane, untouched)]
        for one, other in zip(*pair, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


def pairs(run: Run) -> list[tuple[str, RunConfig]]:
    """A config that goes on from a run, and the same without."""
    return [("ours", going_on(run, **JAX)), ("plain", small_config(**JAX))]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interrupted_run_goes_on_to_the_bit(tmp_path: Path, backend: str) -> None:
    run = source(tmp_path / "source")
    config = going_on(run, learner={"backend": backend})
    whole, parts = (new_run(tmp_path / name, config, 3) for name in ("whole", "parts"))
    plain = new_run(tmp_path / "plain", small_config(learner={"backend": backend}), 3)
    for other in (whole, plain):
        train(other, silent)
    with pytest.raises(KeyboardInterrupt):
        train(parts, interrupt)
    assert parts.checkpoint_path.exists()
    train(Run.open(parts.folder), silent)
    learned, again = (weights(loaded(done)._network) for done in (whole, parts))
    for name, value in learned.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    begun, fresh = weights(loaded(run)._network), weights(loaded(plain)._network)
    moved = [np.abs(learned[name] - other[name]).max() for other in (begun, fresh) for name in ("action_net.weight",)]
    assert 0 < moved[0] < 0.1 < moved[1]
