"""Stage games as games of OpenSpiel (Lanctot et al. 2019), an extra: ``pip install 'security-dilemma[openspiel]'``."""

from __future__ import annotations

from typing import Any

from security_dilemma.solver.tree import GameTree, Profile

__all__ = ["openspiel_policy", "to_openspiel"]


def to_openspiel(tree: GameTree) -> Any:
    """Return a stage game as an OpenSpiel game, on which its algorithms run.

    It is sequential: chance draws both types, then in every stage the first state acts, the second, which does not see
    that, and chance decides who wins a war. Information states are those of the tree; ready-made stage games can also
    be had by ``pyspiel.load_game("python_security_dilemma_stage_game", {"stage_game": "crisis"})`` once this function
    has been called.

    Raises:
        ImportError: If OpenSpiel is not installed.
    """
    return _game_module().StageGameOfOpenSpiel(tree=tree)


def openspiel_policy(game: Any, profile: Profile) -> Any:
    """Return a profile as an OpenSpiel policy of a game made by :func:`to_openspiel`.

    Raises:
        ImportError: If OpenSpiel is not installed.
        ValueError: If the profile is not one of the game's tree.
    """
    return _game_module().ProfilePolicy(game, profile)


def _game_module() -> Any:
    try:
        from security_dilemma.solver import openspiel_game
    except ModuleNotFoundError as error:
        raise ImportError("OpenSpiel is not installed: pip install 'security-dilemma[openspiel]'") from error
    return openspiel_game
