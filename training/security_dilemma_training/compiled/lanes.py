"""Lanes of one program: side by side on an accelerator, one after the other on a processor.

On a processor batched products of small matrices are slower than plain ones, and the arrays of one lane fit into its
cache. There the program is compiled once for any number of lanes, and what a lane learns is the same to the bit,
whichever lanes are beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from security_dilemma.params import PARAMETERS, Params
from security_dilemma_training.batches import shape_of
from security_dilemma_training.compiled.program import Lane, Program, Told
from security_dilemma_training.config import RunConfig

__all__ = ["Compiled", "Lanes", "OneByOne", "SideBySide", "compiled", "lanes_of"]

MOST_KEPT = 4
"""Programs whose compilations a process keeps."""

_COMPILED: dict[str, Compiled] = {}


class Compiled:
    """A program with its compilations, which are made when they are first needed and kept.

    Attributes:
        program: The program.
        shape: Shapes and types of a lane.
    """

    def __init__(self, config: RunConfig) -> None:
        """Take what shapes the program from a config."""
        self.program = Program(config)
        self.begin, self.update = jax.jit(self.program.begin), jax.jit(self.program.update, donate_argnums=0)
        self.update_all = jax.jit(jax.vmap(self.program.update), donate_argnums=0)
        self.shape: Lane = jax.eval_shape(self.program.begin, np.uint32(0), _as_data(config))

    def begun_with(self, weights: Any, config: RunConfig, seed: int) -> Lane:
        """Return a lane that begins as any other of its config and seed, but with given weights.

        Args:
            weights: Of the network, in the layout of ``shape.weights``.
            config: With the lane's parameters.
            seed: The seed of the run.
        """
        lane: Lane = self.begin(np.uint32(seed), _as_data(config))
        return lane._replace(weights=weights)


def compiled(config: RunConfig) -> Compiled:
    """Return the compiled program of a config; within a process it is the same for all configs of one shape."""
    shape = shape_of(config)
    if shape not in _COMPILED:
        if len(_COMPILED) == MOST_KEPT:
            _COMPILED.pop(next(iter(_COMPILED)))
        _COMPILED[shape] = Compiled(config)
    return _COMPILED[shape]


class Lanes(ABC):
    """Runs that learn side by side; all have made the same number of updates."""

    @abstractmethod
    def update(self) -> list[Told]:
        """Make an update of every lane, and return what each tells, as arrays of the host."""

    @abstractmethod
    def kept(self) -> list[Lane]:
        """Return every lane, as arrays of the host."""


class OneByOne(Lanes):
    """Lanes that are updated one after the other."""

    def __init__(self, compiled: Compiled, configs: Sequence[RunConfig], starts: Sequence[Lane | int]) -> None:
        """Begin.

        Args:
            compiled: The program.
            configs: Of each lane, with its parameters.
            starts: What each lane goes on from, or the seed with which it begins.
        """
        self._update, self._params = compiled.update, [_as_data(config) for config in configs]
        self._lanes = _begun(compiled, self._params, starts)

    def update(self) -> list[Told]:
        """Make an update, see :meth:`Lanes.update`."""
        made = [self._update(lane, params) for lane, params in zip(self._lanes, self._params, strict=True)]
        self._lanes = [lane for lane, _ in made]
        return [jax.device_get(told) for _, told in made]

    def kept(self) -> list[Lane]:
        """Return every lane, see :meth:`Lanes.kept`."""
        return [_of_host(lane) for lane in self._lanes]


class SideBySide(Lanes):
    """Lanes that are updated together, as one program over all of them."""

    def __init__(self, compiled: Compiled, configs: Sequence[RunConfig], starts: Sequence[Lane | int]) -> None:
        """Begin, see :class:`OneByOne`."""
        self._update, self._count = compiled.update_all, len(configs)
        params = [_as_data(config) for config in configs]
        self._params, self._lanes = _stacked(params), _stacked(_begun(compiled, params, starts))

    def update(self) -> list[Told]:
        """Make an update, see :meth:`Lanes.update`."""
        self._lanes, told = self._update(self._lanes, self._params)
        return self._parted(told)

    def kept(self) -> list[Lane]:
        """Return every lane, see :meth:`Lanes.kept`."""
        return self._parted(self._lanes)

    def _parted(self, every: Any) -> list[Any]:
        found = _of_host(every)
        return [jax.tree.map(lambda x, place=place: np.asarray(x[place]), found) for place in range(self._count)]


def lanes_of(compiled: Compiled, configs: Sequence[RunConfig], starts: Sequence[Lane | int]) -> Lanes:
    """Return lanes as suits the device that is computed on, see :class:`OneByOne`."""
    kind = OneByOne if jax.default_backend() == "cpu" else SideBySide
    return kind(compiled, configs, starts)


def _begun(compiled: Compiled, params: Sequence[Params], starts: Sequence[Lane | int]) -> list[Lane]:
    """Return where lanes stand; those that begin do so one by one.

    Together their orthogonal weights are a batch of QR decompositions, for which JAX 0.10 on a processor may wait for
    ever: each holds a thread while it waits for others, of which there are no more than cores.
    """
    return [
        compiled.begin(np.uint32(start), own) if isinstance(start, int) else start
        for start, own in zip(starts, params, strict=True)
    ]


def _of_host(tree: Any) -> Any:
    return jax.tree.map(np.asarray, jax.device_get(tree))


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _as_data(config: RunConfig) -> Params:
    """The parameters of a config as arrays."""
    params = config.resolved_params()
    values = {name: getattr(params, name) for name in PARAMETERS}
    return Params(**{name: None if value is None else np.asarray(value, np.float32) for name, value in values.items()})
