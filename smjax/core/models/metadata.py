"""A GGUF file's metadata as a decoder's configuration, what is absent as llama.cpp has it.

References: keys as in the GGUF specification (ggml, docs/gguf.md); defaults as in llama.cpp (`load_hparams` in
`llama-model.cpp`, `load_arch_hparams` of each model).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from smjax.core.gguf.header import GGUFFile
from smjax.core.gguf.split import SplitFile
from smjax.core.models.checked import Checked, kind
from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import FAMILIES, IN_GGUF, InGGUF, Windows, decoder
from smjax.core.models.keys import SCALES, uncomputed
from smjax.core.text import printable

VOCABULARY_LARGEST = 2**24
"""The decoder compares token ids as float32, which is exact below this."""
ROPE_FREQS = "rope_freqs.weight"
LONG_ROPE = ("rope_factors_short.weight", "rope_factors_long.weight")


def decoder_config(file: GGUFFile | SplitFile) -> DecoderConfig:
    """The decoder that a GGUF file describes; raises RequestError for one that smjax does not run."""
    family = _family(Checked(file))
    meta, rules = Checked(file, family), IN_GGUF[family]
    _refuse_experts(meta)
    sizes = _sizes(meta)
    fields: dict[str, Any] = {
        **sizes,
        "n_vocab": _vocabulary(meta),
        "norm_eps": meta.real(f"attention.layer_norm{'_rms' if FAMILIES[family].norm == 'rms' else ''}_epsilon"),
        "tied": "output.weight" not in file.tensors,
        **_rope(meta, rules, sizes["head_dim"], FAMILIES[family].position == "rope"),
        **_scales(meta, rules, sizes),
        **_structure(meta, family),
    }
    if rules.windows is not None:
        fields |= _windows(meta, rules.windows, fields)
    config = decoder(family, **fields)
    for key, expected in uncomputed(file.metadata, rules, config):
        fix = "use a model without it, as smjax does not compute it"
        meta.fail(printable(key, 60), expected, kind(file.metadata[key]), fix)
    return config


def _family(meta: Checked) -> str:
    family = meta.text("general.architecture")
    if family not in IN_GGUF:
        known = ", ".join(IN_GGUF)
        meta.fail("general.architecture", f"one of {known}", family, "use a model of one of these architectures")
    return family


def _refuse_experts(meta: Checked) -> None:
    experts = meta.integer("expert_count", 0, least=0)
    if experts:
        meta.fail_at("expert_count", "0", experts, "use a dense model")


def _has(meta: Checked, tensor: str) -> bool:
    """Whether the file has the tensor, and not one without elements."""
    info = meta.file.tensors.get(tensor)
    return info is not None and info.n_bytes > 0


def _vocabulary(meta: Checked) -> int:
    embedding = meta.file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        meta.fail("token_embd.weight", "a matrix", "nothing" if embedding is None else list(embedding.shape))
    if not embedding.shape[0]:
        meta.fail("token_embd.weight", "at least one token", "none")
    if embedding.shape[0] >= VOCABULARY_LARGEST:
        meta.fail("token_embd.weight", "fewer than 2^24 tokens", embedding.shape[0], "use a smaller vocabulary")
    return embedding.shape[0]


def _sizes(meta: Checked) -> dict[str, int]:
    n_layers, d_model = meta.integer("block_count"), meta.integer("embedding_length")
    if n_layers > len(meta.file.tensors):  # before anything is made for each of them
        meta.fail_at("block_count", f"at most one layer a tensor ({len(meta.file.tensors)})", n_layers)
    n_heads = meta.count("attention.head_count", n_layers)
    n_kv_heads = meta.count("attention.head_count_kv", n_layers, n_heads)
    head_dim = meta.integer("attention.key_length", max(1, d_model // n_heads))
    if n_heads % n_kv_heads or head_dim % 2:
        found = f"{n_heads} query and {n_kv_heads} KV heads of {head_dim}"
        meta.fail_at("attention.head_count", "a multiple of the KV heads, of an even size", found)
    values = meta.integer("attention.value_length", head_dim)
    if values != head_dim:
        fix = "use a model whose heads are of one size"
        meta.fail_at("attention.value_length", f"the head size {head_dim}", values, fix)
    return {
        "n_layers": n_layers,
        "d_model": d_model,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "head_dim": head_dim,
        "d_ff": meta.count("feed_forward_length", n_layers),
        "ctx_train": meta.integer("context_length"),
    }


def _rope(meta: Checked, rules: InGGUF, head_dim: int, turns: bool) -> dict[str, Any]:
    if rules.finetuned_turns and not meta.flag("rope.scaling.finetuned", default=True):
        return {"position": "none"}
    if not turns:
        return {}
    n_turned = meta.integer("rope.dimension_count", head_dim)
    if n_turned > head_dim or n_turned % 2:
        meta.fail_at("rope.dimension_count", f"an even number up to the head size {head_dim}", n_turned)
    factors = _rope_factors(meta) if rules.takes_factors else ()
    ctx_short = meta.integer("rope.scaling.original_context_length", meta.integer("context_length"), least=0)
    base, size = meta.real("rope.freq_base", 10_000.0), meta.real("rope.scaling.attn_factor", 1.0)
    scaling, scale = _rope_scale(meta)
    return {
        "rope_base": base,
        "rope_scale": scale,
        "rope_size": size * (1 + 0.1 * max(0.0, -math.log(scale))) if scaling == "yarn" else size,
        "rope_ramp": _ramp(meta, n_turned, ctx_short, base) if scaling == "yarn" else None,
        "rope_dims": None if n_turned == head_dim else n_turned,
        "rope_factors": factors,
        "ctx_short": ctx_short if factors == LONG_ROPE else 0,
    }


def _rope_scale(meta: Checked) -> tuple[str, float]:
    """Its kind, and what positions are multiplied with."""
    scaling = meta.text("rope.scaling.type", "linear")
    if scaling not in ("none", "linear", "longrope", "yarn"):
        meta.fail_at("rope.scaling.type", "none, linear, longrope or yarn", scaling, "use a model without that scaling")
    key = meta.first_of("rope.scaling.factor", "rope.scale_linear")
    factor = meta.real(key, 0.0, may_be_zero=True)
    return scaling, 1.0 if scaling == "none" or factor == 0 else 1 / factor


def _ramp(meta: Checked, n_turned: int, ctx_short: int, base: float) -> tuple[float, float]:
    """The pairs that turn 32 times and once within the context before it was stretched.

    References: `ggml_rope_yarn_corr_dims` of ggml.
    """
    if base <= 1:
        meta.fail_at("rope.freq_base", "a number above 1 with YaRN", base)

    def pair(n_turns: float) -> float:
        ctx = ctx_short or meta.integer("context_length")
        return n_turned * math.log(ctx / (2 * math.pi * n_turns)) / (2 * math.log(base))

    return max(0.0, math.floor(pair(32))), min(n_turned - 1.0, math.ceil(pair(1)))


def _rope_factors(meta: Checked) -> tuple[str, ...]:
    if _has(meta, ROPE_FREQS):
        return (ROPE_FREQS,)
    return LONG_ROPE if any(_has(meta, name) for name in LONG_ROPE) else ()


def _scales(meta: Checked, rules: InGGUF, sizes: dict[str, int]) -> dict[str, float]:
    """Those that are not 0, which asks for nothing."""
    found = {
        name: meta.real(SCALES[name], default, may_be_zero=default is not None)
        for name, default in rules.scales.items()
    }
    scales = {name: value for name, value in found.items() if value}
    if rules.scales_embedding:
        scales["embedding_scale"] = float(np.sqrt(np.float32(sizes["d_model"])))
    if sizes["n_layers"] in rules.scaled_by_width:
        scales["attention_scale"] = (sizes["d_model"] // sizes["n_heads"]) ** -0.5
    return scales


def _structure(meta: Checked, family: str) -> dict[str, Any]:
    """What the first layer's tensors say; that the other layers have the same is checked with all of them."""
    rules, needed = IN_GGUF[family], FAMILIES[family].biases
    there = (name for name in rules.may_have_biases if _has(meta, f"blk.0.{name}.bias"))
    found: dict[str, Any] = {"biases": tuple(dict.fromkeys((*needed, *there)))}
    if _has(meta, "blk.0.attn_qkv.weight"):
        found["fused_qkv"] = True
    if rules.may_be_parallel and not _has(meta, "blk.0.ffn_norm.weight"):
        found["parallel"] = True
    if rules.may_norm_heads and _has(meta, "blk.0.attn_q_norm.weight"):
        found["head_norm"] = "layer"
    return found


def _windows(meta: Checked, rules: Windows, fields: dict[str, Any]) -> dict[str, Any]:
    """Which layers see how much, and how RoPE differs for those that do not see all."""
    key, ctx = "attention.sliding_window", fields["ctx_train"]
    size = meta.integer(key, rules.size, least=0)
    if meta.has(key) and size > ctx:
        meta.fail_at(key, f"at most the context of {ctx}", size)
    local = _local_layers(meta, rules, fields["n_layers"])
    if size == 0 or not any(local):
        return {}
    rope = (fields["rope_base"], fields["rope_scale"])
    base = meta.real("rope.freq_base_swa", rules.local_base or rope[0])
    local_rope = (base, rope[1] if rules.local_scaled else 1.0)
    found: dict[str, Any] = {} if local_rope == rope else {"local_layers": tuple(local), "local_rope": local_rope}
    if size < ctx:
        found["windows"] = tuple(size if is_local else ctx for is_local in local)
    return found


def _local_layers(meta: Checked, rules: Windows, n_layers: int) -> list[bool]:
    """Whether each layer sees its window alone: a file names every how many it does not, or says it of each."""
    key = "attention.sliding_window_pattern"
    pattern = meta.value(key, rules.every)
    if isinstance(pattern, np.ndarray):
        if pattern.shape != (n_layers,) or pattern.dtype.kind not in "biu":
            found = f"an array of {len(pattern)} {pattern.dtype}"
            meta.fail_at(key, f"a whole number, or one of each of {n_layers} layers", found)
        return [bool(is_local) for is_local in pattern]
    every = meta.integer(key, rules.every, least=0)
    return [every == 0 or layer % every < every - 1 for layer in range(n_layers)]
