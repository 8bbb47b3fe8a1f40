"""What a file's weights hold, whatever its header says: numbers that are none are found before anybody computes."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.gguf.header import GGUFFile, read_gguf
from smjax.core.models.families import decoder
from smjax.core.models.source import open_model
from tests.architectures.build import Case, write
from tests.small_llama import write_split
from tests.worker.models import random_model, write_gguf

STORED = {
    f"blk.{i}.{part}.weight": encoding
    for (i, part), encoding in zip(
        [(i, part) for i in range(3) for part in ("attn_q", "attn_k", "ffn_gate", "ffn_down")],
        [*(name for name in ENCODINGS if name != "F32"), "Q4_0"],
        strict=True,
    )
}
"""Every encoding, each in one matrix at least."""


def refusal(path: Path) -> str:
    with pytest.raises(RequestError) as error:
        open_model("gguf", str(path), 0).check_weights()
    return str(error.value)


def overwrite(path: Path, at: int, raw: bytes) -> bytes:
    """Of a file; returns what was there."""
    with path.open("r+b", buffering=0) as file:
        before = os.pread(file.fileno(), len(raw), at)
        os.pwrite(file.fileno(), raw, at)
    return before


def spoil(path: Path, file: GGUFFile, name: str, row: int, at: int, bits: int) -> tuple[int, bytes]:
    """Overwrite the float that begins at byte `at` of the last block of a row; its place, and what was there."""
    info = file.tensors[name]
    encoding, n_in = info.encoding, info.shape[-1]
    size = encoding.float_type.n_bytes
    end = file.offsets[name] + (row + 1) * encoding.row_bytes(n_in)
    place = end - encoding.block_bytes + at + size - 2  # of a float32 the upper half
    return place, overwrite(path, place, bits.to_bytes(2, "little"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = decoder("llama", 3, 256, 4, 2, 64, 256, 300, 64, 1e-5, tied=False)
    model = random_model(config, lambda name: STORED.get(name, "F32" if name.startswith("token") else "Q4_0"))
    return write_gguf(model, tmp_path_factory.mktemp("weights") / "random.gguf")


@pytest.mark.parametrize("bits", [0x7F80, 0xFF81, 0x7FFF])
def test_one_number_that_is_none_is_named_by_tensor_and_place(bits: int, path: Path) -> None:
    """Bits that are no number in any of the float types."""
    open_model("gguf", str(path), 0).check_weights()
    with read_gguf(path) as file:
        assert {info.encoding.name for info in file.tensors.values()} == set(ENCODINGS)
        for info in file.tensors.values():
            for at in info.encoding.floats_at:
                row, n_blocks = info.shape[0] // 2 if len(info.shape) == 2 else 0, info.shape[-1] // info.encoding.block
                where, healthy = spoil(path, file, info.name, row, at, bits)
                place = f"{'weight' if info.encoding.block == 1 else 'block'} {n_blocks - 1}"
                place += f" of row {row}" if len(info.shape) == 2 else ""
                found = f"expected finite weights and scales, found {place} infinite or not a number; fetch or convert"
                assert refusal(path).startswith(f"{path}: {info.name}: {found}")
                overwrite(path, where, healthy)
    open_model("gguf", str(path), 0).check_weights()


def test_of_several_files_the_one_that_is_damaged_is_named(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 3)
    with read_gguf(paths[2]) as file:
        name = next(iter(file.tensors))
        spoil(paths[2], file, name, 0, 0, 0x7FFF)
    assert refusal(paths[0]).startswith(f"{paths[2]}: {name}: expected finite ")


def test_what_nothing_is_computed_with_may_hold_anything(tmp_path: Path) -> None:
    path = write(Case("gemma3", others={"v.patch_embd.weight": (32, 32)}), tmp_path / "a.gguf")
    with read_gguf(path) as file:
        spoil(path, file, "v.patch_embd.weight", 3, 0, 0x7FFF)
    open_model("gguf", str(path), 0).check_weights()


@pytest.mark.parametrize("factor", [0.0, -2.0])
def test_factors_that_no_frequency_can_be_divided_by_are_refused(factor: float, tmp_path: Path) -> None:
    path = write(Case("llama", factors=("rope_freqs.weight",)), tmp_path / "a.gguf")
    with read_gguf(path) as file:
        at = file.offsets["rope_freqs.weight"]
    overwrite(path, at + 4, struct.pack("<f", factor))
    assert refusal(path).startswith(f"{path}: rope_freqs.weight: expected factors above 0, found {factor:g}; ")
