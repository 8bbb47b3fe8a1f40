"""The families of decoders: what all members of one have in common, as data. Another architecture is one more entry.

References: the models in llama.cpp's `src/models`, whose defaults stand where a file says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from smjax.core.models.config import Activation, DecoderConfig, HeadNorm, NormKind, Pairs, Position

_QKV = ("attn_q", "attn_k", "attn_v", "attn_qkv")
_ALL = (*_QKV, "attn_output", "ffn_gate", "ffn_up", "ffn_down")


@dataclass(frozen=True)
class Windows:
    """Layers that see the newest tokens alone, between those that see all."""

    every: int
    """Of so many layers the last sees all, where a file does not say."""
    size: int = 0
    """Tokens that the others see, where a file does not say; 0 for all."""
    local_base: float | None = None
    """Their `rope_base`, where a file does not say; None for the others'."""
    local_scaled: bool = False
    """Whether they take part in the scaling of RoPE."""


@dataclass(frozen=True)
class InGGUF:
    """What files of an architecture may say, and what their silence means."""

    scales: Mapping[str, float | None] = field(default_factory=dict)
    """Fields of `DecoderConfig` with a key of `smjax.core.models.keys.SCALES`; None where it must be there."""
    windows: Windows | None = None
    takes_factors: bool = False
    """Whether tensors may divide RoPE's frequencies."""
    may_have_biases: tuple[str, ...] = _QKV
    may_be_parallel: bool = False
    """Without the norm before feed-forward."""
    may_norm_heads: bool = False
    scales_embedding: bool = False
    """By the root of the width."""
    finetuned_turns: bool = False
    """`rope.scaling.finetuned` says whether there is RoPE."""
    scaled_by_width: tuple[int, ...] = ()
    """With so many layers, queries are scaled by the width of the model shared by its heads."""
    without_effect: tuple[str, ...] = ()
    """Keys that nothing follows from."""


@dataclass(frozen=True)
class Family:
    """What does not differ between the members of a family; see `DecoderConfig` for the meaning."""

    norm: NormKind = "rms"
    position: Position = "rope"
    activation: Activation = "swiglu"
    attention_scale: float | None = None
    biases: tuple[str, ...] = ()
    rope_pairs: Pairs = "halves"
    pre_norms: bool = True
    post_norms: bool = False
    head_norm: HeadNorm = "none"
    fused_qkv: bool = False
    fused_gate: bool = False
    in_gguf: InGGUF | None = field(default_factory=InGGUF)
    """None for a family that is no architecture of GGUF."""


FAMILIES = {
    "llama": Family(rope_pairs="adjacent", in_gguf=InGGUF(takes_factors=True, may_have_biases=_ALL)),
    "qwen2": Family(),
    "qwen3": Family(head_norm="rms"),
    "gemma2": Family(
        activation="geglu",
        post_norms=True,
        in_gguf=InGGUF(
            scales={"score_cap": 50.0, "logit_cap": 30.0},
            windows=Windows(every=2, size=4096, local_scaled=True),
            scales_embedding=True,
            scaled_by_width=(46,),
        ),
    ),
    "gemma3": Family(
        activation="geglu",
        post_norms=True,
        head_norm="rms",
        in_gguf=InGGUF(
            scales={"logit_cap": 0.0},
            windows=Windows(every=6, local_base=10_000.0),
            scales_embedding=True,
            scaled_by_width=(62,),
            # Another converter's names of the two bases, which llama.cpp does not read.
            without_effect=("rope.global.freq_base", "rope.local.freq_base"),
        ),
    ),
    "phi3": Family(
        fused_gate=True,
        # llama.cpp lets every layer see all, whatever the key says.
        in_gguf=InGGUF(takes_factors=True, without_effect=("attention.sliding_window",)),
    ),
    "gpt2": Family(
        norm="layer",
        position="learned",
        activation="gelu",
        fused_qkv=True,
        biases=("attn_qkv", "attn_output", "ffn_up", "ffn_down"),
    ),
    "olmo2": Family(pre_norms=False, post_norms=True, head_norm="whole", in_gguf=InGGUF(windows=Windows(every=4))),
    "granite": Family(
        rope_pairs="adjacent",
        in_gguf=InGGUF(
            scales={"logit_divisor": None, "residual_scale": 0.0, "embedding_scale": 0.0, "attention_scale": 0.0},
            takes_factors=True,
            may_have_biases=_ALL,
            finetuned_turns=True,
        ),
    ),
    "stablelm": Family(
        norm="layer",
        in_gguf=InGGUF(may_be_parallel=True, may_norm_heads=True, without_effect=("use_parallel_residual",)),
    ),
    "gpt-neo": Family(
        norm="layer",
        position="learned",
        activation="gelu",
        attention_scale=1.0,
        biases=("attn_output", "ffn_up", "ffn_down"),
        in_gguf=None,
    ),
}
IN_GGUF = {name: family.in_gguf for name, family in FAMILIES.items() if family.in_gguf is not None}
"""Families that are architectures of GGUF, under the same name."""


def decoder(family: str, *sizes: Any, **others: Any) -> DecoderConfig:
    """A decoder of the family: `sizes` and `others` are the fields of `DecoderConfig` that its members differ in."""
    names = [shared.name for shared in fields(Family) if shared.name != "in_gguf"]
    shared = {name: getattr(FAMILIES[family], name) for name in names}
    made: Callable[..., DecoderConfig] = DecoderConfig
    return made(family, *sizes, **{**shared, **others})
