"""What is known of an encoding: its sizes, and where a float in it can be none."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from smjax.core.gguf.encodings import BF16, ENCODINGS, F16, F32, Encoding
from tests.core.gguf.gguf_files import random_blocks, stored_floats

NOT_FINITE = {
    F16: (0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFFFF),
    BF16: (0x7F80, 0xFF80, 0x7F81, 0x7FC0, 0xFFFF),
    F32: (0x7F800000, 0xFF800000, 0x7F800001, 0xFFFFFFFF),
}
FINITE = {
    F16: (0x0000, 0x8000, 0x7BFF, 0xFBFF, 0x0001, 0x83FF),
    BF16: (0x0000, 0x8000, 0x7F7F, 0xFF7F, 0x0001, 0x807F),
    F32: (0, 0x80000000, 0x7F7FFFFF, 0xFF7FFFFF, 1),
}
FLOATS = [(name, place) for name, encoding in ENCODINGS.items() for place in encoding.floats_at]
N_BLOCKS = 240


def with_float(encoding: Encoding, place: int, block: int, bits: int) -> np.ndarray:
    """Stored bytes, all other bytes of them 255 where they are no float, with one float of these bits."""
    size = encoding.float_type.n_bytes
    blocks = np.full((N_BLOCKS, encoding.block_bytes), 255, np.uint8)
    for at in encoding.floats_at:
        blocks[:, at : at + size] = stored_floats(encoding.float_type, np.ones(N_BLOCKS))
    blocks[block, place : place + size] = np.array([bits], f"<u{size}").view(np.uint8)
    return blocks.reshape(-1)


@pytest.mark.parametrize("block", [0, 1, 101, N_BLOCKS - 1])
@pytest.mark.parametrize(("name", "place"), FLOATS)
def test_a_float_that_is_none_is_found_wherever_it_is(name: str, place: int, block: int) -> None:
    encoding = ENCODINGS[name]
    for bits in NOT_FINITE[encoding.float_type]:
        raw = with_float(encoding, place, block, bits)
        assert encoding.first_not_finite(raw) == block, hex(bits)
        with np.errstate(invalid="ignore"):
            assert not np.isfinite(encoding.dequantise(raw, (N_BLOCKS, encoding.block))[block]).any()
    for bits in FINITE[encoding.float_type]:
        raw = with_float(encoding, place, block, bits)
        assert encoding.first_not_finite(raw) is None, hex(bits)
        assert np.isfinite(encoding.dequantise(raw, (N_BLOCKS * encoding.block,))).all()


@pytest.mark.parametrize("name", ["Q4_1", "Q5_K"])
def test_of_several_floats_the_first_block_is_named(name: str) -> None:
    encoding = ENCODINGS[name]
    for blocks in ((7, 5), (5, 7), (5, 5)):
        raw = with_float(encoding, 0, blocks[0], 0x7C00)
        raw.reshape(N_BLOCKS, -1)[blocks[1], 2:4] = [0xFF, 0xFF]
        assert encoding.first_not_finite(raw) == 5


@pytest.mark.parametrize("name", ENCODINGS)
def test_of_mutated_blocks_those_that_mean_no_number_are_found(name: str) -> None:
    encoding, rng = ENCODINGS[name], np.random.default_rng(500)
    healthy, n_found = random_blocks(name, 20, encoding.block).reshape(-1), 0
    for _ in range(500):
        raw = healthy.copy()
        block, place = rng.integers(20), rng.choice([*range(encoding.block_bytes), *encoding.floats_at * 20])
        spoilt = raw[block * encoding.block_bytes + place :][:2]
        spoilt[:] = rng.choice([0, 124, 128, 252, 255], len(spoilt))
        with np.errstate(invalid="ignore", over="ignore"):
            finite = np.isfinite(encoding.dequantise(raw, (20, encoding.block))).all(axis=1)
        found = encoding.first_not_finite(raw)
        assert found == (None if finite.all() else int(np.argmin(finite)))
        n_found += found is not None
    assert 0 < n_found < 500


@pytest.mark.parametrize("name", ENCODINGS)
def test_nothing_is_finite(name: str) -> None:
    assert ENCODINGS[name].first_not_finite(np.empty(0, np.uint8)) is None


@pytest.mark.parametrize("name", ENCODINGS)
def test_sizes_are_those_of_the_gguf_package(name: str) -> None:
    encoding, kind = ENCODINGS[name], gguf.GGMLQuantizationType[name]
    assert (encoding.code, encoding.block, encoding.block_bytes) == (int(kind), *gguf.GGML_QUANT_SIZES[kind])
    assert encoding.row_bytes(2048) == gguf.quant_shape_to_byte_shape((2048,), kind)[0]
    assert encoding.vector == (encoding.block == 1)
