"""The `native` kernel: the steps of a decoder as calls of smjax's own library inside the XLA program.

The library (`native/` in the repository) has the layouts, the arithmetic and the threads; docs/kernel.md explains them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core import native_library
from smjax.core.gguf.encodings import Encoding
from smjax.core.models.config import Activation, DecoderConfig, is_gated
from smjax.worker.kernels.interface import HeadNorms, Matrix, Norm, Setup
from smjax.worker.kernels.shapes import Array, Float, Float32, Int, Int32
from smjax.worker.kernels.xla.elementwise import finish
from smjax.worker.kernels.xla.layouts import empty_aligned

Cache = jax.Array
"""[2, L, K, S/16, H, 16]: keys and values in pages of 16 slots."""
_PAGE = 16
_PANEL = 16
_ACTIVATIONS = {None: 0, "swiglu": 1, "gelu": 2, "geglu": 3}
_HEAD_NORMS = {"none": 0, "rms": 1, "layer": 2, "whole": 3}
_TARGETS = ("smjax_multiply", "smjax_argmax", "smjax_attend", "smjax_look_up")
_NONE = np.zeros((0, 0), np.float32)


@partial(jax.tree_util.register_dataclass, data_fields=["data"], meta_fields=["encoding", "n_out", "n_in"])
@dataclass(frozen=True)
class Panels:
    """Stacked matrices in the library's layout, uint8[L, bytes]."""

    data: Any
    encoding: Encoding
    n_out: int
    n_in: int

    def numbers(self, norm: int = 0, activation: int = 0, present: int = 0) -> np.ndarray:
        """What a handler is told of a product: one attribute, as each costs a look-up in every call."""
        encoding = native_library.encodings()[self.encoding.name]
        return np.array([encoding, self.n_out, self.n_in, norm, activation, present], np.int64)


class NativeKernel:
    """See `smjax.worker.kernels.interface.Kernel`."""

    name = "native"

    def __init__(self, setup: Setup) -> None:
        loaded = native_library.library()
        assert loaded is not None, "checked when the kernel was chosen"
        native_library.start(setup.isa, setup.cpus, setup.threads)
        self.isa = setup.isa if setup.isa != "auto" else native_library.isas()[0]
        for name in _TARGETS:
            jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(loaded, name)), platform="cpu")

    def allocate(self, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Panels:
        n_bytes = native_library.matrix_bytes(encoding.name, n_out, n_in)
        data = empty_aligned((n_layers, n_bytes), np.dtype(np.uint8))
        if n_out % _PANEL:
            data[:] = 0  # the last panel has fewer outputs than room
        return Panels(data, encoding, n_out, n_in)

    def fill(self, packed: Panels, layer: int, first_out: int, raw: np.ndarray) -> None:
        raw = np.ascontiguousarray(raw)
        n_rows = raw.nbytes // packed.encoding.row_bytes(packed.n_in)
        encoding, n_out, n_in = packed.encoding.name, packed.n_out, packed.n_in
        rows, matrix = ((array.ctypes.data, array.nbytes) for array in (raw, packed.data[layer]))
        native_library.pack(encoding, n_out, n_in, rows, n_rows, first_out, matrix)

    def rows(self, packed: Panels, ids: Int[Array, " T"]) -> Float32[Array, "T I"]:
        result = jax.ShapeDtypeStruct((len(ids), packed.n_in), jnp.float32)
        return jax.ffi.ffi_call("smjax_look_up", result)(packed.data, ids, matmul=packed.numbers())

    def product(
        self,
        matrix: Matrix,
        layer: Int[Array, ""],
        x: Float[Array, "T I"],
        *,
        norm: Norm | None = None,
        bias: Float[Array, "L O"] | None = None,
        residual: Float[Array, "T D"] | None = None,
        activation: Activation | None = None,
    ) -> Float32[Array, "T D"]:
        n_out = sum(part.n_out for part in matrix)
        halves_of_panels = n_out % (2 * _PANEL) == 0 and bias is None
        if len(matrix) == 1 and (not is_gated(activation) or halves_of_panels):
            return _multiply(matrix[0], layer, x, norm, bias, residual, activation)
        parts = [_multiply(part, layer, x, norm, None, None, None) for part in matrix]
        return finish(jnp.concatenate(parts, axis=-1), layer, bias, residual, activation)

    def argmax(self, matrix: Matrix, x: Float[Array, "1 I"], norm: Norm) -> Int32[Array, ""]:
        (packed,) = matrix
        return _call("smjax_argmax", jax.ShapeDtypeStruct((), jnp.int32), packed, jnp.int32(0), x, norm)

    def empty_cache(self, config: DecoderConfig, ctx: int, dtype: str) -> Cache:
        pages = -(-ctx // _PAGE)
        return jnp.zeros((2, config.n_layers, config.n_kv_heads, pages, config.head_dim, _PAGE), dtype)

    def attend(
        self,
        config: DecoderConfig,
        cache: Cache,
        layer: Int[Array, ""],
        qkv: Float[Array, "T _"],
        start: Int[Array, ""],
        rotation: Float[Array, "T 2 _"] | None,
        norms: HeadNorms | None,
    ) -> tuple[Float[Array, "T _"], Cache]:
        out = jax.ShapeDtypeStruct((len(qkv), config.n_heads * config.head_dim), jnp.float32)
        whole = jax.ShapeDtypeStruct(cache.shape, cache.dtype)
        call = jax.ffi.ffi_call("smjax_attend", (whole, out), input_output_aliases={0: 0})
        cache, attended = call(
            cache,
            layer,
            qkv,
            start,
            _NONE if rotation is None else rotation,
            *(norms or (_NONE, _NONE)),
            reals=np.array([config.query_scale, config.score_cap, config.norm_eps], np.float32),
            kinds=np.array([_HEAD_NORMS[config.head_norm], config.rope_pairs == "halves"], np.int32),
            windows=np.array(config.windows or [config.ctx_train] * config.n_layers, np.int32),
        )
        return attended, cache


def make(setup: Setup) -> NativeKernel:
    """The kernel, with the library's threads started."""
    return NativeKernel(setup)


def _multiply(
    packed: Panels,
    layer: jax.Array,
    x: jax.Array,
    norm: Norm | None,
    bias: jax.Array | None,
    residual: jax.Array | None,
    activation: Activation | None,
) -> jax.Array:
    n_y = packed.n_out // 2 if is_gated(activation) else packed.n_out
    result = jax.ShapeDtypeStruct((len(x), n_y), jnp.float32)
    return _call("smjax_multiply", result, packed, layer, x, norm, bias, residual, activation)


def _call(
    target: str,
    result: jax.ShapeDtypeStruct,
    packed: Panels,
    layer: jax.Array,
    x: jax.Array,
    norm: Norm | None,
    bias: jax.Array | None = None,
    residual: jax.Array | None = None,
    activation: Activation | None = None,
) -> jax.Array:
    kind = 0 if norm is None else 1 if norm.bias is None else 2
    optional = [norm and norm.weight, norm and norm.bias, bias, residual]
    present = sum(1 << i for i, array in enumerate(optional) if array is not None)
    return jax.ffi.ffi_call(target, result)(
        packed.data,
        layer,
        x,
        *(array for array in optional if array is not None),
        matmul=packed.numbers(kind, _ACTIVATIONS[activation], present),
        eps=np.float32(0 if norm is None else norm.eps),
    )
