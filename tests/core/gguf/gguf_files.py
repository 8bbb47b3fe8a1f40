"""GGUF files for tests: healthy ones by llama.cpp's writer, broken ones byte by byte, and an attempt to read one."""

from __future__ import annotations

import struct
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import BF16, ENCODINGS, FloatType
from smjax.core.gguf.header import GGUFFile, read_gguf
from smjax.core.gguf.values import StringArray

QUANT = gguf.GGMLQuantizationType
VALUE = gguf.GGUFValueType


def random_blocks(encoding_name: str, n_rows: int, n_columns: int, seed: int = 0) -> np.ndarray:
    """uint8[n_rows, bytes of a row] of an encoding: any bytes, but finite float16 scales (positive and negative)."""
    encoding = ENCODINGS[encoding_name]
    rng = np.random.default_rng(seed)
    n_blocks = n_rows * n_columns // encoding.block
    blocks = rng.integers(0, 256, (n_blocks, encoding.block_bytes), dtype=np.uint8)
    for at in encoding.floats_at:
        floats = stored_floats(encoding.float_type, rng.standard_normal(n_blocks))
        blocks[:, at : at + encoding.float_type.n_bytes] = floats
    return blocks.reshape(n_rows, -1)


def stored_floats(kind: FloatType, values: np.ndarray) -> np.ndarray:
    """uint8[n, bytes] of numbers as a file has them, rounded where that is to bfloat16 towards zero."""
    if kind == BF16:
        return np.ascontiguousarray(values.astype("<f4")[:, None].view(np.uint8)[:, 2:])
    return values.astype(f"<f{kind.n_bytes}")[:, None].view(np.uint8)


def write_healthy(path: Path, n_tokens: int = 3000, alignment: int | None = None) -> Path:
    """A file with every kind of metadata value and one tensor of each encoding that smjax reads."""
    writer = gguf.GGUFWriter(path, "llama")
    if alignment is not None:
        writer.add_custom_alignment(alignment)
    numbers = (("UINT8", 200), ("INT8", -3), ("UINT16", 60000), ("INT16", -300), ("UINT32", 4_000_000_000))
    wide = (("INT32", -70000), ("UINT64", 2**63), ("INT64", -(2**40)), ("FLOAT32", 0.1), ("FLOAT64", 0.1))
    for kind, number in (*numbers, *wide, ("BOOL", True), ("STRING", "Zoë\n😀")):
        writer.add_key_value(f"test.{kind.lower()}", number, VALUE[kind])
    writer.add_array("test.floats", [0.5, -1.25, 3e38])
    writer.add_array("test.flags", [True, False, True])
    writer.add_array("test.bytes", bytes(range(100)))
    writer.add_token_list([f"token {i} é" for i in range(n_tokens)])
    writer.add_token_types([1 + i % 6 for i in range(n_tokens)])
    writer.add_tensor("norm.weight", np.linspace(-1, 1, 77, dtype=np.float32))
    writer.add_tensor("half", np.linspace(-1, 1, 2 * 3 * 5 * 7, dtype=np.float16).reshape(2, 3, 5, 7))
    for name in (name for name, encoding in ENCODINGS.items() if encoding.block > 1 or name == "BF16"):
        writer.add_tensor(f"{name}.weight", random_blocks(name, 6, 512), raw_dtype=QUANT[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def string(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str | bytes, kind: int, value: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + value


def array(element: int, count: int, values: bytes = b"") -> bytes:
    return struct.pack("<IQ", element, count) + values


@dataclass(frozen=True)
class Tensor:
    """One tensor's description; by default of one Q4_0 row of 32 weights."""

    name: str | bytes = "token_embd.weight"
    dims: tuple[int, ...] = (32,)
    code: int = 2
    offset: int = 0

    def packed(self) -> bytes:
        layout = f"<I{len(self.dims)}QIQ"
        return string(self.name) + struct.pack(layout, len(self.dims), *self.dims, self.code, self.offset)


def write_raw(
    path: Path,
    *,
    pairs: tuple[bytes, ...] = (),
    tensors: tuple[Tensor, ...] = (),
    version: int = 3,
    n_pairs: int | None = None,
    n_tensors: int | None = None,
    data_bytes: int = 64,
) -> Path:
    """A file of any header, followed by zeroed data from the next multiple of 32 on; counts may lie."""
    counts = (len(tensors) if n_tensors is None else n_tensors, len(pairs) if n_pairs is None else n_pairs)
    head = b"GGUF" + struct.pack("<IQQ", version, *counts)
    head += b"".join(pairs) + b"".join(tensor.packed() for tensor in tensors)
    path.write_bytes(head + bytes(-len(head) % 32 + data_bytes))
    return path


def use_everything(file: GGUFFile) -> None:
    """Whatever parsed must also be readable."""
    for value in file.metadata.values():
        if isinstance(value, StringArray):
            assert sum(1 for _ in value) == len(value)
        elif isinstance(value, np.ndarray):
            value.tobytes()
    for name, info in file.tensors.items():
        assert file.read(name).nbytes == info.n_bytes
        file.read(name).max()


def attempt(path: Path) -> tuple[str | None, int]:
    """The error of reading the file (None if it parsed), and the growth of memory while it was parsed, bytes."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    error = None
    try:
        file = read_gguf(path)
    except RequestError as wrong:
        error = str(wrong)
    growth = tracemalloc.get_traced_memory()[1] - before
    if error is None:
        with file:
            use_everything(file)
        return None, growth
    assert error.startswith(f"{path}: ")
    assert error.isprintable()  # and so on one line
    assert all(word in error for word in ("expected ", ", found ", "; "))
    assert len(error) < len(str(path)) + 400
    return error, growth
