"""What a kernel is: how matrices are laid out, and the steps of a decoder that are computed with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.core.models.config import Activation, DecoderConfig
from smjax.core.records.request import Request
from smjax.worker.kernels.shapes import Array, Float, Float32, Int, Int32

Packed = Any
"""A pytree of arrays in the kernel's own layout: `L` matrices of the same encoding and shape, stacked."""
Matrix = tuple[Packed, ...]
"""One product of the decoder: stacks whose outputs follow each other, one stack for each run of equal encodings."""
HeadNorms = tuple[Any, Any]
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

    @classmethod
    def of(cls, request: Request) -> Setup:
        """For the process that was asked this."""
        resolved = request.resolved
        return cls(
            kernel=resolved.kernel,
            isa=resolved.isa,
            simd=frozenset(resolved.simd),
            threads=resolved.scenario.threads,
            cpus=tuple(request.cpus),
            variants=tuple(request.prepared.get("tune", {}).get("variants", {}).items()),
        )


@partial(jax.tree_util.register_dataclass, data_fields=["weight", "bias"], meta_fields=["eps"])
@dataclass(frozen=True)
class Norm:
    """RMSNorm, or LayerNorm where there is a bias, of every layer of a stack; f32[L, D]."""

    weight: Any
    bias: Any | None
    eps: float


@runtime_checkable
class Kernel(Protocol):
    """Layout and steps; `smjax.worker.kernels.shapes` says what the letters are."""

    name: str
    isa: str
    """Instruction set that it uses."""

    def allocate(self, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
        """NumPy arrays for `n_layers` matrices [n_out, n_in] of one encoding."""

    def fill(self, packed: Packed, layer: int, first_out: int, raw: np.ndarray) -> None:
        """Repack stored rows (uint8, row-major blocks) into `packed`, from output `first_out` of `layer` on."""

    def rows(self, packed: Packed, ids: Int[Array, " T"]) -> Float32[Array, "T I"]:
        """Rows `ids` of the first matrix (an embedding look-up)."""

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
        """activation(norm(x) times the matrix + bias) + residual.

        Norm and bias are the stack's; `layer` picks of all. A gate makes D = O/2 of gate and up, otherwise D = O. One
        column (T = 1) never unpacks the matrix, more may unpack the one.
        """

    def argmax(self, matrix: Matrix, x: Float[Array, "1 I"], norm: Norm) -> Int32[Array, ""]:
        """The first index of the largest output for norm(x)."""

    def empty_cache(self, config: DecoderConfig, ctx: int, dtype: str) -> Cache:
        """Zeros for `ctx` tokens: slots that were never written are multiplied by zero, and must be finite."""

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
        """Attended values [T, N*H] for `qkv`, [T, (N+2K)*H], at positions from `start` on, and the cache with them.

        `rotation`: cosines and sines of RoPE, [T, 2, R/2] of the R elements of a head that are turned. `norms`:
        weights of queries and keys, f32[L, H] for all heads or f32[L, N*H] and f32[L, K*H].
        """
