"""What an architecture's metadata may say: keys that are computed are read, whatever else could matter is refused.

References: keys and their defaults as in llama.cpp (`llama-arch.cpp`, and `load_hparams` in `llama-model.cpp`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import InGGUF

SCALES = {
    "attention_scale": "attention.scale",
    "embedding_scale": "embedding_scale",
    "residual_scale": "residual_scale",
    "logit_divisor": "logit_scale",
    "score_cap": "attn_logit_softcapping",
    "logit_cap": "final_logit_softcapping",
}
"""Keys of the fields of `DecoderConfig` that only some architectures read."""
_WINDOWS = ("attention.sliding_window", "attention.sliding_window_pattern", "rope.freq_base_swa")
"""Keys of what layers with a window do."""
READ = frozenset(
    [
        "context_length",
        "embedding_length",
        "block_count",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "attention.value_length",
        "attention.layer_norm_epsilon",
        "attention.layer_norm_rms_epsilon",
        "rope.dimension_count",
        "rope.freq_base",
        "rope.scale_linear",
        "rope.scaling.attn_factor",
        "rope.scaling.factor",
        "rope.scaling.original_context_length",
        "rope.scaling.type",
    ]
)
"""Keys, without the architecture before them, that are taken from any file or checked there."""
WITHOUT_EFFECT = frozenset(
    [
        "vocab_size",
        "tensor_data_layout",
        "pooling_type",
        "classifier.output_labels",
        "classifier.pooling_type",
        "attention.sliding_window_pattern",
        "rope.scaling.finetuned",
    ]
)
"""Keys that change nothing where those of `_neutral` have one of their values."""
OTHER_TOWERS = ("vision.", "mm.", "audio.")
"""Beginnings of the keys that describe what a text alone never passes through."""


def _neutral(config: DecoderConfig) -> dict[str, tuple[Any, ...]]:
    """Values under which a key asks for nothing; 0 (and false, and an empty text) does so for every other key."""
    scales = ("logit_scale", "residual_scale", "embedding_scale", "attention.output_scale", "attention.value_scale")
    gelu = ("gelu", "gelu_new", "gelu_pytorch_tanh")
    return {
        **dict.fromkeys(("rope.scaling.alpha", "rope.scaling.yarn_attn_factor", *scales), (0, 1)),
        "rope.scaling.yarn_ext_factor": (0 if config.rope_ramp is None else 1,),
        "rope.scaling.yarn_beta_fast": (32,),
        "rope.scaling.yarn_beta_slow": (1,),
        "rope.dimension_count_swa": (config.n_turned,),
        "rope.freq_base_swa": (config.rope_base,),
        "attention.key_length_swa": (config.head_dim,),
        "attention.value_length_swa": (config.head_dim,),
        "attention.scale": (0, config.query_scale),
        "attention.causal": (True,),
        "embedding_length_out": (0, config.d_model),
        "hidden_activation": ("silu",) if config.activation == "swiglu" else gelu,
        "use_parallel_residual": (config.parallel,),
    }


def uncomputed(metadata: Mapping[str, Any], rules: InGGUF, config: DecoderConfig) -> Iterator[tuple[str, str]]:
    """Keys that ask for what `config` does not compute, each with the values that it could have."""
    neutral, prefix = _neutral(config), f"{config.family}."
    taken = READ | WITHOUT_EFFECT | {SCALES[name] for name in rules.scales} | set(rules.without_effect)
    if rules.windows is not None:
        taken |= set(_WINDOWS)
    for key in metadata:
        name = key.removeprefix(prefix)
        if name == key or name in taken or name.startswith(OTHER_TOWERS):
            continue
        values = neutral.get(name, (0,))
        if not any(_equal(metadata[key], value) for value in values) and not _is_moot(name, metadata[key], config):
            yield key, " or ".join(str(value) for value in values) or "no such key"


def _equal(found: Any, value: Any) -> bool:
    if isinstance(found, float) and not isinstance(value, str):  # stored as float32
        return math.isclose(found, value, rel_tol=1e-6)
    return isinstance(found, int | str) and (found == value or (value == 0 and found == ""))


def _is_moot(name: str, value: Any, config: DecoderConfig) -> bool:
    """A window that no position leaves."""
    return name == "attention.sliding_window" and type(value) is int and value >= config.ctx_train
