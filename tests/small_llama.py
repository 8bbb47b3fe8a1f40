"""A small llama model as a GGUF file, healthy or spoilt in one place, written byte by byte."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from smjax.core.gguf.encodings import ENCODINGS, TensorInfo
from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from tests.core.gguf.gguf_files import Tensor, array, pair, string

CONFIG = decoder("llama", 2, 64, 4, 2, 16, 96, 300, 64, norm_eps=1e-5, tied=False)
UINT16, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 2, 4, 5, 6, 7, 8, 9, 10
ALIGNMENT = 32

Value = tuple[int, bytes]
"""A metadata value as it lies in a file: its type's number and its bytes."""


def u32(number: int) -> Value:
    return UINT32, struct.pack("<I", number)


def i32(number: int) -> Value:
    return INT32, struct.pack("<i", number)


def u64(number: int) -> Value:
    return UINT64, struct.pack("<Q", number)


def f32(number: float) -> Value:
    return FLOAT32, struct.pack("<f", number)


def text(characters: str) -> Value:
    return STRING, string(characters)


def u16(number: int) -> Value:
    return UINT16, struct.pack("<H", number)


def i32s(*numbers: int) -> Value:
    return ARRAY, array(INT32, len(numbers), struct.pack(f"<{len(numbers)}i", *numbers))


def texts(*members: str) -> Value:
    return ARRAY, array(STRING, len(members), b"".join(map(string, members)))


TRUE: Value = (BOOL, b"\1")


def metadata(config: DecoderConfig) -> dict[str, Value]:
    """What a llama file says about itself."""
    return {
        "general.architecture": text("llama"),
        "llama.context_length": u32(config.ctx_train),
        "llama.embedding_length": u32(config.d_model),
        "llama.block_count": u32(config.n_layers),
        "llama.feed_forward_length": u32(config.d_ff),
        "llama.attention.head_count": u32(config.n_heads),
        "llama.attention.head_count_kv": u32(config.n_kv_heads),
        "llama.rope.dimension_count": u32(config.head_dim),
        "llama.rope.freq_base": f32(config.rope_base),
        "llama.attention.layer_norm_rms_epsilon": f32(config.norm_eps),
    }


@dataclass(frozen=True)
class Change:
    """What a tensor's description says instead of the truth; its data stays as it is."""

    dims: tuple[int, ...] | None = None
    """As in the file: the number of inputs first."""
    code: int | None = None


def write_llama(
    path: Path,
    *,
    says: Mapping[str, Value | None] | None = None,
    tensors: Mapping[str, Change | None] | None = None,
    data: Mapping[str, bytes] | None = None,
    config: DecoderConfig = CONFIG,
    version: int = 3,
    sparse: bool = False,
) -> Path:
    """Write the model with other metadata, tensor descriptions (None leaves either out) or data of some tensors.

    A `sparse` file has all its size and none of its data.
    """
    model = PresetModel("small", config, seed=7)
    kept = [info for info in model.tensors.values() if (tensors or {}).get(info.name, Change()) is not None]
    described, offset = [], 0
    for info in kept:
        described.append(_described(info, (tensors or {}).get(info.name) or Change(), offset))
        offset += -(-info.n_bytes // ALIGNMENT) * ALIGNMENT
    pairs = {key: value for key, value in {**metadata(config), **(says or {})}.items() if value is not None}
    head = b"GGUF" + struct.pack("<IQQ", version, len(kept), len(pairs))
    head += b"".join(pair(key, *value) for key, value in pairs.items())
    head += b"".join(tensor.packed() for tensor in described)
    with path.open("wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT))
        for info in () if sparse else kept:
            raw = (data or {}).get(info.name) or model.read(info.name).tobytes()
            file.write(raw + bytes(-len(raw) % ALIGNMENT))
    if sparse:
        os.truncate(path, len(head) + ALIGNMENT + offset)
    return path


def write_split(folder: Path, count: int, says: Mapping[int, Mapping[str, Value | None]] | None = None) -> list[Path]:
    """The model in `count` shards, as llama.cpp splits one: the first describes it. `says` spoils some of them."""
    names = list(PresetModel("small", CONFIG, seed=7).tensors)
    size = -(-len(names) // count)
    paths = []
    for i in range(count):
        place = {"split.no": u16(i), "split.count": u16(count), "split.tensors.count": i32(len(names))}
        about = {} if i == 0 else dict.fromkeys(metadata(CONFIG))
        elsewhere = dict.fromkeys(names[: i * size] + names[(i + 1) * size :])
        path = folder / f"small-{i + 1:05}-of-{count:05}.gguf"
        paths.append(write_llama(path, says={**about, **place, **(says or {}).get(i, {})}, tensors=elsewhere))
    return paths


def _described(info: TensorInfo, change: Change, offset: int) -> Tensor:
    dims = tuple(reversed(info.shape)) if change.dims is None else change.dims
    return Tensor(info.name, dims, info.encoding.code if change.code is None else change.code, offset)


def larger_than(n_bytes: int) -> DecoderConfig:
    """A model whose weights take more than `n_bytes`."""
    wide = replace(CONFIG, d_model=4096, head_dim=1024)
    bytes_per_hidden = 3 * wide.n_layers * wide.d_model // 32 * ENCODINGS["Q4_0"].block_bytes
    return replace(wide, d_ff=(n_bytes // bytes_per_hidden // 32 + 1) * 32)
