from __future__ import annotations

import struct
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.gguf.header import BY_CODE, GGML_TYPES, read_gguf
from smjax.core.gguf.values import StringArray
from tests.core.gguf.gguf_files import QUANT, Tensor, pair, random_blocks, string, write_healthy, write_raw

SHAKESPEARE = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"


@pytest.fixture(scope="module", params=["every kind", "alignment 256", "llama-quantize"])
def healthy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "llama-quantize":
        return SHAKESPEARE
    path = tmp_path_factory.mktemp("gguf") / "healthy.gguf"
    return write_healthy(path, alignment=256 if request.param == "alignment 256" else None)


def test_metadata_is_what_the_gguf_package_reads(healthy: Path) -> None:
    reference = gguf.GGUFReader(healthy)
    expected = {key: field.contents() for key, field in reference.fields.items() if not key.startswith("GGUF.")}
    with read_gguf(healthy) as file:
        assert list(file.metadata) == list(expected)
        for key, value in expected.items():
            found = file.metadata[key]
            if isinstance(value, list):
                assert isinstance(found, StringArray | np.ndarray)
                assert len(found) == len(value)
                assert list(found) == value
            else:
                assert (type(found), found) == (type(value), value)


def test_numeric_arrays_keep_their_type(tmp_path: Path) -> None:
    with read_gguf(write_healthy(tmp_path / "a.gguf", n_tokens=5)) as file:
        assert file.metadata["tokenizer.ggml.token_type"].dtype == np.int32
        assert file.metadata["test.floats"].dtype == np.float32
        assert file.metadata["test.flags"].dtype == np.bool_
        assert file.metadata["test.bytes"].tobytes() == bytes(range(100))
        assert "general.name" not in file.metadata


def test_tensors_are_what_the_gguf_package_reads(healthy: Path) -> None:
    reference = {tensor.name: tensor for tensor in gguf.GGUFReader(healthy).tensors}
    with read_gguf(healthy) as file:
        assert list(file.tensors) == list(reference)
        for name, tensor in reference.items():
            info = file.tensors[name]
            assert info.shape == tuple(int(n) for n in reversed(tensor.shape))
            assert (info.encoding.name, info.n_bytes) == (tensor.tensor_type.name, tensor.n_bytes)
            assert file.offsets[name] == tensor.data_offset
            assert file.read(name).tobytes() == tensor.data.tobytes()


def test_dequantised_tensors_are_what_the_gguf_package_makes(healthy: Path) -> None:
    with read_gguf(healthy) as file:
        for tensor in gguf.GGUFReader(healthy).tensors:
            info = file.tensors[tensor.name]
            weights = info.encoding.dequantise(file.read(tensor.name), info.shape)
            expected = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(info.shape)
            assert weights.dtype == np.float32
            np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("name", ENCODINGS)
def test_dequantise_any_bytes(name: str) -> None:
    blocks = random_blocks(name, 5, 768, seed=7)
    expected = gguf.quants.dequantize(blocks.view("<f4") if name == "F32" else blocks, QUANT[name])
    if name == "F16":
        expected = blocks.view("<f2").astype(np.float32)
    weights = ENCODINGS[name].dequantise(blocks.ravel(), (5, 768))
    assert np.ptp(weights) > 1
    np.testing.assert_array_equal(weights, expected)


def test_versions_2_and_3_are_read(tmp_path: Path) -> None:
    for version in (2, 3):
        path = write_raw(tmp_path / "a.gguf", version=version, tensors=(Tensor(dims=(32, 2)),))
        with read_gguf(path) as file:
            assert file.tensors["token_embd.weight"].shape == (2, 32)
            assert not file.read("token_embd.weight").any()


@pytest.mark.parametrize("dims", [(0,), (32, 0), (0, 7), (33, 0), (5, 0, 2**62)])
def test_a_tensor_without_elements_takes_no_place_and_disturbs_no_other(dims: tuple[int, ...], tmp_path: Path) -> None:
    tensors = (Tensor("first", (32, 2)), Tensor("nothing", dims, offset=3), Tensor("last", (32,), offset=64))
    path = write_raw(tmp_path / "a.gguf", tensors=tensors, data_bytes=64 + 18)
    path.write_bytes(path.read_bytes()[:-18] + bytes(range(18)))
    with read_gguf(path) as file:
        assert file.tensors["nothing"].shape == tuple(reversed(dims))
        assert file.read("nothing").tobytes() == b""
        file.release("nothing")
        assert file.read("last").tobytes() == bytes(range(18))


ALIGNMENTS = [(8, 0, "B"), (128, 0, "B"), (16, 2, "H"), (64, 5, "i"), (4096, 4, "I"), (256, 10, "Q"), (65536, 11, "q")]


@pytest.mark.parametrize(("alignment", "code", "layout"), ALIGNMENTS)
def test_any_alignment_of_any_integer_type_is_honoured(alignment: int, code: int, layout: str, tmp_path: Path) -> None:
    says = pair("general.alignment", code, struct.pack(f"<{layout}", alignment))
    tensors = (Tensor("one", (32,)), Tensor("two", (32,), offset=-(-18 // alignment) * alignment))
    path = write_raw(tmp_path / "a.gguf", pairs=(says,), tensors=tensors, data_bytes=0)
    head = 24 + len(says) + sum(len(tensor.packed()) for tensor in tensors)
    start = -(-head // alignment) * alignment
    raw = [bytes(range(18)), bytes(range(100, 118))]
    padding = bytes(tensors[1].offset - 18)
    path.write_bytes(path.read_bytes()[:head] + bytes(start - head) + raw[0] + padding + raw[1])
    with read_gguf(path) as file:
        assert [file.read(name).tobytes() for name in ("one", "two")] == raw


def test_a_file_without_tensors_or_metadata_is_read(tmp_path: Path) -> None:
    with read_gguf(write_raw(tmp_path / "a.gguf", data_bytes=0)) as file:
        assert (dict(file.metadata), file.tensors) == ({}, {})


def test_a_value_that_is_not_utf_8_gets_replacement_characters(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "a.gguf", pairs=(pair("general.name", 8, string(b"a\xffb")),))
    with read_gguf(path) as file:
        assert file.metadata["general.name"] == "a\ufffdb"


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    with read_gguf(write_raw(tmp_path / "a.gguf")) as file, pytest.raises(RequestError, match=r"a\.gguf: blk\.0\.x:"):
        file.read("blk.0.x")


def test_reads_are_views_that_cannot_be_written_and_outlive_close() -> None:
    file = read_gguf(SHAKESPEARE)
    raw = file.read("output_norm.weight")
    expected = SHAKESPEARE.read_bytes()[file.offsets["output_norm.weight"] :][: raw.nbytes]
    with pytest.raises(ValueError, match="read-only"):
        raw[0] = 1
    assert np.shares_memory(raw, file.read("output_norm.weight"))
    file.close()
    assert raw.tobytes() == expected


def resident_bytes(path: Path) -> int:
    """Bytes of `path` that are mapped into this process and present."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            ours = line.endswith(str(path))
        elif ours and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/smaps")
def test_release_gives_the_pages_back(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "a.gguf", tensors=(Tensor(dims=(2**20,), code=0),), data_bytes=4 * 2**20)
    with read_gguf(path) as file:
        assert file.read("token_embd.weight").sum() == 0
        assert resident_bytes(path) >= 4 * 2**20
        file.release("token_embd.weight")
        assert resident_bytes(path) == 0
        assert file.read("token_embd.weight").sum() == 0


def test_release_leaves_every_tensor_readable(healthy: Path) -> None:
    with read_gguf(healthy) as file:
        before = {name: file.read(name).tobytes() for name in file.tensors}
        for name in file.tensors:
            file.release(name)
        assert {name: file.read(name).tobytes() for name in file.tensors} == before


def test_type_names_are_those_of_the_gguf_package() -> None:
    assert {int(kind): kind.name for kind in QUANT} == {int(kind): GGML_TYPES[kind] for kind in QUANT}
    for code, encoding in BY_CODE.items():
        assert (encoding.name, gguf.GGML_QUANT_SIZES[QUANT(code)]) == (
            GGML_TYPES[code],
            (encoding.block, encoding.block_bytes),
        )
