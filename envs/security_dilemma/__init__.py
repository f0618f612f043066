"""The security dilemma of international relations as a multi-agent reinforcement-learning environment.

States arm and signal without knowing each other's intent (Herz 1950; Jervis 1978). The rules are pure functions over
arrays (:func:`initial`, :func:`advance`, :func:`observe`, :func:`reward`), :class:`Games` steps many games at once, and
:func:`parallel_env` and :func:`env` are the PettingZoo faces.
"""

import gymnasium
import pettingzoo  # type: ignore[import-untyped]

from security_dilemma.chance import Draws, draw
from security_dilemma.dynamics import advance, initial
from security_dilemma.games import Games
from security_dilemma.params import WORLDS, ParameterError, Params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.security_dilemma_v0 import env, parallel_env, raw_env
from security_dilemma.state import Action, State

__all__ = [
    "WORLDS",
    "Action",
    "Draws",
    "Games",
    "ParameterError",
    "Params",
    "State",
    "advance",
    "draw",
    "env",
    "initial",
    "observe",
    "parallel_env",
    "raw_env",
    "reward",
]

pettingzoo.register("parallel", "security_dilemma_v0", "security_dilemma.security_dilemma_v0:parallel_env")
pettingzoo.register("aec", "security_dilemma_v0", "security_dilemma.security_dilemma_v0:env")
gymnasium.register("SecurityDilemma-v0", "security_dilemma.gymnasium_env:SecurityDilemmaEnv")
