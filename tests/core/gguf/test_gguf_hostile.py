from __future__ import annotations

import os
import random
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from smjax.core.gguf.header import read_gguf
from tests.core.gguf.gguf_files import Tensor, array, attempt, pair, string, write_healthy, write_raw

SHAKESPEARE = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"
N_CUTS, N_FLIPS = 20, 200
UINT8, INT32, STRING, ARRAY, UINT64, FLOAT64 = 0, 5, 8, 9, 10, 12


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(params=["every kind", "llama-quantize"])
def healthy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    if request.param == "every kind":
        return write_healthy(path)
    path.write_bytes(SHAKESPEARE.read_bytes())
    return path


def test_truncated_files_are_refused(healthy: Path) -> None:
    error, most = attempt(healthy)
    assert error is None
    size = healthy.stat().st_size
    places = random.Random(20).sample(range(size), N_CUTS)
    for place in sorted(places, reverse=True):
        os.truncate(healthy, place)
        error, growth = attempt(healthy)
        assert error is not None, f"cut at {place} of {size}"
        assert growth <= most + size


@pytest.mark.parametrize(
    "last",
    [pair("a", ARRAY, array(STRING, 2, string("x") + string("yz"))), pair("a", UINT64, bytes(8))],
    ids=["strings", "number"],
)
def test_a_header_is_refused_wherever_it_is_cut(tmp_path: Path, last: bytes) -> None:
    path = write_raw(tmp_path / "a.gguf", pairs=(pair("general.name", STRING, string("name")), last))
    whole = path.read_bytes()
    size = whole.index(last) + len(last)
    path.write_bytes(whole[:size])
    assert attempt(path)[0] is None
    for place in reversed(range(size)):
        os.truncate(path, place)
        assert attempt(path)[0] is not None, f"cut at {place} of {size}"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["whole header", "tensor descriptions"])
def test_flipped_bytes_are_read_or_refused(healthy: Path, part: str) -> None:
    error, most = attempt(healthy)
    assert error is None
    size = healthy.stat().st_size
    with read_gguf(healthy) as file:
        first, last = (min if part == "whole header" else max)([0]), min(file.offsets.values())
        if part == "tensor descriptions":
            first = healthy.read_bytes().index(string(next(iter(file.tensors))))
    rng = random.Random(200)
    n_refused = 0
    with healthy.open("r+b", buffering=0) as stream:
        for _ in range(N_FLIPS):
            place = rng.randrange(first, last)
            good = os.pread(stream.fileno(), 1, place)
            os.pwrite(stream.fileno(), bytes([good[0] ^ rng.randrange(1, 256)]), place)
            error, growth = attempt(healthy)
            os.pwrite(stream.fileno(), good, place)
            n_refused += error is not None
            assert growth <= most + size, f"at {place}"
    assert n_refused > 0
    assert attempt(healthy)[0] is None


def test_a_missing_file(tmp_path: Path) -> None:
    error, _ = attempt(tmp_path / "none.gguf")
    assert error == f"{tmp_path}/none.gguf: expected a GGUF file, found no such file; check the path"


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    error, _ = attempt(tmp_path / "file" / "a.gguf")
    assert error is not None
    assert "found 'Not a directory'; " in error


def test_a_directory(tmp_path: Path) -> None:
    error, _ = attempt(tmp_path)
    assert error == f"{tmp_path}: expected a GGUF file, found a directory; name the .gguf file itself"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    error, _ = attempt(tmp_path / "pipe.gguf")
    assert error is not None
    assert "found a device, pipe or socket" in error


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_raw(tmp_path / "a.gguf")

    def refuse(*_: object) -> None:  # the tests may run as root, whom no mode stops
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    error, _ = attempt(path)
    assert error == f"{path}: expected a GGUF file, found permission denied; check the path"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "found an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), r"not a GGUF file: expected magic GGUF, found \x89PNG; "),
        (b"G\n", r"not a GGUF file: expected magic GGUF, found G\n; "),
        (b"GGUF", "header: expected 4 bytes of version, found 0 before the end of the file"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "expected a little-endian file, found a big-endian one"),
        (b"GGUF" + struct.pack("<III", 1, 0, 0), "expected GGUF version 2 or 3, found 1, whose counts have 32 bits; "),
        (b"GGUF" + struct.pack("<IQQ", 99, 0, 0), "expected GGUF version 2 or 3, found 99; "),
    ],
)
def test_files_that_are_no_gguf(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(content)
    error, _ = attempt(path)
    assert error is not None
    assert expected in error


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ((Tensor(code=17),), "token_embd.weight: expected one of F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, "),
        ((Tensor(code=17),), "Q4_K, Q5_K, Q6_K, IQ4_NL, found IQ2_XS; requantise"),
        ((Tensor(code=17),), "llama-quantize ORIGINAL.gguf NEW.gguf Q4_0"),
        ((Tensor(code=10),), "found Q2_K; "),
        ((Tensor(code=999),), "expected a tensor type below 42, found 999"),
        ((Tensor(dims=(48, 2)),), "token_embd.weight: expected rows of a multiple of 32 weights (Q4_0), found 48; "),
        ((Tensor(dims=(32, 2), code=14),), "expected rows of a multiple of 256 weights (Q6_K), found 32; "),
        ((Tensor(dims=(128, 2), code=12),), "expected rows of a multiple of 256 weights (Q4_K), found 128; "),
        ((Tensor(dims=(257,), code=13),), "expected rows of a multiple of 256 weights (Q5_K), found 257; "),
        *[
            ((Tensor(dims=(48, 2), code=code),), f"expected rows of a multiple of 32 weights ({name}), found 48; ")
            for code, name in ((3, "Q4_1"), (6, "Q5_0"), (7, "Q5_1"), (20, "IQ4_NL"))
        ],
        *[
            ((Tensor(dims=(256, 8), code=code),), f"bytes of {name} data, found 64 before the end of the file; ")
            for code, name in ((3, "Q4_1"), (6, "Q5_0"), (7, "Q5_1"), (12, "Q4_K"), (13, "Q5_K"), (20, "IQ4_NL"))
        ],
        ((Tensor(dims=(64,), code=30),), "expected 128 bytes of BF16 data, found 64 before the end of the file; "),
        ((Tensor(dims=()),), "expected 1 to 4 dimensions, found 0"),
        ((Tensor(dims=(32, 1, 1, 1, 1)),), "expected 1 to 4 dimensions, found 5"),
        ((Tensor(dims=(2**63, 2**63, 2**63, 2**63)),), "bytes of Q4_0 data, found 64 before the end"),
        ((Tensor(dims=(2**62, 4)),), "bytes of Q4_0 data, found 64 before the end"),
        ((Tensor(dims=(32, 4)),), "expected 72 bytes of Q4_0 data, found 64 before the end of the file; "),
        ((Tensor(offset=64),), "expected 18 bytes of Q4_0 data, found 0 before the end of the file; "),
        ((Tensor(offset=2**64 - 32),), "expected 18 bytes of Q4_0 data, found 0 before the end of the file; "),
        ((Tensor(offset=7),), "expected an offset that is a multiple of 32, found 7"),
        ((Tensor("a", (64,)), Tensor("b", offset=32)), "b: expected data from 36 on, behind the tensor before it"),
        ((Tensor("a"), Tensor("a", offset=32)), "a: expected each tensor once, found it twice"),
        ((Tensor(""),), "tensor 1 of 1: expected a tensor name of 1 to 64 bytes, found 0"),
        ((Tensor("x" * 65),), "tensor 1 of 1: expected a tensor name of 1 to 64 bytes, found 65"),
        ((Tensor(b"caf\xe9"),), r"tensor 1 of 1: expected an ASCII tensor name, found b'caf\xe9'"),
        ((Tensor("a\nb", code=17),), r"a\nb: expected one of"),
    ],
)
def test_bad_tensors(tmp_path: Path, tensors: tuple[Tensor, ...], expected: str) -> None:
    error, growth = attempt(write_raw(tmp_path / "a.gguf", tensors=tensors))
    assert error is not None
    assert expected in error
    assert growth < 50_000


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((pair("a", 13, b"x" * 8),), "metadata a: expected a value type from 0 to 12, found 13"),
        ((pair("abc", 4, b""),), "metadata abc: expected 4 bytes of numbers, found 0 before the end of the file"),
        ((pair("a", UINT8, b"x"),) * 2, "metadata a: expected each key once, found it twice"),
        ((pair("", UINT64, b"x" * 8),), "metadata 1 of 1: expected a key of 1 to 65535 bytes, found 0"),
        ((pair("x" * 65536, UINT8, b"x"),), "expected a key of 1 to 65535 bytes, found 65536"),
        ((pair(b"\xff\xfe", UINT8, b"x"),), r"metadata 1 of 1: expected an ASCII key, found b'\xff\xfe'"),
        ((struct.pack("<QQ", 2**63, 0),), "expected a key of 1 to 65535 bytes, found 9223372036854775808"),
        ((pair("a", STRING, struct.pack("<Q", 2**63)),), "found one of 9223372036854775808 bytes"),
        ((pair("a", ARRAY, array(INT32, 2**61)),), "expected 9223372036854775808 bytes of numbers, found 0 before"),
        ((pair("a", ARRAY, array(FLOAT64, 2**64 - 1)),), "147573952589676412920 bytes of numbers, found 0 before"),
        ((pair("a", ARRAY, array(STRING, 2**40)),), "expected 1099511627776 strings, found 0 bytes before the end"),
        ((pair("a", ARRAY, array(STRING, 2, string("x") + b"z" * 7)),), "expected string 2 of 2 inside the file"),
        ((pair("a", ARRAY, array(77, 1)),), "expected a value type from 0 to 12, found 77"),
        ((pair("a", ARRAY, array(ARRAY, 1, array(INT32, 0))),), "numbers or strings, found an array of arrays"),
        ((pair("general.alignment", 4, struct.pack("<I", 0)),), "a power of two from 8 to 65536, found 0"),
        ((pair("general.alignment", 4, struct.pack("<I", 48)),), "a power of two from 8 to 65536, found 48"),
        ((pair("general.alignment", 4, struct.pack("<I", 2**31)),), "8 to 65536, found 2147483648"),
        ((pair("general.alignment", STRING, string("32")),), "a power of two from 8 to 65536, found str"),
        ((pair("general.alignment", ARRAY, array(UINT8, 1, b" ")),), "8 to 65536, found ndarray"),
        ((pair("general.alignment", 7, b"\1"),), "a power of two from 8 to 65536, found True"),
    ],
)
def test_bad_metadata(tmp_path: Path, pairs: tuple[bytes, ...], expected: str) -> None:
    path = write_raw(tmp_path / "a.gguf", pairs=pairs, data_bytes=0)
    os.truncate(path, 24 + sum(len(one) for one in pairs))
    error, growth = attempt(path)
    assert error is not None
    assert expected in error
    assert growth < 50_000 + 3 * path.stat().st_size


@pytest.mark.parametrize("count", [2**64 - 1, 2**40, 30_000])
def test_counts_beyond_the_file_or_the_limit(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.gguf"
    for claim in ({"n_tensors": count}, {"n_pairs": count}):
        for data_bytes in (64, 2_000_000):
            error, growth = attempt(write_raw(path, data_bytes=data_bytes, **claim))
            assert error is not None
            assert f", found {count}; " in error
            assert growth < 50_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "n_elements"),
    [
        (array(STRING, 200_000, bytes(1_600_000)), 200_000),
        (array(INT32, 1_000_000, bytes(4_000_000)), 1_000_000),
        (array(UINT64, 500_000, bytes(4_000_000)), 500_000),
    ],
)
def test_large_arrays_stay_in_the_file(tmp_path: Path, value: bytes, n_elements: int) -> None:
    path = write_raw(tmp_path / "a.gguf", pairs=(pair("a", ARRAY, value),))
    error, growth = attempt(path)
    assert error is None
    assert growth < 50_000
    with read_gguf(path) as file:
        assert len(file.metadata["a"]) == n_elements


@pytest.mark.slow
def test_as_many_keys_and_tensors_as_allowed_stay_within_the_promised_memory(tmp_path: Path) -> None:
    pairs = tuple(pair(f"k{i}", UINT8, b"x") for i in range(4096))
    tensors = tuple(Tensor(f"t{i}", (1,), code=0, offset=32 * i) for i in range(16384))
    error, growth = attempt(write_raw(tmp_path / "a.gguf", pairs=pairs, tensors=tensors, data_bytes=32 * 16384))
    assert error is None
    assert growth < 10_000_000
