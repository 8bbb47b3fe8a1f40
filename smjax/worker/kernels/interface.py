"""What a kernel is: how matrices are laid out, and the steps of a decoder that are computed with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.core.models.config import Activation, DecoderConfig

Packed = Any
"""A pytree of arrays in the kernel's own layout: `L` matrices of the same encoding and shape, stacked."""
Matrix = tuple[Packed, ...]
"""One product of the decoder: stacks whose outputs follow each other, one stack for each run of equal encodings."""
Cache = Any
"""A pytree of arrays: keys and values of all layers in the kernel's own layout."""


@dataclass(frozen=True)
class Setup:
    """What a kernel has to work with."""

    kernel: str = "xla"
    isa: str = "auto"
    """Instruction set that it may use, or `auto` for the best."""
    simd: frozenset[str] = frozenset()
    """The CPU's features, as far as `isa` allows them."""
    threads: int = 1
    cpus: tuple[int, ...] = ()
    """Where threads are pinned, one each; fewer than threads where they have to share."""
    variants: tuple[tuple[str, str], ...] = ()
    """Shapes and the variants of products that were the fastest for them, where that was measured."""


@partial(jax.tree_util.register_dataclass, data_fields=["weight", "bias"], meta_fields=["eps"])
@dataclass(frozen=True)
class Norm:
    """RMSNorm, or LayerNorm where there is a bias, of every layer of a stack; f32[L, D]."""

    weight: Any
    bias: Any | None
    eps: float


class Kernel(Protocol):
    """Layout and steps. Shapes: L layers, N outputs, K inputs, T query positions."""

    name: str
    isa: str
    """Instruction set that it uses."""

    def allocate(self, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
        """NumPy arrays for `n_layers` matrices [n_out, n_in] of one encoding."""

    def fill(self, packed: Packed, layer: int, first_out: int, raw: np.ndarray) -> None:
        """Repack stored rows (uint8, row-major blocks) into `packed`, from output `first_out` of `layer` on."""

    def rows(self, packed: Packed, ids: jax.Array) -> jax.Array:
        """f32[T, K]: rows `ids`, int32[T], of the first matrix (an embedding look-up)."""

    def product(
        self,
        matrix: Matrix,
        layer: jax.Array,
        x: jax.Array,
        *,
        norm: Norm | None = None,
        bias: jax.Array | None = None,
        residual: jax.Array | None = None,
        activation: Activation | None = None,
    ) -> jax.Array:
        """f32[T, N] = activation(norm(x) times the matrix + bias) + residual, for `x`, f32[T, K].

        Norm and bias, f32[L, N], are the stack's; `layer` picks of all. SwiGLU makes [T, N/2] of gate and up. One
        column (T = 1) never unpacks the matrix, more may unpack the one.
        """

    def argmax(self, matrix: Matrix, x: jax.Array, norm: Norm) -> jax.Array:
        """int32[]: the first index of the largest output for norm(x), `x` f32[1, K]."""

    def empty_cache(self, config: DecoderConfig, ctx: int, dtype: str) -> Cache:
        """Zeros for `ctx` tokens: slots that were never written are multiplied by zero, and must be finite."""

    def attend(
        self,
        config: DecoderConfig,
        cache: Cache,
        layer: jax.Array,
        qkv: jax.Array,
        start: jax.Array,
        rotation: jax.Array | None,
    ) -> tuple[jax.Array, Cache]:
        """Attended values [T, N*H] for `qkv`, [T, (N+2K)*H], at positions from `start` on, and the cache with them.

        `rotation`: cosines and sines of RoPE, f32[T, 2, H/2]. Here N counts query heads, K KV heads, H their size.
        """
