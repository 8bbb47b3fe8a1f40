"""The steps of a decoder in float64 NumPy, written to be read: what ops are checked against before they are timed.

Letters: T query positions, S slots that the newest of them sees, N query heads, K KV heads, H head size, R elements of
a head that are turned, D embedding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from smjax.core.models.config import DecoderConfig, HeadNorm, Pairs, Rope, is_gated, products

Tensors = Mapping[str, np.ndarray]
"""float64 of a layer's tensors by their names without `blk.N.`, and of those of RoPE's factors."""


def normalised(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, eps: float) -> np.ndarray:
    """RMSNorm along the last axis, or LayerNorm where there is a bias."""
    x = x.astype(np.float64)
    if bias is not None:
        x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) * weight + (0.0 if bias is None else bias)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def turned(x: np.ndarray, angles: np.ndarray, pairs: Pairs, size: float = 1.0) -> np.ndarray:
    """RoPE of [T, heads, H] by `angles`, radians [T, R/2], times `size`."""
    n = 2 * angles.shape[-1]
    one, other = (slice(0, n, 2), slice(1, n, 2)) if pairs == "adjacent" else (slice(n // 2), slice(n // 2, n))
    both, out = (x[..., one] + 1j * x[..., other]) * (size * np.exp(1j * angles))[:, None, :], x.astype(np.float64)
    out[..., one], out[..., other] = both.real, both.imag
    return out


def attended(
    q: np.ndarray, keys: np.ndarray, values: np.ndarray, window: int | None = None, cap: float = 0.0
) -> np.ndarray:
    """[T, N*H] of queries [T, N, H], already scaled, the newest of the positions of keys and values [S, K, H].

    One head after the other, so that a long context takes little memory.
    """
    n_queries, n_heads, _ = q.shape
    n_slots, n_kv, _ = keys.shape
    slot, position = np.ogrid[:n_slots], np.arange(n_slots - n_queries, n_slots)[:, None]
    visible = (slot <= position) & (slot > position - (n_slots if window is None else window))
    out = np.empty(q.shape)
    for head in range(n_heads):
        of_kv = head * n_kv // n_heads
        scores = q[:, head] @ keys[:, of_kv].T
        scores = cap * np.tanh(scores / cap) if cap else scores
        out[:, head] = softmax(np.where(visible, scores, -np.inf)) @ values[:, of_kv]
    return out.reshape(n_queries, -1)


def first_layer(
    config: DecoderConfig, tensors: Tensors, x: np.ndarray, keys: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """What the first layer of a decoder makes of `x`, [T, D], behind the positions of keys and values [S - T, K, H]."""

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        weight = tensors.get(f"{name}.weight")
        return x if weight is None else normalised(x, weight, tensors.get(f"{name}.bias"), config.norm_eps)

    normed = norm("attn_norm", x)
    outputs = _product(config, tensors, "attn_output", _attention(config, tensors, normed, keys, values))
    middle = x + config.residual_scale * norm("post_attention_norm", outputs)
    inner = _activated(
        config, _product(config, tensors, "ffn_in", normed if config.parallel else norm("ffn_norm", middle))
    )
    outputs = _product(config, tensors, "ffn_down", inner)
    return middle + config.residual_scale * norm("post_ffw_norm", outputs)


def _product(config: DecoderConfig, tensors: Tensors, name: str, x: np.ndarray) -> np.ndarray:
    """Of all matrices that the product joins."""
    outputs = []
    for part in products(config)[name]:
        outputs.append(x @ tensors[f"{part}.weight"].T + tensors.get(f"{part}.bias", 0.0))
    return np.concatenate(outputs, axis=-1)


def _attention(
    config: DecoderConfig, tensors: Tensors, x: np.ndarray, keys: np.ndarray, values: np.ndarray
) -> np.ndarray:
    heads = _product(config, tensors, "qkv", x).reshape(len(x), -1, config.head_dim)
    q, k, v = np.split(heads, [config.n_heads, config.n_heads + config.n_kv_heads], axis=1)
    q = _heads_normalised(config, q, tensors.get("attn_q_norm.weight"))
    k = _heads_normalised(config, k, tensors.get("attn_k_norm.weight"))
    if config.position == "rope":
        rope = config.ropes[bool(config.local_layers) and config.local_layers[0]]
        angles = np.arange(len(keys), len(keys) + len(x))[:, None] * _frequencies(config, rope, tensors)
        q, k = (turned(part, angles, config.rope_pairs, rope.size) for part in (q, k))
    window = config.windows[0] if config.windows else None
    keys, values = np.concatenate([keys, k]), np.concatenate([values, v])
    return attended(q * config.query_scale, keys, values, window, config.score_cap)


def _heads_normalised(config: DecoderConfig, x: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """[T, heads, H], each by itself or all together."""
    if weight is None:
        return x
    kind: HeadNorm = config.head_norm
    x = x - x.mean(axis=-1, keepdims=True) if kind == "layer" else x
    size = (x**2).mean(axis=(-2, -1) if kind == "whole" else -1, keepdims=True)
    return x / np.sqrt(size + config.norm_eps) * weight.reshape(-1, x.shape[-1])


def _frequencies(config: DecoderConfig, rope: Rope, tensors: Tensors) -> np.ndarray:
    """[R/2], radians a position."""
    frequencies = rope.base ** (-np.arange(0, config.n_turned, 2) / config.n_turned)
    if config.rope_ramp is None:
        frequencies = rope.scale * frequencies
    else:
        scaled = np.interp(np.arange(config.n_turned // 2), config.rope_ramp, [0.0, 1.0])
        frequencies = frequencies * (1 - scaled + rope.scale * scaled)
    for name in config.rope_factors:
        frequencies = frequencies / tensors[name]
    return frequencies


def _activated(config: DecoderConfig, x: np.ndarray) -> np.ndarray:
    if not is_gated(config.activation):
        return _gelu(x)
    gate, up = np.split(x, 2, axis=-1)
    return (gate / (1 + np.exp(-gate)) if config.activation == "swiglu" else _gelu(gate)) * up


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
