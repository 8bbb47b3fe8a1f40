"""Every reader of a file that a user names refuses what is no regular file, at once and in one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.models.source import open_model
from smjax.core.records.folder import load_folder, load_records
from smjax.report.data.history import load_history, load_results
from smjax.sweep.ahead.cache import recall
from smjax.sweep.run.evaluate import read_ids
from tests.small_llama import write_llama


def record(path: Path) -> object:
    """As one of a run folder's."""
    (path.parent / "run" / "records").mkdir(parents=True)
    (path.parent / "run" / "records" / "a.json").symlink_to(path)
    return load_records([path.parent / "run"])


def replaced(path: Path) -> object:
    """A model whose file is taken away before its content is read for the hash."""
    other = write_llama(path.with_name("model.gguf"))
    model = open_model("gguf", str(other), 42)
    other.unlink()
    path.rename(other)
    other.with_name("it").symlink_to("model.gguf")
    try:
        return model.hash
    except RequestError as error:
        raise RequestError(str(error).replace("model.gguf", "it", 1)) from error


READERS: dict[str, Callable[[Path], object]] = {
    "token ids": read_ids,
    "history": lambda path: load_history(str(path)),
    "results to audit": lambda path: load_results(str(path)),
    "model": lambda path: open_model("gguf", str(path), 42),
    "model to hash": replaced,
    "record": record,
}
NODES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "pipe"),
    "zero": (lambda path: path.symlink_to("/dev/zero"), "device"),
    "directory": (Path.mkdir, "a directory"),
    "loop": (lambda path: path.symlink_to(path), "link"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("node", NODES)
def test_what_is_no_file_is_not_read(reader: str, node: str, tmp_path: Path) -> None:
    make, found = NODES[node]
    make(tmp_path / "it")
    with pytest.raises(RequestError) as caught:
        READERS[reader](tmp_path / "it")
    line = str(caught.value)
    assert line.startswith((str(tmp_path / "it"), str(tmp_path / "run" / "records" / "a.json")))
    assert found in line.partition("found")[2]
    assert line.isprintable()


def test_what_a_step_remembers_is_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "found.json")
    assert recall(tmp_path / "found.json") is None


def test_a_folder_is_read_around_what_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    os.mkfifo(tmp_path / "records" / "a.json")
    (tmp_path / "records" / "b.json").symlink_to("/dev/zero")
    assert len(load_folder(tmp_path).refused) == 2


@pytest.mark.parametrize("reader", ["token ids", "history", "record"])
def test_a_file_that_no_memory_holds_is_not_read(reader: str, tmp_path: Path) -> None:
    with (tmp_path / "it").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(RequestError, match="found 1,099,511,627,776 bytes, which is more than "):
        READERS[reader](tmp_path / "it")
