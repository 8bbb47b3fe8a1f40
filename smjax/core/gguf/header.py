"""GGUF files: an untrusted header checked against the file, and tensors mapped into memory.

References: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.files import open_regular
from smjax.core.gguf.encodings import ENCODINGS, Encoding, TensorInfo
from smjax.core.gguf.values import Cursor, Metadata, read_alignment, read_metadata
from smjax.core.text import printable

PAIRS_MAX = 4096
TENSORS_MAX = 16384
"""With PAIRS_MAX the bound on Python objects, about 10 MB whatever a file claims; real files have up to about 2,000."""
PAIR_BYTES_MIN = 8 + 1 + 4 + 1
TENSOR_BYTES_MIN = 8 + 1 + 4 + 8 + 4 + 8
NAME_BYTES_MAX = 64
DIMS_MAX = 4

BY_CODE = {encoding.code: encoding for encoding in ENCODINGS.values()}
GGML_TYPES = """
F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S
IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 IQ4_NL_4_4 IQ4_NL_4_8 IQ4_NL_8_8 MXFP4
NVFP4 Q1_0
""".split()  # noqa: SIM905
"""Names of all GGML tensor types by their number, to refuse the ones that smjax does not read by name."""


@dataclass(frozen=True)
class GGUFFile:
    """An open GGUF file whose header was checked; a context manager."""

    path: Path
    metadata: Metadata
    tensors: dict[str, TensorInfo]
    offsets: dict[str, int]
    """Start of each tensor's data from the beginning of the file, bytes; 0 for a tensor without elements."""
    _data: mmap.mmap

    def read(self, name: str) -> np.ndarray:
        """The stored bytes of a tensor: uint8[n_bytes], read-only, a view on the mapped file.

        Raises RequestError if the file has no such tensor.
        """
        if name not in self.tensors:
            file = printable(str(self.path), 500)
            raise RequestError(f"{file}: {name}: expected this tensor in the file, found none; convert the model again")
        return np.frombuffer(self._data, np.uint8, self.tensors[name].n_bytes, self.offsets[name])

    def home(self, name: str) -> Path:
        """The file that the tensor `name` lies in."""
        return self.path

    def release(self, name: str) -> None:
        """Give the pages of a tensor back to the system; a later read fetches them from the file again."""
        if not hasattr(mmap, "MADV_DONTNEED"):
            return
        start = self.offsets[name] // mmap.PAGESIZE * mmap.PAGESIZE
        end = self.offsets[name] + self.tensors[name].n_bytes
        self._data.madvise(mmap.MADV_DONTNEED, start, end - start)

    def close(self) -> None:
        """Unmap the file, or let the last array from `read` do so when it goes."""
        with contextlib.suppress(BufferError):
            self._data.close()

    def __enter__(self) -> GGUFFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_gguf(path: Path) -> GGUFFile:
    """Map a GGUF file (version 2 or 3, little-endian) and check its whole header.

    Raises RequestError, one line, for anything that is not a healthy file of encodings that smjax reads.
    """
    file = printable(str(path), 500)
    data = _map_file(path, file)
    try:
        cursor = Cursor(data, file)
        n_tensors, n_pairs = _read_start(cursor)
        metadata = read_metadata(cursor, n_pairs)
        tensors, relative = _read_tensors(cursor, n_tensors)
        offsets = _place_tensors(cursor, read_alignment(cursor, metadata), tensors, relative)
        return GGUFFile(path, metadata, tensors, offsets, data)
    except BaseException:
        data.close()
        raise


def _map_file(path: Path, file: str) -> mmap.mmap:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            found = "a directory" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
            raise RequestError(f"{file}: expected a GGUF file, found {found}; name the .gguf file itself")
        if status.st_size == 0:
            raise RequestError(f"{file}: expected a GGUF file, found an empty file; fetch or convert it again")
        with os.fdopen(open_regular(path, "a GGUF file"), "rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise RequestError(f"{file}: expected a GGUF file, found no such file; check the path") from None
    except PermissionError:
        raise RequestError(f"{file}: expected a readable file, found permission denied; check its mode") from None
    except (OSError, ValueError) as error:
        found = printable(getattr(error, "strerror", None) or str(error))
        raise RequestError(f"{file}: expected a readable GGUF file, found '{found}'; check the path") from None


def _read_start(cursor: Cursor) -> tuple[int, int]:
    """Magic, version and the two counts."""
    magic = cursor.data[:4]
    if magic != b"GGUF":
        cursor.where = "not a GGUF file"
        cursor.fail("magic GGUF", repr(magic)[2:-1], "convert the model with llama.cpp's convert_hf_to_gguf.py")
    cursor.skip(4, "magic")
    version = cursor.u32("version")
    if version & 0xFFFF == 0 and version >> 16:
        cursor.fail("a little-endian file", "a big-endian one", "convert it with gguf-convert-endian")
    if version == 1:
        cursor.fail("GGUF version 2 or 3", "1, whose counts have 32 bits", "convert the model with a current llama.cpp")
    if version not in (2, 3):
        cursor.fail("GGUF version 2 or 3", version, "convert the model with a current llama.cpp")
    # Tensors come first in the file; how many fit after the metadata is seen as they are read.
    n_tensors = cursor.count("tensors", TENSOR_BYTES_MIN, TENSORS_MAX)
    return n_tensors, cursor.count("metadata pairs", PAIR_BYTES_MIN, PAIRS_MAX)


def _read_tensors(cursor: Cursor, n_tensors: int) -> tuple[dict[str, TensorInfo], dict[str, int]]:
    """Descriptions of all tensors, and where each starts in the file's data section."""
    tensors: dict[str, TensorInfo] = {}
    offsets: dict[str, int] = {}
    for index in range(n_tensors):
        cursor.where = f"tensor {index + 1} of {n_tensors}"
        name = cursor.name("tensor name", NAME_BYTES_MAX)
        cursor.where = printable(name)
        if name in tensors:
            cursor.fail("each tensor once", "it twice")
        tensors[name] = _read_tensor(cursor, name)
        offsets[name] = cursor.u64("the offset")
    return tensors, offsets


def _read_tensor(cursor: Cursor, name: str) -> TensorInfo:
    n_dims = cursor.u32("the number of dimensions")
    if not 1 <= n_dims <= DIMS_MAX:
        cursor.fail(f"1 to {DIMS_MAX} dimensions", n_dims)
    dims = [cursor.u64("the dimensions") for _ in range(n_dims)]
    encoding = _read_encoding(cursor)
    if dims[0] % encoding.block and 0 not in dims:
        fix = "requantise with llama-quantize, which stores such rows as F16"
        cursor.fail(f"rows of a multiple of {encoding.block} weights ({encoding.name})", dims[0], fix)
    return TensorInfo(name, encoding, tuple(reversed(dims)))


def _read_encoding(cursor: Cursor) -> Encoding:
    code = cursor.u32("the tensor type")
    if code >= len(GGML_TYPES):
        cursor.fail(f"a tensor type below {len(GGML_TYPES)}", code)
    if code not in BY_CODE:
        fix = "requantise with llama-quantize ORIGINAL.gguf NEW.gguf Q4_0"
        cursor.fail(f"one of {', '.join(ENCODINGS)}", GGML_TYPES[code], fix)
    return BY_CODE[code]


def _place_tensors(
    cursor: Cursor, alignment: int, tensors: dict[str, TensorInfo], relative: dict[str, int]
) -> dict[str, int]:
    """Absolute offsets, each aligned, inside the file and past the end of the one before; 0 where there is no data."""
    data_start = -(-cursor.at // alignment) * alignment
    free_from = 0
    placed = [name for name, info in tensors.items() if info.n_bytes]
    for name in sorted(placed, key=relative.__getitem__):
        start, n_bytes = relative[name], tensors[name].n_bytes
        cursor.where = printable(name)
        if start % alignment:
            cursor.fail(f"an offset that is a multiple of {alignment}", start)
        if start < free_from:
            cursor.fail(f"data from {free_from} on, behind the tensor before it", start)
        free_from = start + n_bytes
        if data_start + free_from > cursor.end:
            rest = max(cursor.end - data_start - start, 0)
            cursor.fail(f"{n_bytes} bytes of {tensors[name].encoding.name} data", f"{rest} before the end of the file")
    return dict.fromkeys(tensors, 0) | {name: data_start + relative[name] for name in placed}
