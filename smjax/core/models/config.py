"""What a decoder is made of: its static configuration and, following from that, the tensors that must exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NormKind = Literal["rms", "layer"]
Position = Literal["rope", "learned"]
Activation = Literal["swiglu", "gelu"]

KV_ELEMENT_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "q8_0": 34 / 32, "u8": 1}
"""Of each type that an element of a KV cache may have; q8_0: 32 of a byte each, and their scale; u8: without scales."""


@dataclass(frozen=True)
class DecoderConfig:
    """Everything static about a decoder; `smjax.core.models.families` makes one from its sizes."""

    family: str
    """What it is called; nothing is computed from it."""
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
    rope_factors: bool = False
    """The tensor `rope_freqs.weight` divides the rotation frequencies."""
    windows: tuple[int, ...] | None = None
    """Tokens that each layer attends to, the newest included; None where every layer sees all."""
    norm: NormKind = "rms"
    """RMSNorm, or LayerNorm, which has a bias."""
    position: Position = "rope"
    """Pairs of elements turned in every layer, or a row of a matrix added to the embedding."""
    activation: Activation = "swiglu"
    attention_scale: float | None = None
    """What queries are multiplied with; None for one over the root of the head size."""
    biases: tuple[str, ...] = ()
    """Matrices of a layer whose outputs get a bias, by their GGUF names."""

    @property
    def query_scale(self) -> float:
        """What queries are multiplied with."""
        return self.head_dim**-0.5 if self.attention_scale is None else self.attention_scale

    def kv_bytes(self, ctx: int, element_bytes: float) -> int:
        """Bytes of a KV cache of `ctx` tokens."""
        return round(2 * self.n_layers * self.n_kv_heads * self.head_dim * ctx * element_bytes)


def products(config: DecoderConfig) -> dict[str, tuple[str, ...]]:
    """Matrices that each product of a layer multiplies at once, in the order of their outputs."""
    return {
        "qkv": ("attn_q", "attn_k", "attn_v"),
        "attn_output": ("attn_output",),
        "ffn_in": ("ffn_gate", "ffn_up") if config.activation == "swiglu" else ("ffn_up",),
        "ffn_down": ("ffn_down",),
    }


def layer_vectors(config: DecoderConfig) -> tuple[str, ...]:
    """Norms and biases of a layer, by their names without `blk.N.`."""
    norms = [f"{norm}.{part}" for norm in ("attn_norm", "ffn_norm") for part in _norm_parts(config)]
    return (*norms, *(f"{name}.bias" for name in config.biases))


def _norm_parts(config: DecoderConfig) -> tuple[str, ...]:
    return ("weight", "bias") if config.norm == "layer" else ("weight",)


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
    used = [part for parts in products(config).values() for part in parts]
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": matrices[name] for name in used}
    biases = {f"{name}.bias": matrices[name][:1] for name in config.biases}
    return shapes | {name: biases.get(name, (d,)) for name in layer_vectors(config)}


def global_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor outside the layers."""
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (config.n_vocab, config.d_model)}
    shapes |= {f"output_norm.{part}": (config.d_model,) for part in _norm_parts(config)}
    if config.position == "learned":
        shapes["position_embd.weight"] = (config.ctx_train, config.d_model)
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
