"""The families of decoders: what all members of one have in common, as data. Another architecture is one more entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from smjax.core.models.config import Activation, DecoderConfig, NormKind, Position


@dataclass(frozen=True)
class Family:
    """What does not differ between the members of a family; see `DecoderConfig` for the meaning."""

    norm: NormKind
    position: Position
    activation: Activation
    attention_scale: float | None = None
    biases: tuple[str, ...] = ()


FAMILIES = {
    "llama": Family(norm="rms", position="rope", activation="swiglu"),
    "gpt-neo": Family(
        norm="layer",
        position="learned",
        activation="gelu",
        attention_scale=1.0,
        biases=("attn_output", "ffn_up", "ffn_down"),
    ),
}
IN_GGUF = ("llama",)
"""Families that are architectures of GGUF, under the same name."""


def decoder(family: str, *sizes: Any, **others: Any) -> DecoderConfig:
    """A decoder of the family: `sizes` and `others` are the fields of `DecoderConfig` that its members differ in."""
    shared = {field.name: getattr(FAMILIES[family], field.name) for field in fields(Family)}
    made: Callable[..., DecoderConfig] = DecoderConfig
    return made(family, *sizes, **others, **shared)
