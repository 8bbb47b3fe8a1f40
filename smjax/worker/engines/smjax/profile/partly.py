"""The `xla` kernel with some parts of a step left out, so that programs with and without a part can be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from smjax.core.models.config import Activation, DecoderConfig, is_gated
from smjax.worker.kernels import HeadNorms, Matrix, Norm, Setup
from smjax.worker.kernels.xla.cache import Cache
from smjax.worker.kernels.xla.elementwise import first_best, normalise
from smjax.worker.kernels.xla.kernel import XlaKernel
from smjax.worker.kernels.xla.layouts import Packed

ORDER = ("embedding", "norm", "qkv", "rope", "attention", "output", "feed-forward", "head", "choice")
"""Parts in the order in which programs have one more of them."""


class Partly(XlaKernel):
    """Does `parts` alone. What stands in for another part takes all of its input, and next to no time."""

    def __init__(self, setup: Setup, parts: frozenset[str]) -> None:
        super().__init__(setup)
        self.parts = parts
        self._next: Iterator[str] = iter(())
        """The products that follow attention in a layer; the one before it is that of queries, keys and values."""

    def rows(self, packed: Packed, ids: jax.Array) -> jax.Array:
        if "embedding" in self.parts:
            return super().rows(packed, ids)
        return _stand_in(ids.astype(jnp.float32)[:, None], packed.n_in)

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
        part = next(self._next, "qkv")
        x = self._normed(norm, layer, x)
        if part in self.parts:
            return super().product(matrix, layer, x, bias=bias, residual=residual, activation=activation)
        n_out = sum(packed.n_out for packed in matrix) // (2 if is_gated(activation) else 1)
        y = _stand_in(x, n_out)
        return y if residual is None else residual + y

    def attend(
        self,
        config: DecoderConfig,
        cache: Cache,
        layer: jax.Array,
        qkv: jax.Array,
        start: jax.Array,
        rotation: jax.Array | None,
        norms: HeadNorms | None,
    ) -> tuple[jax.Array, Cache]:
        self._next = iter(("output", "feed-forward", "feed-forward"))
        if "rope" in self.parts:
            q, cache = self.turn(config, cache, layer, qkv, start, rotation, norms)
        else:
            q = _stand_in(qkv, config.n_heads * config.head_dim).reshape(
                len(qkv), config.n_kv_heads, -1, config.head_dim
            )
        if "attention" in self.parts:
            return self.look_back(config, cache, layer, q, start), cache
        return _stand_in(q.reshape(len(q), -1), config.n_heads * config.head_dim), cache

    def argmax(self, matrix: Matrix, x: jax.Array, norm: Norm) -> jax.Array:
        (packed,) = matrix
        x = self._normed(norm, jnp.int32(0), x)
        if "head" in self.parts:
            scores = super().product(matrix, jnp.int32(0), x)[0]
        else:
            scores = _stand_in(x, packed.n_out if "choice" in self.parts else 1)[0]
        return first_best(scores) if "choice" in self.parts else lax.optimization_barrier(scores)[0].astype(jnp.int32)

    def _normed(self, norm: Norm | None, layer: jax.Array, x: jax.Array) -> jax.Array:
        if norm is None:
            return x
        return normalise(norm, layer, x) if "norm" in self.parts else _stand_in(x, x.shape[-1])


def _stand_in(x: jax.Array, size: int) -> jax.Array:
    """[T, size] of `x`, [T, _], all of which has to be there first; small, as sums over layers grow without norms."""
    whole: Any = lax.optimization_barrier(x)
    if x.shape[-1] < size:
        whole = jnp.tile(whole, (1, -(-size // x.shape[-1])))
    return jnp.clip(whole[:, :size], -1, 1)
