"""Response surfaces and the effects of signals, of policies whose answers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.perception import observation_table
from security_dilemma.state import Move, Signal
from security_dilemma_training.analysis.figures import effects_figure, surfaces_figure
from security_dilemma_training.analysis.signals import Saying, signal_effects
from security_dilemma_training.analysis.situations import (
    Situations,
    changed,
    crises,
    entries,
    probabilities,
    strike_probability,
)
from security_dilemma_training.analysis.surfaces import Axis, dossier, others_arms, own_arms, response_surface
from security_dilemma_training.playing import play
from security_dilemma_training.policies import Bools, Floats, Matched
from tests.training.players import Coin, Scripted
from tests.training.runs_for_tests import small_config

CONFIG = small_config(params={"crisis_rate": 0.5})
PLACE = {name: entry.place for name, entry in entries(CONFIG).items()}
FLAT = small_config(game={"action_mode": "discrete"})


class Fearful:
    """Strikes with a probability of a tenth of the other's arms, a fifth of its dossier, less under its pledge."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        arms, share, pledge = (
            observations[..., PLACE[f"other_1_{name}"]].astype(float) for name in ("arms", "dossier", "pledge")
        )
        strike = 0.1 * arms + 0.2 * share - 0.05 * pledge + 0.05
        moves = np.stack([1 - strike, *[np.zeros_like(strike)] * 3, strike], axis=-1)
        return moves, np.full((*strike.shape, 5), 0.2)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        return np.broadcast_to([Move.ARM_OFFENSIVELY, Signal.ASSURE], (*observations.shape[:-1], 2))


class Flat(Fearful):
    """The same in discrete mode: one probability for each pair of move and signal."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        moves, signals = super().probabilities(observations)
        return ((moves[..., None] * signals[..., None, :]).reshape(*observations.shape[:-1], -1),)


def situations(games: int = 20) -> Situations:
    return crises(Fearful(), CONFIG, games=games, seed=1)


def test_crises_are_what_states_in_crisis_saw() -> None:
    met = situations()
    assert (met.observations[:, PLACE["own_crisis"]] == 1).all()
    assert (met.observations[:, PLACE["own_greed"]] == 0).all()
    played = play(Fearful(), CONFIG, n_games=20, intents=0, seed=1)
    assert len(met.game) == (played.crisis & played.present).sum()
    np.testing.assert_array_equal(np.bincount(met.game, minlength=20), played.crisis.sum(axis=(0, 2)))
    arms = (played.arms)[played.crisis & played.present]
    own = met.observations[:, [PLACE["own_offensive"], PLACE["own_defensive"]]].sum(axis=-1)
    np.testing.assert_allclose(own, arms, rtol=1e-6)


def test_after_a_war_there_are_no_more_crises() -> None:
    met = crises(Coin(1.0), CONFIG, games=30, seed=0, intents=1)
    assert np.bincount(met.game).max() == 2  # both states in the one crisis that ended the game
    assert (met.observations[:, PLACE["own_greed"]] > 0).all()


def test_only_the_entries_named_are_changed() -> None:
    before = situations().observations
    after = changed(CONFIG, before, {"own_greed": 0.5, "other_1_arms": np.linspace(0, 3, len(before))})
    different = [
        entry.name for entry in observation_table(CONFIG.resolved_params()) if (before != after)[:, entry.place].any()
    ]
    assert different == ["own_greed", "other_1_arms"]
    assert (before[:, PLACE["own_greed"]] == 0).all()


def test_faults_of_what_is_to_be_changed_are_told_all_at_once() -> None:
    with pytest.raises(
        ValueError, match="other_1_arm is no entry of an observation: did you mean 'other_1_arms'"
    ) as error:
        changed(CONFIG, situations().observations, {"other_1_arm": 1.0, "other_1_dossier": [0.5, 1.5]})
    assert "other_1_dossier = 1.5 is outside [0, 1]: believed offensive share" in str(error.value)


def test_probabilities_of_moves_and_signals_are_the_same_in_both_modes() -> None:
    seen = situations().observations
    for ours, theirs in zip(probabilities(Fearful(), CONFIG, seen), probabilities(Flat(), FLAT, seen), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_a_policy_that_does_not_tell_its_probabilities_is_refused() -> None:
    with pytest.raises(ValueError, match="Matched does not tell its probabilities by the last"):
        strike_probability(Matched([Fearful(), Fearful()]), CONFIG, situations().observations)


def test_a_surface_is_the_mean_over_situations_with_all_else_as_it_was() -> None:
    met = situations().observations
    met = changed(CONFIG, met, {"other_1_pledge": np.arange(len(met)) % 2})
    surface = response_surface(Fearful(), CONFIG, met, others_arms(CONFIG), dossier())
    expected = 0.1 * np.array(surface.first.values)[:, None] + 0.2 * np.array(surface.second.values)
    expected = expected + 0.05 - 0.05 * met[:, PLACE["other_1_pledge"]].mean()
    np.testing.assert_allclose(surface.strike, expected, atol=1e-6)
    np.testing.assert_array_equal(surface.met[:, 0], met[:, PLACE["other_1_arms"]])


def test_a_surface_does_not_depend_on_how_many_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = (others_arms(CONFIG), dossier())
    whole = response_surface(Fearful(), CONFIG, situations().observations, *axes)
    monkeypatch.setattr("security_dilemma_training.analysis.surfaces.AT_ONCE", 1000)
    np.testing.assert_allclose(
        response_surface(Fearful(), CONFIG, situations().observations, *axes).strike, whole.strike
    )


def test_a_sum_is_shared_evenly_among_its_entries() -> None:
    class Defended(Fearful):
        """Strikes with a probability of a quarter of its own defensive arms."""

        def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
            strike = observations[..., PLACE["own_defensive"]] / 4
            return np.stack([1 - strike, *[np.zeros_like(strike)] * 3, strike], axis=-1), np.zeros(1)

    surface = response_surface(Defended(), CONFIG, situations().observations, own_arms(CONFIG), dossier())
    assert surface.first.values[-1] == CONFIG.resolved_params().arms_cap
    np.testing.assert_allclose(surface.strike[-1], 1.5 / 4)


@pytest.mark.parametrize(
    ("first", "observations", "message"),
    [
        (dossier(), slice(None), "other_1_dossier cannot be on both axes"),
        (others_arms(CONFIG), slice(0), "no situation to ask about: play more games"),
        (Axis("too much", ("other_1_arms",), (0.0, 9.0)), slice(None), "other_1_arms = 9 is outside"),
    ],
)
def test_surfaces_that_cannot_be_are_refused(first: Axis, observations: slice, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        response_surface(Fearful(), CONFIG, situations().observations[observations], first, dossier())


def test_the_effect_of_a_message_is_that_of_the_message_alone() -> None:
    met = situations()
    assert (met.observations[:, PLACE["other_1_assure"]] == 1).any()
    effects = {effect.signal: effect for effect in signal_effects(Fearful(), CONFIG, met)}
    assert list(effects) == ["silent", "assure", "burn", "pledge", "open"]
    for name, effect in effects.items():
        expected = -0.05 if name == "pledge" else 0.0
        np.testing.assert_allclose(effect.difference, expected, atol=1e-7)
        assert abs(effect.strike - effects["silent"].strike - expected) < 1e-7


def test_games_count_alike_and_one_game_has_no_interval() -> None:
    few, many = changed(CONFIG, situations().observations[:4], {"other_1_arms": [0, 2, 2, 2]}), np.array([0, 1, 1, 1])
    by_game = signal_effects(Fearful(), CONFIG, Situations(few, many))[0].strike
    dossiers = few[:, PLACE["other_1_dossier"]] * 0.2 + 0.05
    np.testing.assert_allclose(by_game, (dossiers[0] + (0.2 + dossiers[1:].mean())) / 2, rtol=1e-5)
    alone = signal_effects(Fearful(), CONFIG, Situations(few, np.zeros(4, int)))[1].difference
    assert np.isnan(alone[1:]).all()
    with pytest.raises(ValueError, match="no situation"):
        signal_effects(Fearful(), CONFIG, Situations(few[:0], many[:0]))


def test_saying_replaces_the_signal_and_nothing_else() -> None:
    pledging = play(
        Saying(Scripted(Move.ARM_DEFENSIVELY, Signal.BURN), CONFIG, Signal.PLEDGE), CONFIG, n_games=3, intents=0, seed=0
    )
    assert (pledging.signal == Signal.PLEDGE).all()
    assert (pledging.move == Move.ARM_DEFENSIVELY).all()


def test_saying_in_discrete_mode_and_of_three_states() -> None:
    class Flattened(Scripted):
        def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
            parts = super().act(observations, mask, rng)
            sizes = component_sizes(observations.shape[1])
            return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(parts, -1, 0)), sizes))[..., None]

    for mode, policy in (("discrete", Flattened(Move.DISARM)), ("multidiscrete", Scripted(Move.DISARM))):
        config = small_config(game={"action_mode": mode, "n_states": 3}, params={"crisis_rate": 0.0})
        played = play(Saying(policy, config, Signal.OPEN), config, n_games=2, intents=0, seed=0)
        assert (played.signal == Signal.OPEN).all()
        assert (played.move == Move.DISARM).all()


def test_rates_have_no_signals_by_name() -> None:
    config = small_config(game={"action_mode": "continuous"})
    with pytest.raises(ValueError, match="action_mode = 'continuous' has no signals by name: use 'multidiscrete'"):
        Saying(Coin(0.0), config, Signal.OPEN)


def test_figures_show_every_surface_with_what_was_met_and_every_signal_but_silence() -> None:
    met = situations()
    surface = response_surface(Fearful(), CONFIG, met.observations, others_arms(CONFIG), dossier())
    figure = surfaces_figure({"one": surface, "two": surface, "three": surface}, columns=2)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["one", "two", "three", ""]  # the last is the colour bar
    assert 0 < np.shape(shown[0].collections[-1].get_offsets())[0] <= len(met.observations)
    effects = effects_figure({"fearful": signal_effects(Fearful(), CONFIG, met)})
    assert [label.get_text() for label in effects.axes[0].get_yticklabels()] == ["assure", "burn", "pledge", "open"]
