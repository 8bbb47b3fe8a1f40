"""Whether an op computes what NumPy does, before its clock starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from smjax.worker.engines.agreement import CheckFailedError, judged
from smjax.worker.micro.work import Work


def check(work: Work, found: Sequence[np.ndarray]) -> float:
    """The largest NMSE of the outputs that the reference speaks of; raises CheckFailedError."""
    reference = work.reference(*work.inputs) if callable(work.reference) else work.reference
    expected = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(reference)]
    n_in_place = len(jax.tree.leaves(work.inputs[: work.in_place]))
    if len(expected) == len(found) - n_in_place:
        found = found[n_in_place:]
    if [array.shape for array in found] != [array.shape for array in expected]:
        raise CheckFailedError(f"output: expected {_shapes(expected)} as the reference, found {_shapes(found)}")
    pairs = zip(found, expected, strict=True)
    return max(judged("output", np.asarray(one, np.float64), other, work.tolerance) for one, other in pairs)


def _shapes(arrays: Sequence[Any]) -> str:
    return ", ".join(str(list(array.shape)) for array in arrays)
