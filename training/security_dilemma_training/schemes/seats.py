"""One slot for each game: the state at its seat learns, and others play the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from security_dilemma_training.policies import Policy, restart
from security_dilemma_training.vec_env import GamesVecEnv

__all__ = ["PartneredVecEnv", "Places", "SeatsVecEnv", "seats_in_turn"]

Places = NDArray[np.intp]
"""(n_games,), which state of each game sits there."""


def seats_in_turn(n_games: int, n_states: int) -> Places:
    """Return seats that alternate from game to game, (n_games,)."""
    return np.arange(n_games) % n_states


class SeatsVecEnv(VecEnvWrapper):
    """The slots of one state of each game, as a learner sees them.

    Ends and time limits are those of :class:`GamesVecEnv`; the slot of an eliminated state idles until its game
    restarts.

    Attributes:
        games: All slots.
        own: (n_games,), the slots that are seen, as numbers of :attr:`games`.
    """

    def __init__(self, games: GamesVecEnv, seats: Places) -> None:
        """Look at ``games`` from ``seats``."""
        self.games = games
        self.own = np.arange(len(seats)) * games.games.n_states + seats
        super().__init__(games)
        self.num_envs = len(seats)

    def own_of(self, step: VecEnvStepReturn) -> VecEnvStepReturn:
        """Return what a step of all slots holds for those that are seen."""
        seen, rewards, done, infos = step
        return np.asarray(seen)[self.own], rewards[self.own], done[self.own], [infos[slot] for slot in self.own]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of the given slots."""
        return self.games.get_attr(attr_name, self._slots(indices))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the given slots."""
        self.games.set_attr(attr_name, value, self._slots(indices))

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the given slots."""
        return self.games.env_method(method_name, *method_args, indices=self._slots(indices), **method_kwargs)

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """No slot is wrapped."""
        return self.games.env_is_wrapped(wrapper_class, self._slots(indices))

    def _slots(self, indices: VecEnvIndices) -> list[int]:
        slots: list[int] = (self.own if indices is None else self.own[[*self._get_indices(indices)]]).tolist()
        return slots


class PartneredVecEnv(SeatsVecEnv):
    """A policy, which is told of restarts, plays all states but those that are seen."""

    def __init__(self, games: GamesVecEnv, seats: Places, policy: Policy, rng: np.random.Generator) -> None:
        """Let ``policy`` play with the learner; ``rng`` is the source of its chance."""
        super().__init__(games, seats)
        self.policy, self._rng = policy, rng
        self._seen: NDArray[Any]

    def reset(self) -> NDArray[np.float32]:
        """Start all games anew."""
        self._seen = self.games.reset()
        restart(self.policy, self.num_envs, None)
        learner: NDArray[np.float32] = self._seen[self.own]
        return learner

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the learner's actions, (n_games, …), beside those that the policy draws for the others."""
        observations = self._seen.reshape(self.num_envs, -1, self._seen.shape[-1])
        played = self.policy.act(observations, self.games.mask, self._rng)
        rows = played.reshape(self.games.num_envs, -1)
        rows = rows.astype(np.result_type(rows, actions))
        rows[self.own] = actions.reshape(self.num_envs, -1)
        self.games.step_async(rows)

    def step_wait(self) -> VecEnvStepReturn:
        """Play one step of every game."""
        step = self.games.step_wait()
        self._seen = np.asarray(step[0])
        anew = np.flatnonzero(self.games.games.state.steps == 0)
        if anew.size:
            restart(self.policy, self.num_envs, anew)
        return self.own_of(step)

    def state(self) -> dict[str, Any]:
        """Return what was seen last and the generator of the policy's chance; the policy's memory is not in it."""
        return {"seen": self._seen, "rng": self._rng.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self._seen, self._rng.bit_generator.state = state["seen"], state["rng"]
