"""Starting a computation, and moving memory: what a machine is made of, and no part of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.native_drills import fork_and_join, stream
from smjax.core.native_library import there
from smjax.core.ops import Shape
from smjax.worker.micro.peaks import arrays_for
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work

_PASS = "smjax_pass"


def make_dispatch(shape: Shape, setup: MicroSetup) -> Work:
    """A number plus one; a number handed on by the library; or its threads, of the kernel, with nothing to do."""
    number = np.int32(7)
    if shape.kind == "empty":
        return Work(lambda x: x + 1, (number,), bytes=8, flops=0, reference=8)
    assert setup.kernel.name == "native", "the one with a library, and with threads in it"
    if shape.kind == "fork":
        return Work(lambda: 0, (), bytes=0, flops=0, reference=0, run_many=fork_and_join)
    jax.ffi.register_ffi_target(_PASS, jax.ffi.pycapsule(getattr(there(), _PASS)), platform="cpu")
    run = jax.ffi.ffi_call(_PASS, jax.ShapeDtypeStruct((), jnp.int32))
    return Work(run, (number,), bytes=8, flops=0, reference=7)


def make_memory(shape: Shape, setup: MicroSetup) -> Work:
    """A working set of so many bytes: gone over by the library's threads, or by programs of XLA's."""
    kind, random = shape.kind, setup.random()
    arrays = arrays_for(kind, shape.elements)
    for array in arrays:
        array[:] = random.standard_normal(len(array), np.float32)
    n_bytes, flops = sum(array.nbytes for array in arrays), 2 * len(arrays[0]) if kind == "triad" else 0
    if setup.kernel.name == "native":
        run_many = partial(_go_over, kind, arrays)
        reference = _moved(kind, *arrays)
        run: Callable[..., Any] = partial(_went_over, run_many, arrays[0])
        return Work(run, (), n_bytes, flops, reference, run_many=run_many, moves_alone=True)
    run, expected = _OF_XLA[kind]
    return Work(run, tuple(arrays[-max(1, len(arrays) - 1) :]), n_bytes, flops, expected, moves_alone=True)


def _go_over(kind: str, arrays: list[np.ndarray], count: int) -> None:
    stream(kind, tuple(array.ctypes.data for array in arrays), len(arrays[0]), count)


def _went_over(run_many: Callable[[int], None], first: np.ndarray) -> np.ndarray:
    run_many(1)
    return first


def _moved(kind: str, a: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What is in `a` afterwards."""
    return a.copy() if kind == "read" else others[0] if kind == "copy" else _triad(*others)


def _triad(b: Any, c: Any) -> Any:
    return b + 3 * c


_OF_XLA: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "read": (jnp.max, np.max),
    "copy": (jnp.negative, np.negative),  # what is copied as it is, is left out
    "triad": (_triad, _triad),
}
"""What a program computes, and what NumPy does."""
