"""Stable-baselines3's ``VecEnv`` straight over :class:`security_dilemma.Games`: one slot per state and game."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from security_dilemma import Games, State
from security_dilemma.spaces import action_space, observation_space
from security_dilemma_training.monitor import Monitor

__all__ = ["GamesVecEnv", "Slot"]


class Slot:
    """One state of one game, as stable-baselines3 sees it: an environment of its own.

    Attributes that it does not have itself are those of the :class:`Games` it belongs to.
    """

    def __init__(self, vec_env: GamesVecEnv, game: int, state: int) -> None:
        self.game, self.state_index = game, state
        self.render_mode = None
        self._vec_env = vec_env

    def action_masks(self) -> NDArray[np.bool_]:
        """Return which actions have their effect now, flat, as sb3-contrib's maskable learners ask for it."""
        mask: NDArray[np.bool_] = self._vec_env.mask[self.game, self.state_index]
        return mask

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._vec_env.games, name)


class GamesVecEnv(VecEnv):
    """Many games in self-play: slot ``game * n_states + state`` is one state of one game.

    A slot is done when its state is eliminated and when its game ends; ``info["terminal_observation"]`` holds what it
    saw last and ``info["TimeLimit.truncated"]`` tells a time limit from an end. With more than two states the slot of
    an eliminated state idles, observing zeros, until its game restarts: see
    :class:`security_dilemma_training.learners.LivingRolloutBuffer`.

    Attributes:
        games: The games.
        mask: (n_games, n_states, …) bool, which actions have their effect now.
        monitor: What happened in the games since it was last read.
    """

    def __init__(self, games: Games) -> None:
        """Take over ``games``; they are reset by :meth:`reset`."""
        self.games = games
        self.mask = games.action_mask()
        self.monitor = Monitor(games)
        self.slots = [Slot(self, game, state) for game in range(games.n_games) for state in range(games.n_states)]
        self._actions: NDArray[Any]
        self._idle = np.zeros(len(self.slots), bool)
        observations = observation_space(
            games.params, games.n_states, games.stages, games.max_cycles, reveal_intents=games.reveal_intents
        )
        super().__init__(len(self.slots), observations, action_space(games.n_states, games.action_mode))

    def reset(self) -> NDArray[np.float32]:
        """Start all games anew, with the seed of the last call of ``seed`` if there was one."""
        observations = self.games.reset(self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        self.mask = self.games.action_mask()
        self.monitor = Monitor(self.games)
        self._idle = np.zeros(self.num_envs, bool)
        return self._by_slot(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions, (slots, …), for :meth:`step_wait`."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Play one step of every game."""
        games = self.games
        before = games.state
        actions = np.reshape(self._actions, (games.n_games, games.n_states, games.n_components))
        observations, rewards, terminated, truncated, info = games.step(actions)
        self.mask = info["action_mask"]
        self.monitor.update(before, games.state, rewards, info)
        ended = np.zeros((games.n_games, games.n_states), bool)
        ended[info["ended"]] = True
        # done once at elimination, and again when the game of an idle slot restarts
        done = self._by_slot(ended) | (self._by_slot(terminated) & ~self._idle)
        self._idle = self._by_slot(terminated & ~ended)
        slots = self._by_slot(observations)
        infos = self._infos(done, self._by_slot(truncated), slots, info)
        return slots, self._by_slot(rewards), done, infos

    def _infos(
        self, done: NDArray[np.bool_], truncated: NDArray[np.bool_], observations: NDArray[Any], info: dict[str, Any]
    ) -> list[dict[str, Any]]:
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        last_seen = dict(zip(info["ended"].tolist(), info["final_observation"], strict=True))
        for slot in np.flatnonzero(done).tolist():
            game, state = divmod(slot, self.games.n_states)
            final = last_seen[game][state] if game in last_seen else observations[slot]
            infos[slot] = {"terminal_observation": np.array(final), "TimeLimit.truncated": bool(truncated[slot])}
        return infos

    def _by_slot(self, array: NDArray[Any]) -> NDArray[Any]:
        """Rearrange (n_games, n_states, …) to (slots, …)."""
        return np.ascontiguousarray(array).reshape(self.num_envs, *array.shape[2:])

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that a checkpoint needs to go on with these very games."""
        arrays = {f"state.{name}": np.asarray(field) for name, field in self.games.state._asdict().items()}
        return arrays | {"idle": self._idle} | self.monitor.state_arrays()

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Go on from :meth:`state_arrays`; the generator of the games is restored apart."""
        self.games.restore(State(*(arrays[f"state.{name}"] for name in State._fields)))
        self.mask = self.games.action_mask()
        self.monitor = Monitor(self.games)
        self.monitor.restore(arrays)
        self._idle = arrays["idle"]

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of the given slots."""
        return [getattr(slot, attr_name) for slot in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the given slots (not of the games they share)."""
        for slot in self._chosen(indices):
            setattr(slot, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the given slots; masks of all slots, which are asked for at every step, come at once."""
        if method_name == "action_masks" and indices is None:
            return list(self.mask.reshape(self.num_envs, -1))
        return [getattr(slot, method_name)(*method_args, **method_kwargs) for slot in self._chosen(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """No slot is wrapped."""
        del wrapper_class
        return [False for _ in self._chosen(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """Training games are not drawn; render the PettingZoo face instead."""
        return [None] * self.num_envs

    def _chosen(self, indices: VecEnvIndices) -> Iterable[Slot]:
        return [self.slots[index] for index in self._get_indices(indices)]
