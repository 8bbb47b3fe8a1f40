"""What a decoder is made of: its static configuration and the tensors that must exist, for both families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["llama", "gpt-neo"]


@dataclass(frozen=True)
class DecoderConfig:
    """Everything static about a decoder."""

    family: Family
    n_layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    d_ff: int
    n_vocab: int
    ctx_train: int
    norm_eps: float
    tied: bool
    """The output matrix is the token embedding."""
    rope_base: float = 10_000.0
    """llama only."""
    rope_factors: bool = False
    """The tensor `rope_freqs.weight` divides the rotation frequencies (llama only)."""
    window: int | None = None
    """Tokens that odd layers attend to; None where every layer sees all (GPT-Neo: 256)."""

    @property
    def attention_scale(self) -> float:
        """What queries are multiplied with; GPT-Neo does not scale."""
        return 1.0 if self.family == "gpt-neo" else self.head_dim**-0.5

    @property
    def windows(self) -> tuple[int, ...]:
        """Tokens that each layer attends to, the newest included."""
        odd = self.ctx_train if self.window is None else self.window
        return tuple(odd if layer % 2 else self.ctx_train for layer in range(self.n_layers))

    def kv_bytes(self, ctx: int, element_bytes: int) -> int:
        """Bytes of a KV cache of `ctx` tokens."""
        return 2 * self.n_layers * self.n_kv_heads * self.head_dim * ctx * element_bytes


# Matrices (N outputs, K inputs) that one product of the decoder multiplies at once, in the order of their outputs.
PRODUCTS = {
    "llama": {
        "qkv": ("attn_q", "attn_k", "attn_v"),
        "attn_output": ("attn_output",),
        "ffn_in": ("ffn_gate", "ffn_up"),
        "ffn_down": ("ffn_down",),
    },
    "gpt-neo": {
        "qkv": ("attn_q", "attn_k", "attn_v"),
        "attn_output": ("attn_output",),
        "ffn_in": ("ffn_up",),
        "ffn_down": ("ffn_down",),
    },
}
VECTORS = {
    "llama": ("attn_norm.weight", "ffn_norm.weight"),
    "gpt-neo": (
        "attn_norm.weight",
        "attn_norm.bias",
        "ffn_norm.weight",
        "ffn_norm.bias",
        "attn_output.bias",
        "ffn_up.bias",
        "ffn_down.bias",
    ),
}


def layer_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of one layer, by its name without `blk.N.`."""
    d, f = config.d_model, config.d_ff
    q, kv = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    matrices = {
        "attn_q": (q, d),
        "attn_k": (kv, d),
        "attn_v": (kv, d),
        "attn_output": (d, q),
        "ffn_gate": (f, d),
        "ffn_up": (f, d),
        "ffn_down": (d, f),
    }
    used = [part for parts in PRODUCTS[config.family].values() for part in parts]
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": matrices[name] for name in used}
    return shapes | {name: (f,) if name == "ffn_up.bias" else (d,) for name in VECTORS[config.family]}


def global_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor outside the layers."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (config.n_vocab, config.d_model),
        "output_norm.weight": (config.d_model,),
    }
    if config.family == "gpt-neo":
        shapes["position_embd.weight"] = (config.ctx_train, config.d_model)
        shapes["output_norm.bias"] = (config.d_model,)
    if config.rope_factors:
        shapes["rope_freqs.weight"] = (config.head_dim // 2,)
    if not config.tied:
        shapes["output.weight"] = (config.n_vocab, config.d_model)
    return shapes


def tensor_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape (row-major) of every tensor that the decoder needs, by its GGUF name."""
    layer = layer_shapes(config)
    layers = {f"blk.{i}.{name}": shape for i in range(config.n_layers) for name, shape in layer.items()}
    return global_shapes(config) | layers
