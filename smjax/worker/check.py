"""Correctness before timing: the engine's own answers against references that do not share its code."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from smjax.core.architecture import PRODUCTS
from smjax.core.dequantise import dequantise
from smjax.core.model import Model
from smjax.worker.compilation import compile_ahead
from smjax.worker.kernels import Kernel, Packed
from smjax.worker.model.weights import Matrix, Weights

CHECKED_ROWS = 32
PRODUCT_NMSE_MAX = 1e-3
"""Activations rounded to 8 bits give about 2e-5; a wrong nibble order, scale or row gives about 1."""
AGREEMENT_NMSE_MAX = 2e-2
"""Prefill and decode round activations differently, in every layer; a wrong position or mask gives about 1."""


class CheckFailedError(Exception):
    """The engine computes something else than the model says; its figures would mean nothing."""


def nmse(found: np.ndarray, expected: np.ndarray) -> float:
    """Σ(a-b)²/Σb²; where all of b is zero, 0 if a is zero too and infinite otherwise."""
    error = float(np.sum((found - expected) ** 2, dtype=np.float64))
    size = float(np.sum(np.square(expected, dtype=np.float64)))
    return error / size if size else math.inf * error if error else 0.0


def check_agreement(decoded: np.ndarray, prefilled: np.ndarray) -> float:
    """NMSE of the logits of one position computed both ways; raises CheckFailedError."""
    error = nmse(decoded, prefilled)
    if not error <= AGREEMENT_NMSE_MAX:  # also where it is not a number
        raise CheckFailedError(f"prefill and decode disagree: expected NMSE <= {AGREEMENT_NMSE_MAX}, found {error:.3g}")
    return error


def check_products(kernel: Kernel, weights: Weights, model: Model, seed: int) -> float:
    """Largest NMSE of the packed products over one matrix of each shape; raises CheckFailedError."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for names, matrix in _cases(weights, model):
        x = rng.standard_normal(model.tensors[names[0]].shape[1]).astype(np.float32)
        found = np.concatenate([_product(kernel, packed, x) for packed in matrix])
        expected, rows = _reference(model, names, x, rng)
        error = nmse(found[rows], expected)
        worst = max(worst, error)
        if not error <= PRODUCT_NMSE_MAX:
            raise CheckFailedError(f"{names[0]}: product: expected NMSE <= {PRODUCT_NMSE_MAX}, found {error:.3g}")
    return worst


def _product(kernel: Kernel, packed: Packed, x: np.ndarray) -> np.ndarray:
    arguments = (packed, np.int32(0), x)
    return np.asarray(compile_ahead(kernel.matvec, *arguments)(*arguments))


def _cases(weights: Weights, model: Model) -> Iterator[tuple[list[str], Matrix]]:
    """Every product's tensors and matrix, in the first layer of the first stack, and the output matrix."""
    for product, parts in PRODUCTS[model.config.family].items():
        yield [f"blk.0.{part}.weight" for part in parts], weights.stacks[0].matrices[product]
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
        info = model.tensors[name]
        n_out, n_in = info.shape
        rows = rng.choice(n_out, min(CHECKED_ROWS, n_out), replace=False)
        raw = model.read(name).reshape(n_out, -1)[rows]
        values = dequantise(raw.reshape(-1), info.encoding, (len(rows), n_in))
        model.release(name)
        outputs.append(values.astype(np.float64) @ x)
        numbers.append(first + rows)
        first += n_out
    return np.concatenate(outputs), np.concatenate(numbers)
