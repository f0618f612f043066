"""What states see, by name, and what they make of it: the chances of war by their own estimates."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.combat import attack_probability, attack_strength, defence_strength, mutual_probability
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.perception import observation_table, posture_share
from security_dilemma.stages import Stages

__all__ = ["Roles", "View"]


class Roles(NamedTuple):
    """What is fixed for all games: where each entry of an observation stands, and the parameters of each side."""

    places: dict[str, int]  # by name of entry
    own: Params  # fields that differ by state: (N, 1)
    others: Params  # fields that differ by state: (N, N - 1), of the states i+1, i+2, …

    @classmethod
    def of(
        cls, params: Params, n_states: int, stages: Stages | None, max_cycles: int, *, reveal_intents: bool = False
    ) -> Roles:
        """Return the roles of a game."""
        table = observation_table(params, n_states, stages, max_cycles, reveal_intents=reveal_intents)
        fields = {name: np.asarray(getattr(params, name)) for name in PARAMETERS if np.ndim(getattr(params, name))}
        everyone = {name: np.broadcast_to(value, (n_states,)) for name, value in fields.items()}
        return cls(
            {entry.name: entry.place for entry in table},
            params.replace(**{name: value[:, None] for name, value in everyone.items()}),
            params.replace(**{name: value[_others(n_states)] for name, value in everyone.items()}),
        )


class View:
    """The observations of all states of all games, each about itself and about the others.

    The shapes are (G, N) for what concerns a state itself and (G, N, N - 1) for what concerns the others, in the order
    i+1, i+2, …. Another's stocks are estimated from its reported arms and the offensive share in the dossier.
    Supporters are left out of the estimates: who would come to the other's defence is not observed.
    """

    def __init__(self, observations: Array, roles: Roles, rng: np.random.Generator, before: View | None = None) -> None:
        """Look at observations (G, N, obs_dim).

        Args:
            observations: What is seen now.
            roles: Places and parameters.
            rng: The only source of chance.
            before: What was seen in the step before; in the first step the same as now.
        """
        self.observations, self.roles, self.rng = observations, roles, rng
        self.before = self if before is None else before

    def own(self, name: str) -> Array:
        """Return an entry of the state's own, by its name in the observation table less ``own_``, (G, N)."""
        return self.observations[..., self.roles.places[f"own_{name}"]]

    def others(self, name: str) -> Array:
        """Return an entry about the others, by its name less ``other_<k>_``, (G, N, N - 1)."""
        n = self.observations.shape[1]
        return self.observations[..., [self.roles.places[f"other_{k}_{name}"] for k in range(1, n)]]

    def rival(self, values: Array) -> Array:
        """Return of values for each other state that of the rival, (G, N).

        The rival is the state in crisis with this one, otherwise the living one that threatens it most.
        """
        return np.take_along_axis(values, self._rival[..., None], axis=-1)[..., 0]

    @cached_property
    def crisis(self) -> Array:
        """Whether the state is in crisis, (G, N) bool."""
        return self.own("crisis") > 0.5

    @cached_property
    def arms(self) -> Array:
        """The state's own arms, offensive plus defensive, in units, (G, N)."""
        return self.own("offensive") + self.own("defensive")

    @cached_property
    def attack(self) -> Array:
        """What the state itself can bring to an attack, in units of arms, (G, N, 1)."""
        return attack_strength(self.roles.own, *self._own_stocks)

    @cached_property
    def other_attack(self) -> Array:
        """What each other state can bring to an attack, (G, N, N - 1)."""
        return attack_strength(self.roles.others, *self._other_stocks)

    @cached_property
    def chance(self) -> Array:
        """Chance that a one-sided strike on each other state wins, (G, N, N - 1)."""
        return self._chance_of(self.attack)

    @cached_property
    def full_chance(self) -> Array:
        """The same chance if the state had all the offensive arms that the cap allows, (G, N, N - 1)."""
        cap = np.zeros_like(self._balance) + self.roles.own.arms_cap
        return self._chance_of(attack_strength(self.roles.own, cap, np.zeros_like(cap)))

    @cached_property
    def parity_chance(self) -> Array:
        """The same chance between equals, whose attack is worth what the other's defence is, (G, N, N - 1)."""
        equal = np.ones_like(self.threat)
        return attack_probability(self.roles.own, self._balance, equal, equal)

    @cached_property
    def threat(self) -> Array:
        """Chance that a one-sided strike by each other state wins, (G, N, N - 1)."""
        defence = defence_strength(self.roles.own, *self._own_stocks)
        return attack_probability(self.roles.others, self._balance, self.other_attack, defence)

    @cached_property
    def mutual(self) -> Array:
        """Chance to win against each other state if both strike, (G, N, N - 1)."""
        steepness = 0.5 * (self.roles.own.decisiveness + self.roles.others.decisiveness)
        return mutual_probability(steepness, self.attack, self.other_attack)

    def _chance_of(self, attack: Array) -> Array:
        defence = defence_strength(self.roles.others, *self._other_stocks)
        return attack_probability(self.roles.own, self._balance, attack, defence)

    @cached_property
    def _rival(self) -> Array:
        preference = np.where(self.others("alive") > 0.5, self.threat, -1.0) + 2 * self.others("crisis")
        return preference.argmax(axis=-1)

    @cached_property
    def _balance(self) -> Array:
        return self.own("perceived_balance")[..., None]

    @cached_property
    def _own_stocks(self) -> tuple[Array, Array]:
        return self.own("offensive")[..., None], self.own("defensive")[..., None]

    @cached_property
    def _other_stocks(self) -> tuple[Array, Array]:
        """The stocks whose posture would have the share in the dossier; a posture's share is linear in its stocks."""
        arms, none = self.others("arms"), np.zeros_like(self.others("arms"))
        lowest, highest = posture_share(none, arms), posture_share(arms, none)
        place = (self.others("dossier") - lowest) / np.where(highest > lowest, highest - lowest, 1.0)
        offensive = arms * np.clip(place, 0, 1)
        return offensive, arms - offensive


@lru_cache
def _others(n_states: int) -> Array:
    """The states i+1, i+2, … of each state i, (N, N - 1)."""
    return (np.arange(n_states)[:, None] + np.arange(1, n_states)) % n_states
