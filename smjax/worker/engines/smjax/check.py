"""Correctness before timing: the engine's own answers against references that do not share its code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from smjax.core.models.config import products
from smjax.core.models.source import Model
from smjax.worker.engines.agreement import judged
from smjax.worker.engines.smjax.compilation import compile_program
from smjax.worker.kernels import Kernel, Matrix, Packed
from smjax.worker.model.weights import Weights

CHECKED_ROWS = 32
PRODUCT_NMSE_MAX = 1e-3
"""Activations rounded to 8 bits give about 2e-5; a wrong nibble order, scale or row gives about 1."""


def check_products(kernel: Kernel, weights: Weights, model: Model, seed: int) -> float:
    """Largest NMSE of the packed products, one matrix of each shape and encoding, and of the embedding's rows.

    Raises CheckFailedError.
    """
    rng = np.random.default_rng(seed)
    worst = _check_rows(kernel, weights, model, rng)
    for names, matrix in _cases(weights, model):
        x = rng.standard_normal(model.tensors[names[0]].shape[1]).astype(np.float32)
        found = np.concatenate([_product(kernel, packed, x) for packed in matrix])
        expected, rows = _reference(model, names, x, rng)
        worst = max(worst, judged(f"{names[0]}: product", found[rows], expected, PRODUCT_NMSE_MAX))
    return worst


def _check_rows(kernel: Kernel, weights: Weights, model: Model, rng: np.random.Generator) -> float:
    """NMSE of seeded rows looked up in the embedding."""
    name = "token_embd.weight"
    (packed,) = weights.embedding
    ids, expected = _seeded_rows(model, name, rng)
    arguments = (packed, ids.astype(np.int32))
    found = np.asarray(compile_program(kernel.rows, *arguments)(*arguments))
    return judged(f"{name}: rows", found, expected, PRODUCT_NMSE_MAX)


def _product(kernel: Kernel, packed: Packed, x: np.ndarray) -> np.ndarray:
    arguments = ((packed,), np.int32(0), x[None])
    return np.asarray(compile_program(kernel.product, *arguments)(*arguments))[0]


def _cases(weights: Weights, model: Model) -> Iterator[tuple[list[str], Matrix]]:
    """Tensors and matrix of every product, in the first layer of every stack, and of the output."""
    layer = 0
    for stack in weights.stacks:
        for product, parts in products(model.config).items():
            yield [f"blk.{layer}.{part}.weight" for part in parts], stack.matrices[product]
        layer += stack.n_layers
    if weights.output is None:
        yield ["token_embd.weight"], weights.embedding
    else:
        yield ["output.weight"], weights.output


def _reference(
    model: Model, names: list[str], x: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs in float64 of seeded rows of the tensors `names`, and those rows' numbers."""
    outputs, numbers, first = [], [], 0
    for name in names:
        rows, values = _seeded_rows(model, name, rng)
        outputs.append(values.astype(np.float64) @ x)
        numbers.append(first + rows)
        first += model.tensors[name].shape[0]
    return np.concatenate(outputs), np.concatenate(numbers)


def _seeded_rows(model: Model, name: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of some rows of a tensor, and their weights, f32[rows, K]."""
    info = model.tensors[name]
    n_out, n_in = info.shape
    rows = rng.choice(n_out, min(CHECKED_ROWS, n_out), replace=False)
    raw = model.read(name).reshape(n_out, -1)[rows]
    model.release(name)
    return rows, info.encoding.dequantise(raw, (len(rows), n_in))
