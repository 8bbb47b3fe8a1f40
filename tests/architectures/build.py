"""A random model of an architecture as a GGUF file, by llama.cpp's writer: any sizes, encodings and metadata.

Nothing of smjax takes part: which tensors a file has and what it says of itself is written down here once more.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np

QUANT, VALUE = gguf.GGMLQuantizationType, gguf.GGUFValueType

_NORMED = ("attn_norm", "ffn_norm")
_SEPARATE = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_POST = ("post_attention_norm", "post_ffw_norm")
_HEADS = ("attn_q_norm", "attn_k_norm")
_FUSED = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
LAYERS: dict[str, tuple[str, ...]] = {
    "llama": _NORMED + _SEPARATE,
    "qwen2": _NORMED + _SEPARATE + ("attn_q.bias", "attn_k.bias", "attn_v.bias"),
    "qwen3": _NORMED + _SEPARATE + _HEADS,
    "gemma2": _NORMED + _SEPARATE + _POST,
    "gemma3": _NORMED + _SEPARATE + _POST + _HEADS,
    "phi3": _NORMED + _FUSED,
    "gpt2": _NORMED + _FUSED + tuple(f"{name}.bias" for name in _NORMED + _FUSED),
    "olmo2": _SEPARATE + _POST + _HEADS,
    "granite": _NORMED + _SEPARATE,
    "stablelm": _NORMED + _SEPARATE + tuple(f"{name}.bias" for name in _NORMED),
}
"""Tensors of a layer; without an ending, weights."""
LAYER_NORM = ("gpt2", "stablelm")


@dataclass(frozen=True)
class Case:
    """A model: its sizes, what its file says beyond them, and how it is stored."""

    architecture: str
    n_layers: int = 3
    d_model: int = 64
    n_heads: int = 4
    n_kv_heads: int = 2
    head_dim: int = 16
    d_ff: int = 96
    n_vocab: int = 64
    ctx: int = 256
    tied: bool = True
    keys: Mapping[str, Any] = field(default_factory=dict)
    """By name without the architecture: an int is written as uint32, a float as float32; None leaves one out."""
    more: tuple[str, ...] = ()
    """Tensors of a layer beyond the usual."""
    less: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    """Tensors that divide RoPE's frequencies."""
    n_turned: int | None = None
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Tensors that no layer has, by their whole names."""
    encoding: str = "Q8_0"
    encodings: Mapping[str, str] = field(default_factory=dict)
    """Of some tensors, by their whole names or those without `blk.N.`."""
    size: float = 1.0
    """Of the weights, as a multiple of what keeps activations at their size."""
    seed: int = 0


def shapes(case: Case) -> dict[str, tuple[int, ...]]:
    """Every tensor of the file."""
    d, layers = case.d_model, LAYERS[case.architecture] + case.more
    found: dict[str, tuple[int, ...]] = {"token_embd.weight": (case.n_vocab, d), "output_norm.weight": (d,)}
    if case.architecture in LAYER_NORM:
        found["output_norm.bias"] = (d,)
    if case.architecture == "gpt2":
        found["position_embd.weight"] = (case.ctx, d)
    found |= dict.fromkeys(case.factors, ((case.n_turned or case.head_dim) // 2,))
    if not case.tied:
        found["output.weight"] = (case.n_vocab, d)
    for i in range(case.n_layers):
        for name in (name for name in layers if name not in case.less):
            stem, _, ending = name.partition(".")
            shape = _layer_shape(case, stem)
            found[f"blk.{i}.{stem}.{ending or 'weight'}"] = shape[:1] if ending == "bias" else shape
    return {**found, **case.others}


def _layer_shape(case: Case, stem: str) -> tuple[int, ...]:
    d, f, h = case.d_model, case.d_ff, case.head_dim
    q, kv = case.n_heads * h, case.n_kv_heads * h
    if stem in _HEADS:
        n, all_heads = (case.n_heads, q) if stem == "attn_q_norm" else (case.n_kv_heads, kv)
        return {"olmo2": (all_heads,), "stablelm": (n, h)}.get(case.architecture, (h,))
    return {
        "attn_q": (q, d),
        "attn_k": (kv, d),
        "attn_v": (kv, d),
        "attn_qkv": (q + 2 * kv, d),
        "attn_output": (d, q),
        "ffn_gate": (f, d),
        "ffn_up": (2 * f if case.architecture == "phi3" else f, d),
        "ffn_down": (d, f),
    }.get(stem, (d,))


def values(case: Case) -> dict[str, np.ndarray]:
    """float32 of every tensor, the same on every machine."""
    return {name: _values(case, name, shape) for name, shape in shapes(case).items()}


def _values(case: Case, name: str, shape: tuple[int, ...]) -> np.ndarray:
    # random_raw is the one stream that NumPy promises never to change (NEP 19): four sums of it make a bell.
    stream = np.random.PCG64([case.seed, zlib.crc32(name.encode())])
    raw = stream.random_raw(4 * int(np.prod(shape))).reshape(4, *shape)
    noise = ((raw >> np.uint64(11)) * 2.0**-53 - 0.5).sum(axis=0) * np.sqrt(3)
    if name.startswith("rope_"):
        return np.linspace(1, 4 if "short" in name else 9, shape[0], dtype=np.float32)
    if name.endswith(".bias"):
        return np.float32(0.3 * noise)
    if name.endswith("norm.weight"):
        return np.float32(1 + 0.2 * noise)
    if name.startswith(("token_embd", "position_embd")):
        # Small, so that a tied model does not find the id that it was given the likeliest.
        return np.float32(noise * (0.1 if case.architecture.startswith("gemma") else 0.25))
    return np.float32(case.size * noise / np.sqrt(shape[-1]))


def metadata(case: Case) -> dict[str, Any]:
    """Keys, without the architecture, of a usual file."""
    epsilon = "layer_norm_epsilon" if case.architecture in LAYER_NORM else "layer_norm_rms_epsilon"
    return {
        "context_length": case.ctx,
        "embedding_length": case.d_model,
        "block_count": case.n_layers,
        "feed_forward_length": case.d_ff,
        "attention.head_count": case.n_heads,
        "attention.head_count_kv": case.n_kv_heads,
        f"attention.{epsilon}": 1e-5,
        **({} if case.n_turned is None else {"rope.dimension_count": case.n_turned}),
        **case.keys,
    }


def write(case: Case, path: Path) -> Path:
    """The model as a file with a vocabulary of made-up words."""
    writer = gguf.GGUFWriter(path, case.architecture)
    for key, value in metadata(case).items():
        _add(writer, f"{case.architecture}.{key}", value)
    _add_vocabulary(writer, case.n_vocab)
    for name, numbers in values(case).items():
        encoding = _encoding(case, name, numbers.shape)
        data = gguf.quants.quantize(numbers, QUANT[encoding])
        writer.add_tensor(name, data, raw_dtype=QUANT[encoding])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _encoding(case: Case, name: str, shape: tuple[int, ...]) -> str:
    short = name.split(".", 2)[2] if name.startswith("blk.") else name
    is_vector = len(shape) == 1 or name.endswith("norm.weight") or name == "position_embd.weight"
    return case.encodings.get(name) or case.encodings.get(short) or ("F32" if is_vector else case.encoding)


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    match value:
        case None:
            pass
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case float():
            writer.add_float32(key, value)
        case str():
            writer.add_string(key, value)
        case _:
            writer.add_array(key, list(value))


def _add_vocabulary(writer: gguf.GGUFWriter, n_vocab: int) -> None:
    words = ["<unk>", "<s>", "</s>", "<0x0A>"]
    words += [f"▁w{i}" for i in range(n_vocab - len(words))]
    kinds = [2, 3, 3, 6]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_scores([-float(i) for i in range(n_vocab)])
    writer.add_token_types(kinds + [1] * (n_vocab - len(kinds)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def digest(case: Case) -> str:
    """Of the weights: answers are those of other weights where it differs."""
    found = hashlib.sha256()
    for name, numbers in values(case).items():
        found.update(name.encode() + numbers.tobytes())
    return found.hexdigest()[:16]
