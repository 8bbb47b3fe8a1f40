"""What a decoder is made of: its static configuration and, following from that, the tensors that must exist."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

NormKind = Literal["rms", "layer"]
HeadNorm = Literal["none", "rms", "layer", "whole"]
Position = Literal["rope", "learned", "none"]
Pairs = Literal["adjacent", "halves"]
Activation = Literal["swiglu", "geglu", "gelu"]

KV_ELEMENT_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "q8_0": 34 / 32, "u8": 1}
"""Of each type that an element of a KV cache may have; q8_0: 32 of a byte each, and their scale; u8: without scales."""


class Rope(NamedTuple):
    """See the fields of `DecoderConfig` that begin with `rope_`."""

    base: float
    scale: float
    size: float


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
    rope_scale: float = 1.0
    """What positions are multiplied with: of a context stretched 4 times, 0.25."""
    rope_size: float = 1.0
    """What cosines and sines are multiplied with."""
    rope_ramp: tuple[float, float] | None = None
    """Pairs between which `rope_scale` comes in: all of it from the second on (YaRN). None: in every pair."""
    rope_dims: int | None = None
    """Elements of a head that are turned, the first ones; None for all."""
    rope_pairs: Pairs = "adjacent"
    """Elements that are turned together: 2i and 2i + 1, or i and i + half of those that are turned."""
    rope_factors: tuple[str, ...] = ()
    """Tensors that divide the rotation frequencies: one, or one up to a context of `ctx_short` and one beyond it."""
    ctx_short: int = 0
    windows: tuple[int, ...] | None = None
    """Tokens that each layer attends to, the newest included; None where every layer sees all."""
    local_layers: tuple[bool, ...] = ()
    """Which layers have RoPE of their own, those of a window; none where this is empty."""
    local_rope: tuple[float, float] = (10_000.0, 1.0)
    """Their `rope_base` and `rope_scale`."""
    norm: NormKind = "rms"
    """RMSNorm, or LayerNorm, which has a bias."""
    pre_norms: bool = True
    """Norms before attention and feed-forward."""
    post_norms: bool = False
    """Norms of what attention and feed-forward add."""
    parallel: bool = False
    """Feed-forward takes what attention takes, and not what comes of it."""
    head_norm: HeadNorm = "none"
    """Of queries and keys: an RMSNorm or LayerNorm of each head, or an RMSNorm of all heads together."""
    position: Position = "rope"
    """Pairs of elements turned in every layer, a row of a matrix added to the embedding, or neither."""
    activation: Activation = "swiglu"
    """Of a gate that multiplies (SiLU or GELU), or without a gate."""
    attention_scale: float | None = None
    """What queries are multiplied with; None for one over the root of the head size."""
    embedding_scale: float = 1.0
    residual_scale: float = 1.0
    """What is multiplied with this is added to what a layer was given."""
    logit_divisor: float = 1.0
    score_cap: float = 0.0
    """Attention's scores become cap * tanh(score / cap); 0 where they stay."""
    logit_cap: float = 0.0
    biases: tuple[str, ...] = ()
    """Matrices of a layer whose outputs get a bias, by their GGUF names."""
    fused_qkv: bool = False
    """One matrix has the rows of queries, keys and values."""
    fused_gate: bool = False
    """`ffn_up` has the rows of the gate, then those of the other half."""

    @property
    def query_scale(self) -> float:
        """What queries are multiplied with."""
        return self.head_dim**-0.5 if self.attention_scale is None else self.attention_scale

    @property
    def n_turned(self) -> int:
        """Elements of a head that RoPE turns."""
        return self.head_dim if self.rope_dims is None else self.rope_dims

    @property
    def ropes(self) -> tuple[Rope, ...]:
        """Of the layers that see all, and of those of a window where theirs is another."""
        if not self.local_layers:
            return (Rope(self.rope_base, self.rope_scale, self.rope_size),)
        base, scale = self.local_rope
        size = self.rope_size if scale == self.rope_scale else 1.0
        return Rope(self.rope_base, self.rope_scale, self.rope_size), Rope(base, scale, size)

    def for_context(self, ctx: int) -> DecoderConfig:
        """The decoder as it is with room for `ctx` tokens: of two tensors of RoPE's factors, one.

        References: `get_rope_factors` of llama.cpp, whose contexts are multiples of 256.
        """
        if len(self.rope_factors) < 2:
            return self
        is_long = -(-ctx // 256) * 256 > self.ctx_short
        return replace(self, rope_factors=(self.rope_factors[is_long],))

    def kv_bytes(self, ctx: int, element_bytes: float) -> int:
        """Bytes of a KV cache of `ctx` tokens."""
        return self._slot_bytes(self.n_layers * ctx, element_bytes)

    def kv_step_bytes(self, n_positions: int, element_bytes: float) -> int:
        """Bytes of it that a step reads where `n_positions` are filled: of a layer with a window, no more than that."""
        windows = self.windows or (n_positions,) * self.n_layers
        return self._slot_bytes(sum(min(window, n_positions) for window in windows), element_bytes)

    def _slot_bytes(self, n_slots: int, element_bytes: float) -> int:
        """Of keys and values of a layer's heads at so many positions."""
        return round(2 * n_slots * self.n_kv_heads * self.head_dim * element_bytes)


def is_gated(activation: Activation | None) -> bool:
    """Whether half of the outputs are multiplied with the activation of the other half."""
    return activation in ("swiglu", "geglu")


def products(config: DecoderConfig) -> dict[str, tuple[str, ...]]:
    """Matrices that each product of a layer multiplies at once, in the order of their outputs."""
    two = is_gated(config.activation) and not config.fused_gate
    return {
        "qkv": ("attn_qkv",) if config.fused_qkv else ("attn_q", "attn_k", "attn_v"),
        "attn_output": ("attn_output",),
        "ffn_in": ("ffn_gate", "ffn_up") if two else ("ffn_up",),
        "ffn_down": ("ffn_down",),
    }


def layer_norms(config: DecoderConfig) -> tuple[str, ...]:
    """Weights and biases of a layer's norms of D elements, by their names without `blk.N.`."""
    before = ("attn_norm",) if config.parallel else ("attn_norm", "ffn_norm")
    after = ("post_attention_norm", "post_ffw_norm")
    names = (before if config.pre_norms else ()) + (after if config.post_norms else ())
    return tuple(f"{name}.{part}" for name in names for part in _norm_parts(config))


def head_norms(config: DecoderConfig) -> tuple[str, ...]:
    """Weights of a layer's norms of queries and keys, by their names without `blk.N.`."""
    return () if config.head_norm == "none" else ("attn_q_norm.weight", "attn_k_norm.weight")


def _norm_parts(config: DecoderConfig) -> tuple[str, ...]:
    return ("weight", "bias") if config.norm == "layer" else ("weight",)


def matrix_shapes(config: DecoderConfig) -> dict[str, tuple[int, int]]:
    """Outputs and inputs of every matrix that a layer may have."""
    d, f = config.d_model, config.d_ff
    q, kv = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    return {
        "attn_q": (q, d),
        "attn_k": (kv, d),
        "attn_v": (kv, d),
        "attn_qkv": (q + 2 * kv, d),
        "attn_output": (d, q),
        "ffn_gate": (f, d),
        "ffn_up": (2 * f if config.fused_gate else f, d),
        "ffn_down": (d, f),
    }


def layer_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of one layer, by its name without `blk.N.`."""
    matrices = matrix_shapes(config)
    used = [part for parts in products(config).values() for part in parts]
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": matrices[name] for name in used}
    shapes |= dict.fromkeys(layer_norms(config), (config.d_model,))
    shapes |= {f"{name}.bias": matrices[name][:1] for name in config.biases}
    return shapes | _head_norm_shapes(config)


def _head_norm_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    def shape(heads: int) -> tuple[int, ...]:
        each, all_heads = (config.head_dim,), (heads * config.head_dim,)
        return {"rms": each, "layer": (heads, config.head_dim), "whole": all_heads}[config.head_norm]

    return {name: shape(n) for name, n in zip(head_norms(config), (config.n_heads, config.n_kv_heads), strict=False)}


def global_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor outside the layers."""
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (config.n_vocab, config.d_model)}
    shapes |= {f"output_norm.{part}": (config.d_model,) for part in _norm_parts(config)}
    if config.position == "learned":
        shapes["position_embd.weight"] = (config.ctx_train, config.d_model)
    shapes |= dict.fromkeys(config.rope_factors, (config.n_turned // 2,))
    if not config.tied:
        shapes["output.weight"] = (config.n_vocab, config.d_model)
    return shapes


def tensor_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Shape (row-major) of every tensor that the decoder needs, by its GGUF name."""
    layer = layer_shapes(config)
    layers = {f"blk.{i}.{name}": shape for i in range(config.n_layers) for name, shape in layer.items()}
    return global_shapes(config) | layers
