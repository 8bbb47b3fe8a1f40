"""What is known of an encoding: its sizes, and where a float in it can be none."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from smjax.core.gguf.encodings import ENCODINGS, Encoding
from tests.core.gguf.gguf_files import random_blocks

NOT_FINITE = {"<f2": (0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFFFF), "<f4": (0x7F800000, 0xFF800000, 0x7F800001, 0xFFFFFFFF)}
FINITE = {"<f2": (0x0000, 0x8000, 0x7BFF, 0xFBFF, 0x0001, 0x83FF), "<f4": (0, 0x80000000, 0x7F7FFFFF, 0xFF7FFFFF, 1)}
N_BLOCKS = 240


def with_float(encoding: Encoding, block: int, bits: int) -> np.ndarray:
    """Stored bytes, all other bytes of them 255 where they are no float, with one float of these bits."""
    size = np.dtype(encoding.float_type).itemsize
    blocks = random_blocks(encoding.name, 1, N_BLOCKS * encoding.block).reshape(N_BLOCKS, -1)
    floats = blocks[:, encoding.float_at : encoding.float_at + size].copy()
    floats[:] = np.ones(1, encoding.float_type).view(np.uint8)
    floats[block] = np.array([bits], f"<u{size}").view(np.uint8)
    blocks[:] = 255
    blocks[:, encoding.float_at : encoding.float_at + size] = floats
    return blocks.reshape(-1)


@pytest.mark.parametrize("block", [0, 1, 101, N_BLOCKS - 1])
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_float_that_is_none_is_found_wherever_it_is(name: str, block: int) -> None:
    encoding = ENCODINGS[name]
    for bits in NOT_FINITE[encoding.float_type]:
        raw = with_float(encoding, block, bits)
        assert encoding.first_not_finite(raw) == block, hex(bits)
        with np.errstate(invalid="ignore"):
            assert not np.isfinite(encoding.dequantise(raw, (N_BLOCKS, encoding.block))[block]).any()
    for bits in FINITE[encoding.float_type]:
        raw = with_float(encoding, block, bits)
        assert encoding.first_not_finite(raw) is None, hex(bits)
        assert np.isfinite(encoding.dequantise(raw, (N_BLOCKS * encoding.block,))).all()


@pytest.mark.parametrize("name", ENCODINGS)
def test_nothing_is_finite(name: str) -> None:
    assert ENCODINGS[name].first_not_finite(np.empty(0, np.uint8)) is None


@pytest.mark.parametrize("name", ENCODINGS)
def test_sizes_are_those_of_the_gguf_package(name: str) -> None:
    encoding, kind = ENCODINGS[name], gguf.GGMLQuantizationType[name]
    assert (encoding.code, encoding.block, encoding.block_bytes) == (int(kind), *gguf.GGML_QUANT_SIZES[kind])
    assert encoding.row_bytes(2048) == gguf.quant_shape_to_byte_shape((2048,), kind)[0]
    assert encoding.vector == (encoding.block == 1)
