"""Default shapes: those that the presets' decoders compute at."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smjax.core.models.config import DecoderConfig
from smjax.core.models.presets import PRESETS

PROMPT = 128
"""Positions of a prompt, where there are many queries."""


def of_presets(texts: Callable[[DecoderConfig], Iterable[str]]) -> tuple[str, ...]:
    """What `texts` says of every preset's decoder, each once."""
    return tuple(dict.fromkeys(text for config in PRESETS.values() for text in texts(config)))


def depths(config: DecoderConfig) -> tuple[int, int]:
    """Slots that the newest of some queries sees: not many, and three quarters of what the model was trained with."""
    return 256, 3 * config.ctx_train // 4
