"""A model to measure, wherever its tensors come from: a preset or a GGUF file."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import TensorInfo
from smjax.core.models.config import DecoderConfig, products
from smjax.core.models.from_gguf import GGUFModel
from smjax.core.models.presets import PRESETS, PresetModel


@runtime_checkable
class Model(Protocol):
    """A source of a decoder's tensors."""

    name: str
    config: DecoderConfig
    tensors: dict[str, TensorInfo]
    ignored: tuple[str, ...]
    """Tensors of its file that no text passes through."""

    @property
    def hash(self) -> str:
        """`sha256:` and the digest of the content: two equal hashes are the same model."""

    def read(self, name: str) -> np.ndarray:
        """The stored bytes of a tensor, uint8[n_bytes]."""

    def release(self, name: str) -> None:
        """Give back what reading the tensor took."""

    def check_weights(self) -> None:
        """Raise RequestError where a weight is infinite or not a number; reads everything."""


def open_model(name: str, path: str | None, seed: int) -> Model:
    """The preset `name`, or the GGUF file at `path`; raises RequestError where it cannot be run."""
    if name in PRESETS:
        return PresetModel(name, PRESETS[name], seed)
    if path is None:
        raise RequestError(f"model: expected one of {', '.join(PRESETS)} or gguf with model.path, found {name}")
    return GGUFModel(Path(path))


def left_aside(model: Model) -> str | None:
    """One line that names what of the model's file is ignored; None where that is nothing."""
    if not model.ignored:
        return None
    shown = ", ".join(model.ignored[:3]) + (", …" if len(model.ignored) > 3 else "")
    return f"{model.name}: tensors that no text passes through are ignored ({len(model.ignored)}): {shown}"


def product_shapes(model: Model) -> list[tuple[str, int, int]]:
    """Encoding, outputs and inputs of every distinct product of a decode step, those of equal encoding joined."""
    config, shapes = model.config, []
    joined = [
        [f"blk.{layer}.{part}.weight" for part in parts]
        for layer in range(config.n_layers)
        for parts in products(config).values()
    ]
    for names in [*joined, ["token_embd.weight" if config.tied else "output.weight"]]:
        for encoding, run in itertools.groupby(names, lambda name: model.tensors[name].encoding.name):
            infos = [model.tensors[name] for name in run]
            shapes.append((encoding, sum(info.shape[0] for info in infos), infos[0].shape[1]))
    return list(dict.fromkeys(shapes))


def weight_bytes(model: Model) -> int:
    """Bytes of all tensors as they are stored."""
    return sum(info.n_bytes for info in model.tensors.values())
