"""A GGUF file as a model: its tensors checked against what its metadata describe.

References: tensor names as in llama.cpp.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.files import open_regular
from smjax.core.gguf.encodings import VECTOR_ENCODINGS, TensorInfo
from smjax.core.gguf.split import open_gguf, shard_paths, whole_name
from smjax.core.models.checked import Checked
from smjax.core.models.config import DecoderConfig, tensor_shapes
from smjax.core.models.metadata import decoder_config
from smjax.core.text import printable

TEXT_TENSORS = (
    "blk.",
    "token_",
    "position_",
    "output",
    "rope_",
    "altup_",
    "per_layer_",
    "nextn.",
    "enc.",
    "dec.",
    "cls",
)
"""Beginnings of the names of what a text may pass through; others belong to images and sounds."""


class GGUFModel:
    """See `smjax.core.models.source.Model`; every tensor that the decoder needs is there, and no other."""

    def __init__(self, path: Path) -> None:
        self._paths = shard_paths(path)
        self._file = open_gguf(path)
        self._hash: str | None = None
        self.name = printable(whole_name(path), 255)  # a file name can be any bytes, a table's text cannot
        self.config = decoder_config(self._file)
        meta = Checked(self._file, self.config.family)
        self.tensors = _needed_tensors(meta, self.config)
        self.ignored = tuple(sorted(_other_tensors(meta, self.config)))
        """Tensors that no text passes through."""

    @property
    def hash(self) -> str:
        if self._hash is None:
            self._hash = "sha256:" + _digest(self._paths)
        return self._hash

    def read(self, name: str) -> np.ndarray:
        return self._file.read(name)

    def release(self, name: str) -> None:
        self._file.release(name)

    def check_weights(self) -> None:
        """Raise RequestError for the first weight that no answer can be computed with."""
        meta = Checked(self._file, self.config.family)
        for info in self.tensors.values():
            _check_finite(meta, info)
            self.release(info.name)
        for name in self.config.rope_factors:
            _check_factors(meta, self.tensors[name])


def _digest(paths: Sequence[Path]) -> str:
    """SHA-256 of the files' bytes, one file after the other."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with os.fdopen(open_regular(path, "a readable GGUF file"), "rb") as file:
                hashlib.file_digest(file, lambda: digest)
        except OSError as error:  # it was there when it was opened
            found, where = error.strerror or str(error), printable(str(path), 500)
            raise RequestError(f"{where}: expected a readable GGUF file, found '{found}'; check the path") from error
    return digest.hexdigest()


def _needed_tensors(meta: Checked, config: DecoderConfig) -> dict[str, TensorInfo]:
    """Those of the file that the decoder takes, in the file's order and the decoder's shapes."""
    tensors, shapes = meta.file.tensors, tensor_shapes(config)
    for name, shape in shapes.items():
        _check_tensor(meta, name, shape)
    return {name: replace(info, shape=shapes[name]) for name, info in tensors.items() if name in shapes}


def _other_tensors(meta: Checked, config: DecoderConfig) -> list[str]:
    """What is left over of the file; it may have no elements, or belong to what no text passes through."""
    tensors = meta.file.tensors
    others = [name for name in tensors.keys() - tensor_shapes(config).keys() if tensors[name].n_bytes]
    for name in others:
        if name.startswith(TEXT_TENSORS):
            known = f"a tensor of {config.n_layers} {config.family} layers"
            fix = f"use a plain {config.family} model"
            meta.fail(printable(name, 60), known, "one whose meaning is unknown", fix)
    return [printable(name, 60) for name in others]


def _check_tensor(meta: Checked, name: str, shape: tuple[int, ...]) -> None:
    info = meta.file.tensors.get(name)
    if info is None:
        meta.fail(name, "it in the file", "nothing")
    if _without_ones(info.shape) != _without_ones(shape):
        meta.fail(name, f"shape {list(shape)}", list(info.shape))
    if (len(shape) == 1 or name.endswith("norm.weight")) and not info.encoding.vector:
        meta.fail(name, " or ".join(VECTOR_ENCODINGS), info.encoding.name, "requantise with llama-quantize … Q4_0")


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The same without dimensions of one element at its beginning, which a file may have more or fewer of."""
    return tuple(itertools.dropwhile(lambda n: n == 1, shape))


def _check_finite(meta: Checked, info: TensorInfo) -> None:
    """What no sampled row and no prompt meets would stay unseen: all of a tensor is looked through."""
    bad = info.encoding.first_not_finite(meta.file.read(info.name))
    if bad is None:
        return
    row, column = divmod(bad, info.shape[-1] // info.encoding.block)
    place = f"{'weight' if info.encoding.block == 1 else 'block'} {column}"
    found = f"{place}{f' of row {row}' if len(info.shape) > 1 else ''} infinite or not a number"
    meta.fail(info.name, "finite weights and scales", found, "fetch or convert the model again")


def _check_factors(meta: Checked, info: TensorInfo) -> None:
    least = info.encoding.dequantise(meta.file.read(info.name), info.shape).min()
    if least <= 0:
        meta.fail(info.name, "factors above 0", f"{least:g}")
