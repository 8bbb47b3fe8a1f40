"""Every architecture that llama.cpp reads, in float64 NumPy from a file's own metadata, written to be read.

Letters: T positions, N query heads, K KV heads, H head size, R elements of a head that are turned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.reference import softmax

_ADJACENT = ("llama", "granite")
_LAYER_NORM = ("gpt2", "stablelm")


class Float64Decoder:
    """A full causal forward pass without a cache; `n_ctx` is the room that the cache would have."""

    def __init__(self, path: Path, n_ctx: int) -> None:
        reader = gguf.GGUFReader(path)
        self.fields = {name: field.contents() for name, field in reader.fields.items()}
        self.arch = str(self.fields["general.architecture"])
        self.tensors = {}
        for t in reader.tensors:
            shape = tuple(int(n) for n in reversed(t.shape))
            self.tensors[t.name] = gguf.quants.dequantize(t.data, t.tensor_type).reshape(shape).astype(np.float64)
        self.n_ctx = n_ctx
        self.d_model, self.n_layers = self.key("embedding_length"), self.key("block_count")
        self.n_heads = self.key("attention.head_count")
        self.n_kv = self.key("attention.head_count_kv", self.n_heads)
        self.head = self.key("attention.key_length", self.d_model // self.n_heads)
        epsilon = "layer_norm_epsilon" if self.arch in _LAYER_NORM else "layer_norm_rms_epsilon"
        self.eps = self.key(f"attention.{epsilon}")

    def key(self, name: str, default: Any = None) -> Any:
        return self.fields.get(f"{self.arch}.{name}", default)

    def logits(self, ids: list[int]) -> np.ndarray:
        """float64[T, V]: logits after each of the T ids."""
        x = self.tensors["token_embd.weight"][ids]
        if self.arch.startswith("gemma"):
            x = x * np.sqrt(self.d_model)
        if self.arch == "granite":
            x = x * (self.key("embedding_scale", 0) or 1)
        if self.arch == "gpt2":
            x = x + self.tensors["position_embd.weight"][: len(ids)]
        for layer in range(self.n_layers):
            x = self._layer(layer, x)
        scores = self._norm("output_norm", x) @ self.tensors.get("output.weight", self.tensors["token_embd.weight"]).T
        if self.arch == "granite":
            scores = scores / self.key("logit_scale")
        cap = self.key("final_logit_softcapping", 30.0 if self.arch == "gemma2" else 0.0)
        return cap * np.tanh(scores / cap) if cap and self.arch.startswith("gemma") else scores

    def _layer(self, layer: int, x: np.ndarray) -> np.ndarray:
        name = f"blk.{layer}"
        residual = (self.key("residual_scale", 0) or 1) if self.arch == "granite" else 1
        normed = self._norm(f"{name}.attn_norm", x)
        attended = self._norm(f"{name}.post_attention_norm", self._attention(layer, normed))
        middle = x + residual * attended
        parallel = self.arch == "stablelm" and f"{name}.ffn_norm.weight" not in self.tensors
        inner = normed if parallel else self._norm(f"{name}.ffn_norm", middle)
        return middle + residual * self._norm(f"{name}.post_ffw_norm", self._feed_forward(name, inner))

    def _norm(self, name: str, x: np.ndarray, n: int = 1) -> np.ndarray:
        """Over the last axis, or the last `n` of them; nothing where the file has no such norm."""
        if f"{name}.weight" not in self.tensors:
            return x
        axes = tuple(range(-n, 0))
        if self.arch in _LAYER_NORM:
            x = x - x.mean(axis=axes, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=axes, keepdims=True) + self.eps)
        weight = self.tensors[f"{name}.weight"]
        return x * (weight.reshape(x.shape[1:]) if n > 1 else weight) + self.tensors.get(f"{name}.bias", 0.0)

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.tensors[f"{name}.weight"].T + self.tensors.get(f"{name}.bias", 0.0)

    def _qkv(self, name: str, x: np.ndarray) -> list[np.ndarray]:
        """[T, N, H], [T, K, H] and [T, K, H]."""
        if f"{name}.attn_qkv.weight" in self.tensors:
            rows = self._linear(f"{name}.attn_qkv", x)
        else:
            rows = np.concatenate([self._linear(f"{name}.attn_{part}", x) for part in "qkv"], axis=1)
        return np.split(rows.reshape(len(x), -1, self.head), [self.n_heads, self.n_heads + self.n_kv], axis=1)

    def _attention(self, layer: int, x: np.ndarray) -> np.ndarray:
        name = f"blk.{layer}"
        q, k, v = self._qkv(name, x)
        together = 2 if self.arch == "olmo2" else 1
        q, k = self._norm(f"{name}.attn_q_norm", q, together), self._norm(f"{name}.attn_k_norm", k, together)
        q, k = self._rotate(layer, q), self._rotate(layer, k)
        k, v = (np.repeat(part, self.n_heads // self.n_kv, axis=1) for part in (k, v))
        scale = self.head**-0.5
        if self.arch == "granite":
            scale = self.key("attention.scale", 0) or scale
        scores = np.einsum("tnh,snh->nts", q, k) * scale
        if self.arch == "gemma2":
            cap = self.key("attn_logit_softcapping", 50.0)
            scores = cap * np.tanh(scores / cap)
        query, slot = np.ogrid[: len(x), : len(x)]
        window = self.window(layer) or len(x)
        scores = np.where((slot <= query) & (slot > query - window), scores, -np.inf)
        return self._linear(f"{name}.attn_output", np.einsum("nts,snh->tnh", softmax(scores), v).reshape(len(x), -1))

    def window(self, layer: int) -> int:
        """Tokens that the layer sees; 0 for all."""
        every = {"gemma2": 2, "gemma3": 6, "olmo2": 4}.get(self.arch)
        if every is None:
            return 0
        size = int(self.key("attention.sliding_window", 4096 if self.arch == "gemma2" else 0))
        pattern = self.key("attention.sliding_window_pattern", every)
        if isinstance(pattern, list):
            return size if pattern[layer] else 0
        return size if pattern == 0 or layer % pattern < pattern - 1 else 0

    def _rotate(self, layer: int, x: np.ndarray) -> np.ndarray:
        """RoPE of [T, heads, H]."""
        if self.arch == "gpt2" or (self.arch == "granite" and self.key("rope.scaling.finetuned") is False):
            return x
        n = self.key("rope.dimension_count", self.head)
        turn = np.exp(1j * self._angles(layer, n, len(x)))[:, None, :] * self._turned_size(layer)
        one, other = (slice(0, n, 2), slice(1, n, 2)) if self.arch in _ADJACENT else (slice(n // 2), slice(n // 2, n))
        turned, out = (x[..., one] + 1j * x[..., other]) * turn, x.copy()
        out[..., one], out[..., other] = turned.real, turned.imag
        return out

    def _turned_size(self, layer: int) -> float:
        size = self.key("rope.scaling.attn_factor", 1.0)
        if self.key("rope.scaling.type") != "yarn":
            return float(size)
        return 1.0 if self.window(layer) else float(size * (1 + 0.1 * np.log(self.key("rope.scaling.factor"))))

    def _angles(self, layer: int, n: int, n_positions: int) -> np.ndarray:
        """float64[T, R/2], radians."""
        base, scale = self.key("rope.freq_base", 10_000.0), 1.0
        if self.key("rope.scaling.type", "linear") != "none":
            scale = 1 / (self.key("rope.scaling.factor", self.key("rope.scale_linear", 0.0)) or 1.0)
        if self.window(layer) and self.arch != "gemma2":
            base, scale = self.key("rope.freq_base_swa", 10_000.0 if self.arch == "gemma3" else base), 1.0
        frequencies = base ** (-np.arange(0, n, 2) / n)
        if self.key("rope.scaling.type") == "yarn":
            length = self.key("rope.scaling.original_context_length", self.key("context_length"))
            first, last = (n * np.log(length / (2 * np.pi * turns)) / (2 * np.log(base)) for turns in (32, 1))
            first, last = max(0, np.floor(first)), min(n - 1, np.ceil(last))
            scale = 1 + (scale - 1) * np.interp(np.arange(n // 2), [first, last], [0, 1])
        frequencies = frequencies * scale
        is_long = self.n_ctx > self.key("rope.scaling.original_context_length", self.key("context_length"))
        chosen = f"rope_factors_{'long' if is_long else 'short'}.weight"
        factors = self.tensors.get("rope_freqs.weight", self.tensors.get(chosen, 1.0))
        return np.arange(n_positions)[:, None] * frequencies / factors

    def _feed_forward(self, name: str, x: np.ndarray) -> np.ndarray:
        up = self._linear(f"{name}.ffn_up", x)
        if self.arch == "gpt2":
            return self._linear(f"{name}.ffn_down", _gelu(up))
        if self.arch == "phi3":
            gate, up = np.split(up, 2, axis=1)
        else:
            gate = self._linear(f"{name}.ffn_gate", x)
        opened = _gelu(gate) if self.arch.startswith("gemma") else gate / (1 + np.exp(-gate))
        return self._linear(f"{name}.ffn_down", opened * up)


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
