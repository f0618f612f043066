"""One learner among given policies: who they are is held, and what is learned answers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.import_paths import TRUST
from security_dilemma_training.runs import Run
from security_dilemma_training.schemes.against_partners import against_partners
from security_dilemma_training.train import train
from tests.training.players import Scripted
from tests.training.runs_for_tests import crisis_config, new_run, silent, small_config
from tests.training.untrained import untrained


def among(*policies: str, **changes: Any) -> RunConfig:
    return small_config(**changes | {"partners": {"scheme": "frozen", "policies": list(policies)}})


def stop(share: float, _message: str) -> None:
    if share >= 0.75:
        raise KeyboardInterrupt


def test_partners_are_in_the_manifest_and_a_run_whose_partners_changed_is_refused(tmp_path: Path) -> None:
    partner = untrained(tmp_path / "partner", 1)
    config = among("tit_for_tat", str(partner.folder))
    run = new_run(tmp_path / "run", config)
    told = run.manifest["partners"]
    assert told["tit_for_tat"] == "tit_for_tat"
    assert len(told[str(partner.folder)]) == 64
    with pytest.raises(KeyboardInterrupt):
        train(run, stop)
    kept = partner.policy_path.read_bytes()
    other = untrained(tmp_path / "other", 2)
    partner.policy_path.write_bytes(other.policy_path.read_bytes())
    with pytest.raises(RunError, match=r"began with other partners: .*/partner changed since; restore them"):
        train(Run.open(run.folder), silent)
    assert run.manifest["status"] == "interrupted"
    partner.policy_path.write_bytes(kept)
    train(Run.open(run.folder), silent)
    assert run.finished
    partner.policy_path.write_bytes(other.policy_path.read_bytes())
    with pytest.raises(RunError, match="began with other partners"):
        evaluate_run(run, games=10)


def test_a_partner_that_is_not_there_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="player 'tit_for_tot' is nobody's name: did you mean 'tit_for_tat'"):
        new_run(tmp_path / "run", among("tit_for_tot"))
    assert not (tmp_path / "run" / "manifest.json").exists()
    assert "partners" not in new_run(tmp_path / "self_play", small_config()).manifest


class Forgetful:
    """An agent that holds, and remembers how often; nobody can keep that."""

    def __init__(self) -> None:
        self.steps = 0

    def act(self, observation: Any, mask: Any, rng: np.random.Generator) -> Any:
        self.steps += 1
        return [Move.HOLD, 0]


@pytest.mark.slow
def test_among_partners_that_cannot_say_what_they_remember_a_run_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUST, "1")
    (tmp_path / "partners_of_the_test.py").write_text(
        "from security_dilemma_training.players import EachState\n"
        "from tests.training.test_frozen import Forgetful\n"
        "policy = EachState(Forgetful)\n"
    )
    config = among("partners_of_the_test:policy", learner={"slots": 16, "batch_size": 64})
    whole, parts = new_run(tmp_path / "whole", config), new_run(tmp_path / "parts", config)
    train(whole, silent)
    with pytest.raises(KeyboardInterrupt):
        train(parts, stop)
    assert not parts.checkpoint_path.exists()
    train(Run.open(parts.folder), silent)
    assert parts.policy_path.read_bytes() == whole.policy_path.read_bytes()


def test_a_policy_is_measured_among_its_partners_at_every_seat(tmp_path: Path) -> None:
    """In the one-shot crisis of equals, c = 0.2: a hawk among doves wins with P = Λ(kb), and among hawks with ½."""
    cases = [(Move.HOLD, "dove", 1.0), (Move.STRIKE, "dove", 1 / (1 + np.exp(-0.5)) - 0.2), (Move.STRIKE, "hawk", 0.3)]
    for move, partner, payoff in cases:
        config = crisis_config(params={"balance": 0.5}, partners={"scheme": "frozen", "policies": [partner]})
        found = against_partners(Scripted(move), config, tmp_path, 20_000, 0)
        assert found["payoff"] == pytest.approx(payoff, abs=0.02)
        assert found["war_rate"] == float(move == Move.STRIKE)
    config = crisis_config(params={"balance": 0.5}, partners={"scheme": "frozen", "policies": ["dove", "hawk"]})
    found = against_partners(Scripted(Move.HOLD), config, tmp_path, 20_000, 0)
    assert found["war_rate"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("partner", "struck"), [("dove", 0.0), ("hawk", 1.0)])
def test_what_is_learned_answers_the_partners(tmp_path: Path, partner: str, struck: float) -> None:
    """THEORY 1: with b > 0 a security seeker holds among those that hold and strikes among those that strike."""
    config = crisis_config(
        params={"balance": 0.5},
        partners={"scheme": "frozen", "policies": [partner]},
        learner={"slots": 256, "batch_size": 1024},
        schedule={"agent_steps": 40 * 1024},
    )
    run = new_run(tmp_path / "run", config)
    train(run, silent)
    results = evaluate_run(run, games=1000)
    assert results["pairs"]["both_security_seekers"]["strike_rate_security_seeker"] == pytest.approx(struck, abs=0.1)
    assert results["against_partners"]["payoff"] == pytest.approx(1.0 if partner == "dove" else 0.3, abs=0.05)
