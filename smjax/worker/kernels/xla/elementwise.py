"""What surrounds the products, in plain JAX: norms, activations, RoPE, the choice of a token."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from smjax.core.models.config import Activation
from smjax.worker.kernels.interface import Norm
from smjax.worker.kernels.shapes import Array, Float, Int, Int32


def normalise(norm: Norm, layer: Int[Array, ""], x: Float[Array, "T D"]) -> Float[Array, "T D"]:
    """RMSNorm, or LayerNorm where there is a bias."""
    if norm.bias is not None:
        x = x - jnp.mean(x, axis=-1, keepdims=True)
    mean_square = jnp.einsum("td,td->t", x, x)[:, None] / x.shape[-1]
    normed = x * lax.rsqrt(mean_square + norm.eps) * pick(norm.weight, layer)
    return normed if norm.bias is None else normed + pick(norm.bias, layer)


def finish(
    y: Float[Array, "T O"],
    layer: Int[Array, ""],
    bias: Float[Array, "L O"] | None,
    residual: Float[Array, "T D"] | None,
    activation: Activation | None,
) -> Float[Array, "T D"]:
    """activation(y + bias) + residual; D is O, or O/2 for SwiGLU of gate and up."""
    if bias is not None:
        y += pick(bias, layer)
    if activation == "gelu":
        y = jax.nn.gelu(y, approximate=True)
    elif activation == "swiglu":
        gate, up = jnp.split(y, 2, axis=-1)
        y = jax.nn.silu(gate) * up
    return y if residual is None else y + residual


def rotate(x: Float[Array, "T N H"], rotation: Float[Array, "T 2 _"]) -> Float[Array, "T N H"]:
    """RoPE on adjacent pairs of elements; `rotation` is [T, 2, H/2]."""
    cos, sin = rotation[:, 0][:, None], rotation[:, 1][:, None]
    even, odd = x[..., ::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def first_best(scores: Float[Array, " V"]) -> Int32[Array, ""]:
    """The first index of the largest of `scores`.

    `argmax` compiles to scalar code on CPUs: 237 µs for 50,257 scores, against 37 µs for this. The index is a float,
    exact below 2^24, as floats are what XLA reduces with vectors.
    """
    index = jnp.arange(len(scores), dtype=jnp.float32)
    return jnp.min(jnp.where(scores == jnp.max(scores), index, len(scores) - 1)).astype(jnp.int32)


def pick(stack: jax.Array, layer: jax.Array) -> jax.Array:
    """One layer of `stack`."""
    return lax.dynamic_index_in_dim(stack, layer, 0, keepdims=False)
