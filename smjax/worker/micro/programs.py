"""The two programs of an op: one call, and as many calls as one likes in a loop.

What a program is not told, it has to read: inputs are arguments. What it returns it has to compute: the loop carries
the whole output on. And nothing is computed before the loop, as inputs come out of a barrier that waits for the loop's
counter; that goes on to the next round through the same barrier, so that no pass may leave either out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.worker.engines.smjax.compilation import compile_program
from smjax.worker.micro.work import Work

COUNTER = 256
"""Numbers that the loop's counter consists of, all the same: XLA compiles a loop over less than 1 KB to one function,
from which LLVM moves the work out or leaves it away. Counting so takes 0.04 µs a round."""
Flat = Callable[..., list[jax.Array]]
"""A work's function of arrays without the trees that they are in: taking these apart costs a call 2 µs."""


@dataclass
class Programs:
    """An op as it is called from Python, with its inputs where it reads them."""

    work: Work
    call: jax.stages.Compiled
    loop: jax.stages.Compiled
    arrays: list[jax.Array]
    n_in_place: int
    counts: dict[int, jax.Array] = field(default_factory=dict)
    """Kept where programs read them: handing a number over takes 25 µs."""

    @classmethod
    def of(cls, work: Work) -> Programs:
        """Compiled, one after the other."""
        arrays = [_on_device(leaf) for leaf in jax.tree.leaves(work.inputs)]
        n = len(jax.tree.leaves(work.inputs[: work.in_place]))
        arrays[:n] = [jnp.array(array, copy=True) for array in arrays[:n]]  # given away, and NumPy's may not be
        flat = flattened(work)
        outputs = outputs_of(flat, arrays, n)
        call = compile_program(flat, *arrays, donate=tuple(range(n)))
        loop = compile_program(looped(flat, n, outputs), np.int32(1), *arrays, donate=tuple(range(1, n + 1)))
        return cls(work, call, loop, arrays, n)

    def once(self) -> list[np.ndarray]:
        """All outputs of one call."""
        return [np.array(array) for array in self._keep(self.call(*self.arrays))]

    def calls(self, count: int) -> None:
        """So many, each waited for."""
        call, arrays = self.call, self.arrays
        if self.n_in_place:
            for _ in range(count):
                self._keep(call(*arrays))[-1].block_until_ready()
            return
        for _ in range(count):
            call(*arrays)[-1].block_until_ready()

    def rounds(self, count: int) -> None:
        """So many calls in one program."""
        if count not in self.counts:
            self.counts[count] = jax.device_put(np.int32(count))
        self._keep(self.loop(self.counts[count], *self.arrays))[-1].block_until_ready()

    @property
    def temp_bytes(self) -> int | None:
        """What one call takes beside its inputs and outputs."""
        analysis = self.call.memory_analysis()
        return None if analysis is None else int(analysis.temp_size_in_bytes)

    def _keep(self, outputs: list[jax.Array]) -> list[jax.Array]:
        """The first outputs as the inputs that they replace: what was given away is no more."""
        self.arrays[: self.n_in_place] = outputs[: self.n_in_place]
        return outputs


def flattened(work: Work) -> Flat:
    """The work's function from a list of arrays to a list of arrays."""
    structure = jax.tree.structure(work.inputs)

    def flat(*arrays: Any) -> list[jax.Array]:
        return [jnp.asarray(leaf) for leaf in jax.tree.leaves(work.run(*jax.tree.unflatten(structure, arrays)))]

    return flat


def looped(flat: Flat, n_in_place: int, shapes: Sequence[jax.ShapeDtypeStruct]) -> Callable[..., list[jax.Array]]:
    """`count` calls, each after the other; the outputs, of these shapes, of the last. Without any they are zeros."""

    def loop(count: jax.Array, *arrays: jax.Array) -> list[jax.Array]:
        outputs = [*arrays[:n_in_place], *(jnp.zeros(shape.shape, shape.dtype) for shape in shapes[n_in_place:])]
        fixed = arrays[n_in_place:]

        def step(carry: tuple[jax.Array, list[jax.Array]]) -> tuple[jax.Array, list[jax.Array]]:
            done, before = carry
            inputs, done = lax.optimization_barrier(((*before[:n_in_place], *fixed), done))
            return done + 1, flat(*inputs)

        return lax.while_loop(lambda carry: carry[0][0] < count, step, (jnp.zeros(COUNTER, jnp.int32), outputs))[1]

    return loop


def outputs_of(flat: Flat, arrays: Sequence[jax.Array], n_in_place: int) -> list[jax.ShapeDtypeStruct]:
    """Shapes of its outputs; asked once, as following a product's function takes a tenth of what compiling it does.

    Raises ValueError where the first cannot take the place of the first inputs, or there are none.
    """
    outputs = jax.eval_shape(flat, *arrays)
    if not outputs:
        raise ValueError("run: expected arrays, found that it returns none")
    for given, returned in zip(arrays[:n_in_place], outputs, strict=False):
        if (given.shape, given.dtype) != (returned.shape, returned.dtype):
            raise ValueError(
                f"run: expected {given.dtype}{list(given.shape)} in the place of an input, "
                f"found {returned.dtype}{list(returned.shape)}"
            )
    return outputs


def _on_device(leaf: Any) -> jax.Array:
    """As JAX has it: a float64 of NumPy's would be rounded unseen."""
    array = np.asarray(leaf) if not isinstance(leaf, jax.Array) else leaf
    placed = jax.device_put(array)
    if placed.dtype != array.dtype:
        raise ValueError(
            f"inputs: expected types that JAX keeps, found {array.dtype}; convert them to {placed.dtype} first"
        )
    return placed
