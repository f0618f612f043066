"""Who learns with whom: each scheme brings learners, games and partners together.

- :mod:`~security_dilemma_training.schemes.self_play`: one network plays every state;
- :mod:`~security_dilemma_training.schemes.independent`: a learner for each state, all at once;
- :mod:`~security_dilemma_training.schemes.partnered`: one learner among its past and strategies, or given policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.schemes.scheme import Scheme

__all__ = ["build_scheme"]


def build_scheme(config: RunConfig, seed: int) -> Scheme:
    """Return the scheme that a config asks for, seeded and ready to learn.

    Raises:
        ConfigError: If this machine does not have the device, or a partner cannot be had or cannot play these games.
        RunError: If a partner is a run folder that is damaged.
        CheckpointError: If a partner is a run that is not trained yet.
    """
    from security_dilemma_training.schemes.independent import IndependentScheme
    from security_dilemma_training.schemes.partnered import FrozenScheme, PopulationScheme
    from security_dilemma_training.schemes.self_play import SelfPlayScheme

    kinds: dict[str, type[SelfPlayScheme | IndependentScheme | PopulationScheme | FrozenScheme]] = {
        "self_play": SelfPlayScheme,
        "independent": IndependentScheme,
        "population": PopulationScheme,
        "frozen": FrozenScheme,
    }
    return kinds[config.partners.scheme](config, seed)
