"""Small random models of any mix of encodings, as arrays and as GGUF files, and the reference's view of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from smjax.core.gguf.encodings import ENCODINGS, TensorInfo
from smjax.core.models.config import DecoderConfig, tensor_shapes
from smjax.core.models.source import Model
from smjax.core.native_library import library, why_missing
from smjax.core.records.scenario import Measure, Scenario
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.kernels import Setup
from tests.reference import ReferenceConfig, ReferenceDecoder

QUANT = gguf.GGMLQuantizationType
EncodingOf = Callable[[str], str]
"""The encoding of a matrix, by its tensor's name."""
NATIVE = pytest.param(
    "native", marks=pytest.mark.skipif(library() is None, reason=why_missing() if library() is None else "")
)
NOT_WRITTEN = {
    "Q6_K": {208: 18 * 73},
    "Q4_K": {0: 258, 2: 258 / 7.5},
    "Q5_K": {0: 527, 2: 527 / 15.5},
    "IQ4_NL": {0: 72},
}
"""What the gguf package does not write: the rms of random weights under each of a block's floats of 1."""
KERNELS = ["xla", NATIVE]
"""Every kernel, for a test of what any of them has to do."""


class ArrayModel:
    """A model that is held in memory; see `smjax.core.models.source.Model`."""

    name = "random"
    hash = "sha256:none"
    ignored = ()

    def __init__(self, config: DecoderConfig, stored: dict[str, tuple[TensorInfo, np.ndarray]]) -> None:
        self.config = config
        self.tensors = {name: info for name, (info, _) in stored.items()}
        self._raw = {name: raw for name, (_, raw) in stored.items()}

    def read(self, name: str) -> np.ndarray:
        return self._raw[name]

    def release(self, name: str) -> None:
        """Nothing to give back."""

    def check_weights(self) -> None:
        """They are what the test made them."""


def random_model(config: DecoderConfig, encoding_of: EncodingOf = lambda name: "F32", seed: int = 0) -> ArrayModel:
    """Weights that keep activations at their size, so that every layer, head and position counts."""
    rng = np.random.default_rng(seed)
    stored = {}
    for name, shape in tensor_shapes(config).items():
        encoding = encoding_of(name) if len(shape) == 2 else "F32"
        raw = _vector(rng, name, shape[0]) if len(shape) == 1 else random_matrix(rng, encoding, *shape)
        stored[name] = TensorInfo(name, ENCODINGS[encoding], shape), raw
    return ArrayModel(config, stored)


def _vector(rng: np.random.Generator, name: str, size: int) -> np.ndarray:
    if name == "rope_freqs.weight":
        return np.linspace(1, 8, size, dtype="<f4").view(np.uint8)
    noise = 0.2 * rng.standard_normal(size)
    return (noise if name.endswith("bias") else 1 + noise).astype("<f4").view(np.uint8)


def random_matrix(rng: np.random.Generator, encoding: str, n_out: int, n_in: int) -> np.ndarray:
    """The stored bytes of a matrix whose products with unit vectors have unit variance, uint8[n_bytes]."""
    if encoding in NOT_WRITTEN:
        blocks = rng.integers(
            0, 256, (n_out * n_in // ENCODINGS[encoding].block, ENCODINGS[encoding].block_bytes), np.uint8
        )
        for at, size in NOT_WRITTEN[encoding].items():
            blocks[:, at : at + 2] = np.array([1 / (size * np.sqrt(n_in))], "<f2").view(np.uint8)
        return blocks.reshape(-1)
    values = (rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)).astype(np.float32)
    return gguf.quants.quantize(values, QUANT[encoding]).reshape(-1).view(np.uint8)


def dequantised(raw: np.ndarray, encoding: str, shape: tuple[int, ...]) -> np.ndarray:
    """float64[shape] as llama.cpp's package reads the stored bytes."""
    if encoding == "F32":
        return raw.view("<f4").reshape(shape).astype(np.float64)
    rows = raw.reshape(*shape[:-1], -1)
    return gguf.quants.dequantize(rows, QUANT[encoding]).reshape(shape).astype(np.float64)


def reference(model: Model) -> ReferenceDecoder:
    """The float64 decoder of the same weights."""
    infos = model.tensors.values()
    tensors = {info.name: dequantised(model.read(info.name), info.encoding.name, info.shape) for info in infos}
    c = model.config
    window = min(c.windows) if c.windows else None
    sizes = (c.n_layers, c.d_model, c.n_heads, c.n_kv_heads, c.head_dim)
    return ReferenceDecoder(ReferenceConfig(c.family, *sizes, c.rope_base, c.norm_eps, window), tensors)


def write_gguf(model: Model, path: Path, **options: Any) -> Path:
    """A llama-architecture model as a file, by llama.cpp's writer with its `options`."""
    c, writer = model.config, gguf.GGUFWriter(path, "llama", **options)
    writer.add_context_length(c.ctx_train)
    writer.add_embedding_length(c.d_model)
    writer.add_block_count(c.n_layers)
    writer.add_feed_forward_length(c.d_ff)
    writer.add_head_count(c.n_heads)
    writer.add_head_count_kv(c.n_kv_heads)
    writer.add_key_length(c.head_dim)
    writer.add_rope_freq_base(c.rope_base)
    writer.add_layer_norm_rms_eps(c.norm_eps)
    for info in model.tensors.values():
        raw, kind = model.read(info.name), info.encoding.name
        if kind not in ("F16", "F32"):
            writer.add_tensor(info.name, raw.reshape(info.shape[0], -1), raw_dtype=QUANT[kind])
        else:
            writer.add_tensor(info.name, raw.view("<f2" if kind == "F16" else "<f4").reshape(info.shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def scenario(**changes: Any) -> Scenario:
    """A small scenario with some fields changed."""
    fields: dict[str, Any] = {
        "model": "gguf",
        "model_path": None,
        "engine": "smjax",
        "kernel": "xla",
        "isa": "auto",
        "threads": 1,
        "ctx": 64,
        "n_prompt": 32,
        "n_gen": 32,
        "tokens_per_dispatch": 1,
        "kv_dtype": "float16",
        "seed": 42,
        "measure": Measure(replicates=1, iterations=1, warmup=0, timeout_s=300.0, compile_cache=False),
    }
    return Scenario(**{**fields, **changes})


def loaded_engine(model: Model, **changes: Any) -> SmjaxEngine:
    """An engine of a small scenario with its weights in memory, not compiled; its products of many columns are f32."""
    chosen = scenario(**changes)
    engine = SmjaxEngine(chosen, model, Setup(chosen.kernel, threads=chosen.threads))
    engine.load()
    return engine


def padding(model: Model) -> int:
    """Bytes that fill the last tile of 32 outputs of each packed matrix."""
    packed = [info for info in model.tensors.values() if info.encoding.block > 1]
    return sum(-info.shape[0] % 32 * info.n_bytes // info.shape[0] for info in packed)
