"""How far two sets of scores agree."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def nmse(found: Sequence[float], expected: Sequence[float]) -> float | None:
    """Σ(a-b)²/Σb²; None where that is no number, as where all of b is zero, and where they are not as many."""
    a, b = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if a.shape != b.shape or not b.any():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.sum((a - b) ** 2) / np.sum(b**2))
    return error if math.isfinite(error) else None
