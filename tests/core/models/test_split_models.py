"""Models in several files: whichever is named, all of them are read, and what does not belong together is refused."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.models.presets import PresetModel
from smjax.core.models.source import Model, open_model
from smjax.sweep.process.model_file import file_state
from tests.small_llama import CONFIG, Value, i32, text, texts, u16, u32, write_llama, write_split
from tests.worker.models import write_gguf


def opened(path: Path) -> Model:
    return open_model("gguf", str(path), 42)


def refusal(path: Path) -> str:
    with pytest.raises(RequestError) as error:
        opened(path)
    said = str(error.value)
    assert said.isprintable()
    assert all(part in said for part in (": expected ", ", found ", "; "))
    return said


def assert_same_tensors(model: Model, whole: Model) -> None:
    assert model.tensors == whole.tensors
    for name in whole.tensors:
        np.testing.assert_array_equal(model.read(name), whole.read(name))
        model.release(name)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_shard_opens_the_whole(count: int, tmp_path: Path) -> None:
    whole, paths = opened(write_llama(tmp_path / "whole.gguf")), write_split(tmp_path, count)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    for path in paths:
        model = opened(path)
        assert model.config == whole.config
        assert (model.name, model.hash) == ("small.gguf", f"sha256:{digest}")
        assert_same_tensors(model, whole)


def test_the_shards_of_llama_cpp_s_own_writer_are_read(tmp_path: Path) -> None:
    whole = PresetModel("small", CONFIG, seed=3)
    write_gguf(whole, tmp_path / "Zoë 1.gguf", split_max_tensors=8)
    paths = sorted(tmp_path.glob("*.gguf"))
    assert len(paths) == 3
    model = opened(paths[1])
    assert model.name == "Zoë 1.gguf"
    for name in whole.tensors:
        np.testing.assert_array_equal(model.read(name), whole.read(name))
    assert len(gguf.GGUFReader(paths[2]).tensors) < len(whole.tensors)


def test_a_cache_of_links_to_files_that_are_named_by_their_hash_is_read(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0a1b"
    for folder in (blobs, snapshot):
        folder.mkdir(parents=True)
    paths = write_split(tmp_path, 3)
    expected = opened(paths[0]).hash
    for path in paths:
        blob = blobs / hashlib.sha256(path.read_bytes()).hexdigest()
        path.rename(blob)
        (snapshot / path.name).symlink_to(Path("..") / ".." / "blobs" / blob.name)
    (tmp_path / "mine.gguf").symlink_to(snapshot / paths[1].name)
    for path in (snapshot / paths[2].name, tmp_path / "mine.gguf"):
        assert opened(path).hash == expected
    said = refusal(blob)
    assert said.startswith(f"{blob}: split.count: expected 1, as its name says, found 3; fetch all files")


def test_a_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 4)
    paths[2].unlink()
    for path in (paths[0], paths[3]):
        said = refusal(path)
        assert said.startswith(f"{paths[2]}: shard 3 of 4: expected it beside the others, found no such file; ")


SPOILT: dict[str, tuple[int, Mapping[str, Value | None], str]] = {
    "another number": (1, {"split.no": u16(2)}, "split.no: expected 1, as its name says, found 2; "),
    "number of another count": (2, {"split.count": u16(4)}, "split.count: expected 3, as its name says, found 4; "),
    "no number": (1, {"split.no": None}, "split.no: expected 1, as its name says, found nothing; "),
    "no count": (0, {"split.count": None}, "split.count: expected 3, as its name says, found nothing; "),
    "an array": (2, {"split.no": texts("2")}, "split.no: expected 2, as its name says, found an array; "),
    "a text": (2, {"split.no": text("2")}, "split.no: expected 2, as its name says, found '2'; "),
    "another model": (
        2,
        {"general.architecture": text("qwen2")},
        "general.architecture: expected 'llama', as small-00001-of-00003.gguf says, found 'qwen2'; fetch all files of",
    ),
    "other sizes": (1, {"llama.block_count": u32(3)}, "llama.block_count: expected 2, as small-00001-of-00003.gguf"),
    "more tensors": (0, {"split.tensors.count": i32(22)}, "split.tensors.count: expected 21, as there are in all"),
    "fewer, elsewhere": (2, {"split.tensors.count": u32(20)}, "split.tensors.count: expected 21, as there are in all"),
    "no tensor count": (0, {"split.tensors.count": None}, "split.tensors.count: expected 21, as there are in all"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_shard_that_says_that_it_is_another_is_refused(name: str, tmp_path: Path) -> None:
    index, says, expected = SPOILT[name]
    paths = write_split(tmp_path, 3, says={index: says})
    assert refusal(paths[1]).startswith(f"{paths[index]}: {expected}")


def test_a_shard_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 3)
    shutil.copy(paths[0], paths[2])
    assert refusal(paths[1]).startswith(f"{paths[2]}: split.no: expected 2, as its name says, found 0; ")


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 2)
    place = {"split.no": u16(1), "split.count": u16(2), "split.tensors.count": i32(21)}
    write_llama(paths[1], says=place)
    said = refusal(paths[0])
    assert said.startswith(f"{paths[1]}: token_embd.weight: expected each tensor in one shard, found it in small-0")


def test_a_number_above_the_count_is_refused(tmp_path: Path) -> None:
    for number in ("00000", "00003"):
        path = write_llama(tmp_path / f"a-{number}-of-00002.gguf")
        assert refusal(path).startswith(f"{path}: file name: expected a number from 00001 to 00002, found {number}; ")


def test_a_damaged_shard_is_refused_by_its_name(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 3)
    paths[2].write_bytes(paths[2].read_bytes()[:-40])
    assert refusal(paths[0]).startswith(f"{paths[2]}: ")


def test_a_change_of_any_shard_is_noticed(tmp_path: Path) -> None:
    paths = write_split(tmp_path, 3)
    before = file_state(str(paths[0]))
    assert before == file_state(str(paths[2])) != None  # noqa: E711
    shutil.copy(paths[1], tmp_path / "copy")
    (tmp_path / "copy").replace(paths[1])
    assert file_state(str(paths[0])) != before
    paths[1].unlink()
    assert file_state(str(paths[0])) is None
