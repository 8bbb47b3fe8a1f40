"""A model in several files, NAME-00001-of-00003.gguf and so on: found beside the one that was named, read as one.

References: llama.cpp's `gguf-split`, which numbers files from 1 in their names and from 0 in `split.no`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import TensorInfo
from smjax.core.gguf.header import GGUFFile, read_gguf
from smjax.core.text import printable

SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL | re.ASCII)
LINKS_MAX = 40
"""As many as Linux follows."""
ALL_SHARDS = "fetch all files of one model into one folder, under the names that they were published with"


def whole_name(path: Path) -> str:
    """The file name of a model, without the number of the shard that was named."""
    match = SHARD.fullmatch(path.name)
    return f"{match['stem']}.gguf" if match else path.name


def shard_paths(path: Path) -> list[Path]:
    """The files of the model at `path` in their order, by its name or the name of what it links to; all may be missing.

    Shards lie beside the link that is named like one, not beside what that leads to: a cache keeps files under names
    that are hashes. Raises RequestError for a number that is none of the count's.
    """
    named = _named_as_shard(path)
    if named is None:
        return [path]
    match = SHARD.fullmatch(named.name)
    assert match is not None
    number, count = int(match["number"]), int(match["count"])
    if not 1 <= number <= count:
        _fail(path, "file name", f"a number from 00001 to {count:05}", f"{number:05}")
    return [named.with_name(f"{match['stem']}-{i:05}-of-{count:05}.gguf") for i in range(1, count + 1)]


def _named_as_shard(path: Path) -> Path | None:
    for _ in range(LINKS_MAX):
        if SHARD.fullmatch(path.name):
            return path
        try:
            path = path.parent / path.readlink()
        except (OSError, ValueError):
            return None
    return None


class SplitFile:
    """All shards of a model behind the interface of `GGUFFile`; the metadata is the first one's, as in llama.cpp."""

    def __init__(self, parts: Sequence[GGUFFile]) -> None:
        self._parts = parts
        self._homes = {name: part for part in parts for name in part.tensors}
        self.path = parts[0].path
        self.metadata = parts[0].metadata
        self.tensors: dict[str, TensorInfo] = {name: info for part in parts for name, info in part.tensors.items()}

    def read(self, name: str) -> np.ndarray:
        return self._homes.get(name, self._parts[0]).read(name)

    def home(self, name: str) -> Path:
        return self._homes.get(name, self._parts[0]).path

    def release(self, name: str) -> None:
        self._homes[name].release(name)

    def close(self) -> None:
        for part in self._parts:
            part.close()


def open_gguf(path: Path) -> GGUFFile | SplitFile:
    """The model at `path`, whole: that one file, or all shards where it is one of them.

    Raises RequestError, one line, for a file that is no healthy GGUF file, a shard that is missing, one that is there
    twice and one of another model.
    """
    paths = shard_paths(path)
    with ExitStack() as opened:
        parts = []
        for i, shard in enumerate(paths):
            parts.append(_open_shard(shard, i, len(paths)))
            opened.callback(parts[-1].close)
        if len(parts) > 1:
            _check_metadata(parts)
            _check_tensors(parts)
        opened.pop_all()
    return parts[0] if len(parts) == 1 else SplitFile(parts)


def _open_shard(path: Path, index: int, count: int) -> GGUFFile:
    if count > 1 and not os.path.lexists(path):
        _fail(path, f"shard {index + 1} of {count}", "it beside the others", "no such file")
    part = read_gguf(path)
    try:
        _check_place(part, index, count)
    except BaseException:
        part.close()
        raise
    return part


def _check_place(part: GGUFFile, index: int, count: int) -> None:
    if count == 1 and part.metadata.get("split.count") in (None, 0, 1):  # a file that stands alone need not say so
        return
    for key, expected in (("split.count", count), ("split.no", index)):
        found = part.metadata.get(key)
        if type(found) is not int or found != expected:
            _fail(part.path, key, f"{expected}, as its name says", _shown(found))


def _check_metadata(parts: Sequence[GGUFFile]) -> None:
    """What a later shard says of the model again is what the first one says."""
    first = parts[0]
    for part in parts[1:]:
        for key in sorted(first.metadata.keys() & part.metadata.keys()):
            expected, found = _shown(first.metadata[key]), _shown(part.metadata[key])
            if found != expected and not key.startswith("split."):
                _fail(part.path, printable(key, 60), f"{expected}, as {first.path.name} says", found)


def _check_tensors(parts: Sequence[GGUFFile]) -> None:
    """Every tensor once, and as many as each shard says that there are."""
    seen: dict[str, GGUFFile] = {}
    for part in parts:
        for name in part.tensors:
            if name in seen:
                _fail(part.path, printable(name, 60), "each tensor in one shard", f"it in {seen[name].path.name} too")
            seen[name] = part
    for part in parts:
        said = part.metadata.get("split.tensors.count", len(seen) if part is not parts[0] else None)
        if type(said) is not int or said != len(seen):
            _fail(part.path, "split.tensors.count", f"{len(seen)}, as there are in all shards", _shown(said))


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str | int | float) else "an array"


def _fail(path: Path, where: str, expected: str, found: str) -> NoReturn:
    file = printable(str(path), 500)
    raise RequestError(f"{file}: {where}: expected {expected}, found {printable(found)}; {ALL_SHARDS}")
