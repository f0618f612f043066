"""Which signals a game has, in a config: the same ones are the same config, and what is no signal is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from security_dilemma_training.config import RunConfig, config_hash, parse
from tests.training.test_config import faults_of


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (True, True),
        (False, False),
        (["assure", "burn", "open", "pledge"], True),
        ([], False),
        (["silent"], False),
        (["pledge", "burn"], ("silent", "burn", "pledge")),
        (("silent", "open"), ("silent", "open")),
    ],
)
def test_the_same_signals_are_the_same_config(given: Any, kept: Any) -> None:
    config = parse({"world": "intense", "game": {"signals": given}}, RunConfig)
    assert config.game.signals == kept
    again = parse(json.loads(config.model_dump_json(exclude={"config"})), RunConfig)
    assert config_hash(again.resolved()) == config_hash(config.resolved())
    plain = config_hash(parse({"world": "intense"}, RunConfig).resolved())
    assert (config_hash(config.resolved()) == plain) == (kept is True)


def test_what_is_no_signal_is_told_once() -> None:
    expected = {
        "burn": "= 'burn' must be True, False or a list of names among silent, assure, burn, pledge, open",
        ("brun",): ": unknown signal 'brun': did you mean 'burn'?",
        ("burn", "burn"): "= ['burn', 'burn'] name 'burn' more than once",
        2: "= 2 must be True, False or a list of names among silent, assure, burn, pledge, open",
    }
    for given, told in expected.items():
        value = list(given) if isinstance(given, tuple) else given
        assert faults_of({"world": "intense", "game": {"signals": value}}) == {"game.signals": told}
