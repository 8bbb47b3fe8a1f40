"""Shapes of models as files for every engine: seeded weights, each matrix in the encoding that quantisers give it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from smjax.core.gguf.encodings import ENCODINGS, Encoding, TensorInfo
from smjax.core.models.config import DecoderConfig
from smjax.core.models.export import export_model
from smjax.core.models.families import decoder
from smjax.core.models.presets import PRESETS, PresetModel

Mixture = Callable[[DecoderConfig, str, int], str]
"""The encoding of a matrix: by its name without `blk.N.`, and the number of its layer (0 outside the layers)."""
OUTPUT = "token_embd.weight"
"""Of the shapes with a mixture, all of which are tied."""
SEED = 42


@dataclass(frozen=True)
class Shape:
    """A decoder, and how its matrices are stored."""

    config: DecoderConfig
    mixture: Mixture | None = None
    """None for Q4_0 alone."""


def q4_0(config: DecoderConfig, name: str, layer: int) -> str:
    """As llama-quantize makes Q4_0 with an importance matrix."""
    if name == OUTPUT:
        return stand_in(config, name, "Q6_K")
    return "Q4_1" if name == "ffn_down.weight" and layer < config.n_layers // 8 else "Q4_0"


def q4_k_m(config: DecoderConfig, name: str, layer: int) -> str:
    """As it makes Q4_K_M: the outer layers and each third between them have some matrices in 6 bits."""
    eighth = config.n_layers // 8
    outer = layer < eighth or layer >= 7 * config.n_layers // 8
    more = name in ("attn_v.weight", "ffn_down.weight") and (outer or (layer - eighth) % 3 == 2)
    return stand_in(config, name, "Q6_K" if more or name == OUTPUT else "Q4_K")


def stand_in(config: DecoderConfig, name: str, encoding: str) -> str:
    """What takes the place of a K-quant whose blocks do not fill a row."""
    n_in = {"ffn_down.weight": config.d_ff, "attn_output.weight": config.n_heads * config.head_dim}
    if n_in.get(name, config.d_model) % ENCODINGS[encoding].block == 0:
        return encoding
    return {"Q4_K": "Q5_0", "Q6_K": "Q8_0"}[encoding]


SMOLLM2_135M = decoder("llama", 30, 576, 9, 3, 64, 1536, 49_152, 8192, 1e-5, tied=True, rope_base=100_000.0)
LLAMA_1B = decoder("llama", 16, 2048, 32, 8, 64, 8192, 128_256, 8192, 1e-5, tied=True, rope_base=500_000.0)
QWEN3_0_6B = decoder("qwen3", 28, 1024, 16, 8, 128, 3072, 151_936, 8192, 1e-6, tied=True, rope_base=1e6)
SHAPES = {
    "d64-8l": Shape(
        replace(
            PRESETS["stories-15m"],
            d_model=64,
            n_layers=8,
            n_heads=16,
            n_kv_heads=16,
            head_dim=4,
            d_ff=256,
            n_vocab=50_272,
        )
    ),
    **{name: Shape(PRESETS[name]) for name in ("stories-15m", "stories-110m", "tinyllama-1.1b")},
    "smollm2-135m-q4_0": Shape(SMOLLM2_135M, q4_0),
    "smollm2-135m-q4_k_m": Shape(SMOLLM2_135M, q4_k_m),
    "llama-1b-q4_0": Shape(LLAMA_1B, q4_0),
    "llama-1b-q4_k_m": Shape(LLAMA_1B, q4_k_m),
    "qwen3-0.6b-q4_0": Shape(QWEN3_0_6B, q4_0),
    "qwen3-0.6b-q4_k_m": Shape(QWEN3_0_6B, q4_k_m),
}


class MixedModel(PresetModel):
    """Seeded weights as `PresetModel` has them, in other encodings."""

    def __init__(self, name: str, shape: Shape) -> None:
        super().__init__(name, shape.config, SEED)
        if shape.mixture:
            for key, info in self.tensors.items():
                if len(info.shape) == 2:
                    self.tensors[key] = replace(info, encoding=_encoding(shape.mixture, shape.config, key))

    def read(self, name: str) -> np.ndarray:
        """The stored bytes of a tensor, uint8[n_bytes]."""
        info = self.tensors[name]
        if len(info.shape) < 2 or info.encoding.name == "Q4_0":
            return super().read(name)
        return random_blocks(info, SEED)


def _encoding(mixture: Mixture, config: DecoderConfig, key: str) -> Encoding:
    layer, name = key.split(".", 2)[1:] if key.startswith("blk.") else ("0", key)
    return ENCODINGS[mixture(config, name, int(layer))]


def random_blocks(info: TensorInfo, seed: int) -> np.ndarray:
    """Random blocks of a matrix whose products with unit vectors have about unit variance, uint8[n_bytes]."""
    encoding = info.encoding
    raw = np.random.PCG64([seed, zlib.crc32(info.name.encode())]).random_raw(-(-info.n_bytes // 8))
    blocks = raw.view(np.uint8)[: info.n_bytes].reshape(-1, encoding.block_bytes)
    negative = blocks[:, encoding.floats_at[0]] & 0x80  # half of the blocks: no weight has a mean of its own
    scale = np.array([1.0], "<f2").view(np.uint8)
    for at in encoding.floats_at:
        blocks[:, at : at + 2] = scale
    size = np.sqrt(np.mean(encoding.blocks_to_f32(blocks[:256]) ** 2) * info.shape[1])
    scale = np.array([1 / size], "<f2").view(np.uint8)
    for at in encoding.floats_at:
        blocks[:, at : at + 2] = scale
        blocks[:, at + 1] |= negative
    return blocks.reshape(-1)


def exported(shape: str, folder: Path) -> Path:
    """The shape's file in the folder, made where it is not there yet."""
    path = folder / f"{shape}.gguf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        export_model(MixedModel(shape, SHAPES[shape]), path)
    return path
