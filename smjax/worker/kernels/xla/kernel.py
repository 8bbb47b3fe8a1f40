"""The steps of a decoder as XLA compiles them itself."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.core.models.config import Activation, DecoderConfig
from smjax.worker.kernels.interface import HeadNorms, Matrix, Norm, Setup
from smjax.worker.kernels.shapes import Array, Float, Float32, Int, Int32
from smjax.worker.kernels.xla.attention import attend_many, attend_one
from smjax.worker.kernels.xla.cache import Cache, empty_cache
from smjax.worker.kernels.xla.elementwise import finish, first_best, normalise, normalise_heads, pick, rotate
from smjax.worker.kernels.xla.layouts import Packed, allocate
from smjax.worker.kernels.xla.products import look_up, matvec, unpack
from smjax.worker.kernels.xla.variants import streams_for


class XlaKernel:
    """See `smjax.worker.kernels.interface.Kernel`."""

    name = "xla"

    def __init__(self, setup: Setup) -> None:
        self.isa = setup.isa
        self.variants: dict[str, str] = dict(setup.variants)
        # XLA's bf16 GEMM is the faster one only where the CPU multiplies bf16; elsewhere it converts in software.
        fast_bf16 = bool({"avx512_bf16", "amx_bf16"} & setup.simd)
        self.matmul_dtype = jnp.bfloat16 if fast_bf16 else jnp.float32

    def allocate(self, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
        return allocate(encoding, n_layers, n_out, n_in)

    def fill(self, packed: Packed, layer: int, first_out: int, raw: np.ndarray) -> None:
        assert 0 <= first_out <= first_out + len(raw) // packed.encoding.row_bytes(packed.n_in) <= packed.n_out
        packed.fill(layer, first_out, raw)

    def rows(self, packed: Packed, ids: Int[Array, " T"]) -> Float32[Array, "T I"]:
        return look_up(packed, ids)

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
        if norm is not None:
            x = normalise(norm, layer, x)
        if len(x) == 1:
            parts = [self.matvec(packed, layer, x[0])[None] for packed in matrix]
        else:
            parts = [self.matmul(packed, layer, x) for packed in matrix]
        y = parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=-1)
        return finish(y, layer, bias, residual, activation)

    def matvec(self, packed: Packed, layer: Int[Array, ""], x: Float[Array, " I"]) -> Float32[Array, " O"]:
        """The matrix of `layer` times `x`; never unpacks the matrix."""
        return matvec(packed, layer, x, streams_for(packed, self.variants))

    def matmul(self, packed: Packed, layer: Int[Array, ""], x: Float[Array, "T I"]) -> Float32[Array, "T O"]:
        """The matrix of `layer` times each of `x`; unpacks the one matrix."""
        weights = unpack(packed, layer, self.matmul_dtype, ready=~jnp.isnan(x[0, 0]))
        return jnp.dot(x.astype(self.matmul_dtype), weights, preferred_element_type=jnp.float32)[:, : packed.n_out]

    def argmax(self, matrix: Matrix, x: Float[Array, "1 I"], norm: Norm) -> Int32[Array, ""]:
        return first_best(self.product(matrix, jnp.int32(0), x, norm=norm)[0])

    def empty_cache(self, config: DecoderConfig, ctx: int, dtype: str) -> Cache:
        return empty_cache(config, ctx, dtype)

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
        q, cache = self.turn(config, cache, layer, qkv, start, rotation, norms)
        return self.look_back(config, cache, layer, q, start), cache

    def turn(
        self,
        config: DecoderConfig,
        cache: Cache,
        layer: Int[Array, ""],
        qkv: Float[Array, "T _"],
        start: Int[Array, ""],
        rotation: Float[Array, "T 2 _"] | None,
        norms: HeadNorms | None,
    ) -> tuple[Float[Array, "T K G H"], Cache]:
        """The queries as attention takes them, and the cache with the keys and values."""
        n_kv, head = config.n_kv_heads, config.head_dim
        q, k, v = jnp.split(qkv.reshape(len(qkv), -1, head), [config.n_heads, config.n_heads + n_kv], axis=1)
        if norms is not None:
            weights = (pick(weight, layer) for weight in norms)
            q, k = (
                normalise_heads(x, weight, config.head_norm, config.norm_eps)
                for x, weight in zip((q, k), weights, strict=True)
            )
        if rotation is not None:
            q, k = (rotate(x, rotation, config.rope_pairs) for x in (q, k))
        return (q * config.query_scale).reshape(len(q), n_kv, -1, head), cache.write(layer, start, k, v)

    def look_back(
        self,
        config: DecoderConfig,
        cache: Cache,
        layer: Int[Array, ""],
        q: Float[Array, "T K G H"],
        start: Int[Array, ""],
    ) -> Float[Array, "T _"]:
        """Attended values [T, N*H] of queries that were turned."""
        window = jnp.asarray(config.windows, jnp.int32)[layer] if config.windows else jnp.int32(config.ctx_train)
        if len(q) == 1:
            return attend_one(cache, layer, q[0], start, window, config.score_cap).reshape(1, -1)
        return attend_many(cache, layer, q, start, window, config.score_cap).reshape(len(q), -1)
