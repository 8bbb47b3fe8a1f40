"""A decoder of both architectures in float64 NumPy, written to be read, that every faster one is compared with.

Letters: T positions, N query heads, K KV heads, H head size, D embedding, F feed-forward, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ReferenceConfig:
    """What the decoder reads of a model's configuration; any object with these attributes does."""

    family: str
    """`llama` or `gpt-neo`."""
    n_layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5
    window: int | None = None
    """Tokens that odd layers see, the current one included; None: all."""


class ReferenceDecoder:
    """A full causal forward pass without a cache; `tensors` by GGUF name, matrices (outputs, inputs)."""

    def __init__(self, config: ReferenceConfig, tensors: dict[str, np.ndarray]) -> None:
        self.config = config
        self.tensors = {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items()}

    def logits(self, ids: list[int]) -> np.ndarray:
        """float64[T, V]: logits after each of the T ids."""
        embedding = self.tensors["token_embd.weight"]
        x = embedding[ids]
        if self.config.family == "gpt-neo":
            x = x + self.tensors["position_embd.weight"][: len(ids)]
        for layer in range(self.config.n_layers):
            x = x + self._attention(layer, self._norm(f"blk.{layer}.attn_norm", x))
            x = x + self._feed_forward(layer, self._norm(f"blk.{layer}.ffn_norm", x))
        return self._norm("output_norm", x) @ self.tensors.get("output.weight", embedding).T

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        """RMSNorm for llama, LayerNorm for GPT-Neo."""
        if self.config.family == "gpt-neo":
            x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.config.norm_eps)
        return x * self.tensors[f"{name}.weight"] + self.tensors.get(f"{name}.bias", 0.0)

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.tensors[f"{name}.weight"].T + self.tensors.get(f"{name}.bias", 0.0)

    def _attention(self, layer: int, x: np.ndarray) -> np.ndarray:
        c, n_positions, name = self.config, len(x), f"blk.{layer}"
        q = self._linear(f"{name}.attn_q", x).reshape(n_positions, c.n_heads, c.head_dim)
        k = self._linear(f"{name}.attn_k", x).reshape(n_positions, c.n_kv_heads, c.head_dim)
        v = self._linear(f"{name}.attn_v", x).reshape(n_positions, c.n_kv_heads, c.head_dim)
        if c.family == "llama":
            angles = self.angles(n_positions)
            q, k = rotate(q, angles) / np.sqrt(c.head_dim), rotate(k, angles)
        k, v = (np.repeat(x, c.n_heads // c.n_kv_heads, axis=1) for x in (k, v))
        scores = np.einsum("tnh,snh->nts", q, k)
        scores = np.where(self._visible(layer, n_positions), scores, -np.inf)
        out = np.einsum("nts,snh->tnh", softmax(scores), v)
        return self._linear(f"{name}.attn_output", out.reshape(n_positions, -1))

    def _visible(self, layer: int, n_positions: int) -> np.ndarray:
        """bool[T, T]: the keys (columns) that each query sees; odd layers of GPT-Neo only the latest `window`."""
        query, key = np.ogrid[:n_positions, :n_positions]
        window = self.config.window if layer % 2 else None
        return (key <= query) & (key > query - (n_positions if window is None else window))

    def angles(self, n_positions: int) -> np.ndarray:
        """float64[T, H/2]: by how much RoPE turns each pair at each position, radians."""
        half = self.config.head_dim // 2
        frequencies = self.config.rope_base ** (-np.arange(half) / half)
        return np.arange(n_positions)[:, None] * frequencies / self.tensors.get("rope_freqs.weight", 1.0)

    def _feed_forward(self, layer: int, x: np.ndarray) -> np.ndarray:
        up = self._linear(f"blk.{layer}.ffn_up", x)
        if self.config.family == "gpt-neo":
            hidden = 0.5 * up * (1 + np.tanh(np.sqrt(2 / np.pi) * (up + 0.044715 * up**3)))
        else:
            gate = self._linear(f"blk.{layer}.ffn_gate", x)
            hidden = gate / (1 + np.exp(-gate)) * up
        return self._linear(f"blk.{layer}.ffn_down", hidden)


def rotate(x: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """RoPE on adjacent pairs: `x` [T, heads, H] with each pair (2i, 2i+1) turned by `angles` [T, H/2]."""
    pairs = x[..., 0::2] + 1j * x[..., 1::2]
    turned = pairs * np.exp(1j * angles)[:, None, :]
    return np.stack([turned.real, turned.imag], axis=-1).reshape(x.shape)


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def mean_nll(logits: np.ndarray, ids: list[int]) -> float:
    """Mean negative log-likelihood of ids[1:] given their prefixes, nats; `logits` [T, V]."""
    before = logits[:-1]
    log_total = np.log(np.exp(before - before.max(axis=-1, keepdims=True)).sum(axis=-1)) + before.max(axis=-1)
    return float((log_total - before[np.arange(len(ids) - 1), ids[1:]]).mean())


def nmse(found: np.ndarray, expected: np.ndarray) -> float:
    """Normalised mean squared error: sum of squared differences over the sum of squares expected."""
    return float(((found - expected) ** 2).sum() / (np.asarray(expected) ** 2).sum())
