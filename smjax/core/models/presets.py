"""Models of real shapes with seeded weights, made at load: no file, no download.

The weights are Q4_0 blocks of uniform random nibbles, scaled so that activations keep their size. A decoder's speed
does not depend on the weights' values, only on their shapes and encodings.
"""

from __future__ import annotations

import hashlib
import math
import zlib

import numpy as np

from smjax.core.gguf.encodings import ENCODINGS, Encoding, TensorInfo
from smjax.core.models.config import DecoderConfig, tensor_shapes
from smjax.core.models.families import decoder

PART = 1 << 16
"""Blocks of a matrix that are made at once."""
RECIPE = 2
"""Counts up when the bytes that a seed gives change."""


def _llama(d: int, layers: int, heads: int, kv_heads: int, ff: int, ctx: int) -> DecoderConfig:
    return decoder("llama", layers, d, heads, kv_heads, d // heads, ff, 32_000, ctx, norm_eps=1e-5, tied=False)


PRESETS = {
    "tinystories-1m": decoder(
        "gpt-neo", 8, 64, 16, 16, 4, 256, 50_257, 2048, norm_eps=1e-5, tied=True, windows=(2048, 256) * 4
    ),
    "stories-15m": _llama(288, 6, 6, 6, 768, 2048),
    "stories-110m": _llama(768, 12, 12, 12, 2048, 4096),
    "tinyllama-1.1b": _llama(2048, 22, 32, 4, 5632, 2048),
}


class PresetModel:
    """Seeded weights for a decoder, behind the same interface as a GGUF file's (`smjax.core.models.source.Model`)."""

    def __init__(self, name: str, config: DecoderConfig, seed: int) -> None:
        self.name = name
        self.ignored: tuple[str, ...] = ()
        self.seed = seed
        self.config = config
        shapes = tensor_shapes(self.config)
        self.tensors = {key: TensorInfo(key, _encoding(key, shape), shape) for key, shape in shapes.items()}
        recipe = f"smjax preset {name} {_sizes(config)} seed {seed} recipe {RECIPE}"
        self.hash = "sha256:" + hashlib.sha256(recipe.encode()).hexdigest()

    def read(self, name: str) -> np.ndarray:
        """The stored bytes of a tensor, uint8[n_bytes]; the same for the same seed on every machine."""
        info = self.tensors[name]
        # random_raw is the one stream that NumPy promises never to change (NEP 19).
        stream = np.random.PCG64([self.seed, zlib.crc32(name.encode())])
        if info.encoding.name == "Q4_0":
            return _random_q4_0(stream, info.shape[0], info.shape[1])
        noise = 0.1 * _uniform(stream, math.prod(info.shape))
        values = 1 + noise if name.endswith("norm.weight") else noise
        return values.astype(np.float16 if info.encoding.name == "F16" else np.float32).view(np.uint8)

    def release(self, name: str) -> None:
        """Nothing is held between reads."""

    def check_weights(self) -> None:
        """Those that are made here are healthy."""


def _sizes(config: DecoderConfig) -> str:
    """A decoder as the recipe has named it from the first, so that a preset keeps its hash as fields are added."""
    sizes = ("n_layers", "d_model", "n_heads", "n_kv_heads", "head_dim", "d_ff", "n_vocab", "ctx_train")
    others = ("norm_eps", "tied", "rope_base", "rope_factors")
    named = {name: getattr(config, name) for name in ("family", *sizes, *others)}
    named |= {"rope_factors": bool(config.rope_factors), "window": min(config.windows) if config.windows else None}
    return f"DecoderConfig({', '.join(f'{name}={value!r}' for name, value in named.items())})"


def _encoding(name: str, shape: tuple[int, ...]) -> Encoding:
    if name == "position_embd.weight":  # quantisers leave it alone, as it is looked up and never multiplied
        return ENCODINGS["F16"]
    return ENCODINGS["Q4_0" if len(shape) == 2 else "F32"]


def _uniform(stream: np.random.PCG64, n: int) -> np.ndarray:
    """float64[n] in [-1, 1)."""
    return (stream.random_raw(n) >> np.uint64(11)) * 2.0**-52 - 1


def _random_q4_0(stream: np.random.PCG64, n_out: int, n_in: int) -> np.ndarray:
    """Blocks of a Q4_0 matrix whose products with unit vectors have unit variance, uint8[bytes]."""
    n_blocks = n_out * n_in // 32
    rms_nibble = math.sqrt((16**2 - 1) / 12 + 0.25)  # of the integers -8…7
    blocks = np.empty((n_blocks, 18), np.uint8)
    scales = blocks[:, :2]
    # In parts: what a large matrix takes for a moment would count in the worker's peak memory.
    parts = [slice(start, min(start + PART, n_blocks)) for start in range(0, n_blocks, PART)]
    for part in parts:
        raw = stream.random_raw(2 * (part.stop - part.start))
        blocks[part, 2:] = raw.astype("<u8", copy=False).view(np.uint8).reshape(-1, 16)
    for part in parts:
        size = (1 + 0.25 * _uniform(stream, part.stop - part.start)) / (rms_nibble * math.sqrt(n_in))
        scales[part] = size.astype("<f2").view(np.uint8).reshape(-1, 2)
    for part in parts:
        # Of both signs: nibbles have a mean of -0.5, and adding up over layers it would drown all that the tokens say.
        negative = _uniform(stream, part.stop - part.start) < 0
        scales[part, 1] |= negative.astype(np.uint8) << 7
    return blocks.reshape(-1)
