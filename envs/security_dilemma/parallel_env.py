"""The PettingZoo face: dictionaries, seeding and agents around the rules of one game; no formula.

Infos hold an ``action_mask`` in the format that ``action_space(agent).sample(mask)`` takes. In continuous mode they
hold none: Gymnasium's ``Box.sample`` refuses masks. Rates that have no effect do no harm there; a strike outside a
crisis is a hold.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray
from pettingzoo import ParallelEnv  # type: ignore[import-untyped]

from security_dilemma.actions import ACTION_MODES, ActionMode, action_mask, decode
from security_dilemma.arrays import Value, is_off
from security_dilemma.chance import draw_start, draw_step
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import ParameterError, Params, nearest, plain_int, seed_faults, world_params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe, outgrown_faults
from security_dilemma.render import RENDER_MODES, Frame, Renderer
from security_dilemma.spaces import (
    START_OPTIONS,
    SampleMask,
    action_space,
    global_state,
    observation_space,
    resolve_start,
    sample_mask,
    stack_actions,
    state_space,
)
from security_dilemma.stages import Signals, Stages, game_faults
from security_dilemma.state import State

__all__ = ["METADATA", "SecurityDilemma", "parallel_env"]

Observations = dict[str, NDArray[np.float32]]
Infos = dict[str, dict[str, Any]]
Step = tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]


METADATA: dict[str, Any] = {
    "name": "security_dilemma_v0",
    "is_parallelizable": True,
    "render_modes": list(RENDER_MODES),
    "render_fps": 4,
}


class SecurityDilemma(ParallelEnv[str, NDArray[Any], Any]):  # type: ignore[misc]
    """One game between ``state_0``, ``state_1``, …; eliminated states leave ``agents``.

    ``infos[agent]["action_mask"]`` holds for each living state which actions have their effect, in the format that
    ``action_space(agent).sample(mask)`` takes (not in continuous mode). The mask is shared and read-only.

    Attributes:
        params: The parameters, cast to float32.
        n_states: Number of states N.
        max_cycles: The time limit in steps; a game that reaches it is truncated.
        state_space: Space of :meth:`state`.
    """

    metadata = METADATA

    def __init__(
        self,
        world: str | None = "doubly_dangerous",
        *,
        params: Params | None = None,
        n_states: int = 2,
        max_cycles: int = 64,
        action_mode: ActionMode = "multidiscrete",
        stages: Stages | None = None,
        war: str = "terminal",
        reveal_intents: bool = False,
        signals: Signals = True,
        render_mode: str | None = None,
        **overrides: Value,
    ) -> None:
        """Set up a game; call :meth:`reset` to start it.

        Args:
            world: One of Jervis's worlds, a name in ``WORLDS``.
            params: Parameters to use instead of a named world's; the world is then left out.
            n_states: Number of states N, 2 to 8.
            max_cycles: Time limit in steps.
            action_mode: ``multidiscrete``, ``discrete`` or ``continuous``.
            stages: (enabled moves, stake) of each stage of a stage game.
            war: ``terminal``, or ``scaled`` for stage games.
            reveal_intents: Whether each state observes the others' greed as well.
            signals: Which signals there are: all, none, or those named, as ``("burn",)``; any other counts as silence.
            render_mode: None, ``ansi``, ``rgb_array`` or ``human``.
            **overrides: Parameters that differ from the world's or from ``params``, by name.

        Raises:
            ParameterError: Listing every unknown name and every value outside its range.
        """
        n_states, max_cycles = plain_int(n_states), plain_int(max_cycles)
        faults = game_faults(n_states, max_cycles, stages, war, reveal_intents=reveal_intents, signals=signals)
        if action_mode not in ACTION_MODES:
            faults.append(f"action_mode = {action_mode!r}: {nearest(str(action_mode), ACTION_MODES)}")
        if render_mode is not None and render_mode not in RENDER_MODES:
            faults.append(f"render_mode = {render_mode!r}: {nearest(str(render_mode), RENDER_MODES)}")
        resolved, more = _resolve_params(world, params, overrides, n_states)
        faults = faults + more or outgrown_faults(resolved, n_states, max_cycles)
        if faults:
            raise ParameterError(faults)
        self.params = resolved.cast(np.float32)
        self.n_states, self.max_cycles, self.stages, self.war = n_states, max_cycles, stages, war
        self.action_mode, self.render_mode = action_mode, render_mode
        self.reveal_intents, self.signals = reveal_intents, signals
        self.world = world if params is None else None
        self.possible_agents = [f"state_{k}" for k in range(n_states)]
        self.agents: list[str] = []
        names = self.possible_agents
        self._observation_spaces = {
            name: observation_space(self.params, n_states, stages, max_cycles, reveal_intents=reveal_intents)
            for name in names
        }
        self._action_spaces = {name: action_space(n_states, action_mode) for name in names}
        self.state_space = state_space(self.params, n_states, max_cycles)
        self._masks: dict[tuple[bytes, bytes, int], dict[str, SampleMask]] = {}
        self._in_crisis = False
        self._state: State | None = None
        self._rng: np.random.Generator | None = None
        self._renderer: Renderer | None = None

    def observation_space(self, agent: str) -> spaces.Box:
        """Return the space of the agent's observations, the same object each time."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of the agent's actions, the same object each time."""
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observations, Infos]:
        """Start a new game.

        Args:
            seed: Seed of the generator, a whole number from 0; None goes on with the present one.
            options: ``intents`` (``security_seeker`` or ``greedy``, or 0 and 1), ``offensive``, ``defensive`` and
                ``balance``, each one value or one per state, instead of what is otherwise drawn or zero. Others are
                ignored with a warning.

        Returns:
            Observations (obs_dim,) and infos by agent.

        Raises:
            ValueError: Listing every option that is out of range.
        """
        options = options or {}
        for name in options:
            if name not in START_OPTIONS:
                warnings.warn(f"unknown reset option {name!r} is ignored: {nearest(name, START_OPTIONS)}", stacklevel=2)
        start, faults = resolve_start(options, self.params, (self.n_states,))
        faults += seed_faults(seed)
        if faults:
            raise ValueError("; ".join(faults))
        if seed is not None or self._rng is None:
            self._rng = np.random.default_rng(seed)
        state = initial(self.params, draw_start(self._rng, self.n_states), self.stages, **start)
        self.agents = self.possible_agents[:]
        self._state = state
        infos = self._infos(state)
        self._show(state)
        return dict(zip(self.agents, self._observe(state), strict=True)), infos

    def step(self, actions: dict[str, Any]) -> Step:
        """Play one step.

        Args:
            actions: One action for each agent in ``agents``.

        Returns:
            Observations, rewards, terminations, truncations and infos of every agent that acted.

        Raises:
            ResetNeeded: Before the first reset and after the end of a game.
            ValueError: Naming every agent whose action is missing, not wanted or outside its space.
        """
        before, rng = self._state, self._rng
        if before is None or rng is None or not self.agents:
            raise ResetNeeded("no game is being played: call reset() before step()")
        array = stack_actions(actions, self.agents, self.n_states, self.action_mode)
        arms, continuous = not is_off(self.params.arms_noise), self.action_mode == "continuous"
        draws = draw_step(rng, self.n_states, arms=arms, strike=continuous)
        action = decode(self.params, before, array, draws, self.action_mode, signals=self.signals)
        fought = self._in_crisis and bool(action.strike.any())
        after = advance(self.params, before, action, draws, self.stages, self.war, fought=fought)
        paid = reward(self.params, before, action, after, self.stages, self.war, fought=fought)
        self._state = after
        ended = terminated(after, self.stages).tolist() if fought or self.stages else [False] * self.n_states
        return self._results(after, paid.tolist(), ended)

    def state(self) -> NDArray[np.float32]:
        """Return the true state of the game, intents included, in ``state_space``."""
        return global_state(self._playing())

    def render(self) -> str | NDArray[np.uint8] | None:
        """Return a table (``ansi``) or an image (``rgb_array``), or show the game in a window (``human``).

        Raises:
            DependencyNotInstalled: If pygame is needed and missing.
        """
        if self.render_mode is None:
            warnings.warn("render() without a render_mode shows nothing: give render_mode to the game", stacklevel=2)
            return None
        frame = self._frame(self._playing())
        return self._drawing(self.render_mode).render(frame)

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _playing(self) -> State:
        if self._state is None:
            raise ResetNeeded("no game has been started: call reset() first")
        return self._state

    def _observe(self, state: State) -> NDArray[np.float32]:
        return np.ascontiguousarray(observe(self.params, state, self.stages, reveal_intents=self.reveal_intents))

    def _drawing(self, mode: str) -> Renderer:
        if self._renderer is None:
            self._renderer = Renderer(mode, self.metadata["render_fps"])
        return self._renderer

    def _frame(self, state: State) -> Frame:
        return Frame(self.world or "given parameters", self.params, state, self.max_cycles)

    def _show(self, state: State) -> None:
        """Let a new state be drawn: at once in a window, later as a part of the past."""
        if self.render_mode is not None:
            self._drawing(self.render_mode).watch(self._frame(state))

    def _results(self, state: State, rewards: list[float], ended: list[bool]) -> Step:
        """Turn arrays over all states into dictionaries over the agents that acted, and retire who is done."""
        late = int(state.steps) >= self.max_cycles
        rows = self._observe(state)
        agents = self.agents
        if len(agents) < self.n_states:
            places = [self.possible_agents.index(agent) for agent in agents]
            rows, rewards, ended = rows[places], [rewards[k] for k in places], [ended[k] for k in places]
        observations = dict(zip(agents, rows, strict=True))
        terminations = dict(zip(agents, ended, strict=True))
        truncations = {agent: late and not over for agent, over in terminations.items()}
        infos = self._infos(state)
        self.agents = [] if late else [agent for agent in agents if not terminations[agent]]
        self._show(state)
        return observations, dict(zip(agents, rewards, strict=True)), terminations, truncations, infos

    def _infos(self, state: State) -> Infos:
        """Return the infos of the agents, and note whether anyone is in crisis.

        Masks depend on who is alive, on the crisis and on the stage only, so each is built once.
        """
        alive, crisis = state.alive.tobytes(), state.crisis.tobytes()
        self._in_crisis = any(crisis)
        if self.action_mode == "continuous":
            return {agent: {} for agent in self.agents}
        situation = (alive, crisis, int(state.steps) if self.stages else 0)
        if situation not in self._masks:
            mask = action_mask(state, self.action_mode, self.stages, signals=self.signals)
            rows = zip(self.possible_agents, mask, alive, strict=True)
            self._masks[situation] = {
                agent: sample_mask(row, self.n_states, self.action_mode) for agent, row, lives in rows if lives
            }
        masks = self._masks[situation]
        return {agent: {"action_mask": masks[agent]} if agent in masks else {} for agent in self.agents}


def _resolve_params(
    world: str | None, params: Params | None, overrides: dict[str, Value], n_states: int
) -> tuple[Params, list[str]]:
    """Return the parameters of a game, or every fault of them."""
    try:
        return world_params(world, params, overrides, n_states), []
    except ParameterError as error:
        return Params(), error.faults


parallel_env = SecurityDilemma
