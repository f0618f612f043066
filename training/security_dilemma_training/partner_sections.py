"""Who learns with whom: the training schemes of a config, told by ``partners.scheme``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from security_dilemma.params import nearest
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.faults import Fault
from security_dilemma_training.sections import Count, Frozen

__all__ = ["SCHEMES", "FrozenPartners", "Independent", "Partners", "Population", "SelfPlay", "partner_faults"]

Names = Annotated[tuple[str, ...], Field(strict=False)]


class SelfPlay(Frozen):
    """One network, which sees its own intent, plays every state and learns from the steps of all."""

    scheme: Literal["self_play"] = "self_play"
    """Who learns with whom."""


class Independent(Frozen):
    """Every state has a learner and a network of its own; all learn at the same time in the same games."""

    scheme: Literal["independent"] = "independent"
    """Who learns with whom."""


class Population(Frozen):
    """One learner plays one state of each game; the others are drawn, game by game, from its past and from strategies.

    The first member of the pool is the untrained policy; the oldest goes when the pool is full.
    """

    scheme: Literal["population"] = "population"
    """Who learns with whom."""
    strategies: Names = ()
    """Scripted states that are always in the pool."""
    snapshot_every: Count = 100_000
    """Agent-steps between two additions of the present policy to the pool."""
    pool_size: Count = 8
    """Past policies that the pool holds at most."""


class FrozenPartners(Frozen):
    """One learner plays one state of each game; the others are played by given policies, which do not learn."""

    scheme: Literal["frozen"] = "frozen"
    """Who learns with whom."""
    policies: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    """Strategies, run folders, zips of stable-baselines3 or ``module:attribute``; drawn alike, game by game."""


MODELS: tuple[type[SelfPlay] | type[Independent] | type[Population] | type[FrozenPartners], ...] = (
    SelfPlay,
    Independent,
    Population,
    FrozenPartners,
)
SCHEMES: tuple[str, ...] = tuple(str(model.model_fields["scheme"].default) for model in MODELS)
"""The training schemes by name."""


def _scheme(partners: Any) -> Any:
    if isinstance(partners, Mapping):
        return partners.get("scheme", "self_play")
    return getattr(partners, "scheme", None)


Partners = Annotated[
    Annotated[SelfPlay, Tag("self_play")]
    | Annotated[Independent, Tag("independent")]
    | Annotated[Population, Tag("population")]
    | Annotated[FrozenPartners, Tag("frozen")],
    Discriminator(_scheme),
]
"""One of the schemes, told by ``scheme``; without it, self-play."""


def partner_faults(partners: Partners) -> list[Fault]:
    """Return the faults of partners that do not exist."""
    if not isinstance(partners, Population):
        return []
    return [
        Fault("partners.strategies", f"= {name!r} is unknown: {nearest(name, STRATEGIES)}")
        for name in partners.strategies
        if name not in STRATEGIES
    ]
