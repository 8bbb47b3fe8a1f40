"""A GGUF file as a model: its metadata as a decoder's configuration, its tensors checked against it.

References: keys as in the GGUF specification (ggml, docs/gguf.md), tensor names as in llama.cpp.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.files import open_regular
from smjax.core.gguf.encodings import VECTOR_ENCODINGS, TensorInfo
from smjax.core.gguf.header import GGUFFile
from smjax.core.gguf.split import SplitFile, open_gguf, shard_paths, whole_name
from smjax.core.models.config import DecoderConfig, tensor_shapes
from smjax.core.models.families import IN_GGUF, decoder
from smjax.core.models.keys import uncomputed
from smjax.core.text import printable

LARGEST = 2**31
VOCABULARY_LARGEST = 2**24
"""The decoder compares token ids as float32, which is exact below this."""
CONVERT = "convert the model again"


class GGUFModel:
    """See `smjax.core.models.source.Model`; every tensor that the decoder needs is there, and no other."""

    def __init__(self, path: Path) -> None:
        self._paths = shard_paths(path)
        self._file = open_gguf(path)
        self._hash: str | None = None
        self.name = printable(whole_name(path), 255)  # a file name can be any bytes, a table's text cannot
        self.config = decoder_config(self._file)
        self.tensors = _needed_tensors(_Checked(self._file), self.config)

    @property
    def hash(self) -> str:
        if self._hash is None:
            self._hash = "sha256:" + _digest(self._paths)
        return self._hash

    def read(self, name: str) -> np.ndarray:
        return self._file.read(name)

    def release(self, name: str) -> None:
        self._file.release(name)


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


class _Checked:
    """Typed look-ups in a file's metadata; every error names the file, the key and the fix."""

    def __init__(self, file: GGUFFile | SplitFile) -> None:
        self.file = file

    def fail(self, where: str, expected: str, found: object, fix: str = CONVERT) -> NoReturn:
        path = printable(str(self.file.path), 500)
        raise RequestError(f"{path}: {where}: expected {expected}, found {printable(str(found), 60)}; {fix}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.file.metadata.get(key, default)
        if not isinstance(value, str):
            self.fail(key, "a text", _kind(value))
        return value

    def integer(self, key: str, default: int | None = None, least: int = 1) -> int:
        value = self.file.metadata.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < LARGEST:
            self.fail(key, f"an integer from {least} to 2^31", _kind(value))
        return value

    def real(self, key: str, default: float | None = None) -> float:
        value = self.file.metadata.get(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < LARGEST:
            self.fail(key, "a number above 0", _kind(value))
        return float(value)


def _kind(value: Any) -> str:
    """A metadata value as an error names it."""
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str | int | float) else "an array"


def decoder_config(file: GGUFFile | SplitFile) -> DecoderConfig:
    """The decoder that a GGUF file describes; raises RequestError for one that smjax does not run."""
    meta = _Checked(file)
    family = _family(meta)
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        meta.fail("token_embd.weight", "a matrix", "nothing" if embedding is None else list(embedding.shape))
    if not embedding.shape[0]:
        meta.fail("token_embd.weight", "at least one token", "none")
    if embedding.shape[0] >= VOCABULARY_LARGEST:
        meta.fail("token_embd.weight", "fewer than 2^24 tokens", embedding.shape[0], "use a smaller vocabulary")
    d_model, n_heads = meta.integer(f"{family}.embedding_length"), meta.integer(f"{family}.attention.head_count")
    config = decoder(
        family,
        n_layers=meta.integer(f"{family}.block_count"),
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=meta.integer(f"{family}.attention.head_count_kv", n_heads),
        head_dim=meta.integer(f"{family}.attention.key_length", max(1, d_model // n_heads)),
        d_ff=meta.integer(f"{family}.feed_forward_length"),
        n_vocab=embedding.shape[0],
        ctx_train=meta.integer(f"{family}.context_length"),
        norm_eps=meta.real(f"{family}.attention.layer_norm_rms_epsilon"),
        tied="output.weight" not in file.tensors,
        rope_base=meta.real(f"{family}.rope.freq_base", 10_000.0),
        rope_factors="rope_freqs.weight" in file.tensors,
    )
    _check_heads(meta, config)
    _refuse_uncomputed(meta, config)
    return config


def _family(meta: _Checked) -> str:
    family = meta.text("general.architecture")
    if family not in IN_GGUF:
        known = " or ".join(IN_GGUF)
        meta.fail("general.architecture", known, family, f"use a model of the {known} architecture")
    return family


def _refuse_uncomputed(meta: _Checked, config: DecoderConfig) -> None:
    """Refuse what the metadata asks for and the decoder does not do: it would give answers of another model."""
    prefix = config.family
    scaling = meta.text(f"{prefix}.rope.scaling.type", "none")
    if scaling not in ("none", "linear"):  # linear by a factor, which has a key of its own
        meta.fail(f"{prefix}.rope.scaling.type", "none", scaling, "use a model without RoPE scaling")
    experts = meta.integer(f"{prefix}.expert_count", 0, least=0)
    if experts:
        meta.fail(f"{prefix}.expert_count", "0", experts, "use a dense model")
    for key, expected in uncomputed(meta.file.metadata, prefix, config):
        fix = "use a model without it, as smjax does not compute it"
        meta.fail(printable(key, 60), expected, _kind(meta.file.metadata[key]), fix)


def _check_heads(meta: _Checked, config: DecoderConfig) -> None:
    prefix = config.family
    for key in (f"{prefix}.rope.dimension_count", f"{prefix}.attention.value_length"):
        found = meta.integer(key, config.head_dim)
        if found != config.head_dim:
            meta.fail(key, f"the head size {config.head_dim}", found, "use a model whose heads are of one size")
    if config.n_heads % config.n_kv_heads or config.head_dim % 2:
        found_heads = f"{config.n_heads} query and {config.n_kv_heads} KV heads of {config.head_dim}"
        meta.fail(f"{prefix}.attention.head_count", "a multiple of the KV heads, of an even size", found_heads)


def _needed_tensors(meta: _Checked, config: DecoderConfig) -> dict[str, TensorInfo]:
    """Those of the file that the decoder takes, in the file's order; what is left over may have no elements."""
    tensors = meta.file.tensors
    if config.n_layers > len(tensors):  # before so many names are made
        meta.fail(f"{config.family}.block_count", f"at most one layer a tensor ({len(tensors)})", config.n_layers)
    shapes = tensor_shapes(config)
    for name in tensors.keys() - shapes.keys():
        if tensors[name].n_bytes:
            known = f"a tensor of {config.n_layers} {config.family} layers"
            meta.fail(printable(name, 60), known, "one whose meaning is unknown", f"use a plain {config.family} model")
    for name, shape in shapes.items():
        _check_tensor(meta, name, shape)
    return {name: info for name, info in tensors.items() if name in shapes}


def _check_tensor(meta: _Checked, name: str, shape: tuple[int, ...]) -> None:
    info = meta.file.tensors.get(name)
    if info is None:
        meta.fail(name, "it in the file", "nothing")
    if info.shape != shape:
        meta.fail(name, f"shape {list(shape)}", list(info.shape))
    if len(shape) == 1 and not info.encoding.vector:
        meta.fail(name, " or ".join(VECTOR_ENCODINGS), info.encoding.name, "requantise with llama-quantize … Q4_0")
