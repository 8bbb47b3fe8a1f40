"""One position computed in two ways by one engine: where they disagree, it computes something else than the model."""

from __future__ import annotations

import math

import numpy as np

CHECKED_POSITIONS = 4
"""As many of a prompt's last are decoded, one by one, and the last one's logits are compared."""
AGREEMENT_NMSE_MAX = 5e-3
"""Rounding differs between the two: up to 7e-4 on the presets; a position off by one gives 0.05 or more."""


class CheckFailedError(Exception):
    """The engine computes something else than the model says; its figures would mean nothing."""


def nmse(found: np.ndarray, expected: np.ndarray) -> float:
    """Σ(a-b)²/Σb²; where all of b is zero, 0 if a is zero too and infinite otherwise."""
    error = float(np.sum((found - expected) ** 2, dtype=np.float64))
    size = float(np.sum(np.square(expected, dtype=np.float64)))
    return error / size if size else math.inf * error if error else 0.0


def check_agreement(decoded: np.ndarray, prefilled: np.ndarray) -> float:
    """NMSE of the logits of one position computed both ways; raises CheckFailedError."""
    for way, logits in (("prefill", prefilled), ("decode", decoded)):
        finite = np.isfinite(logits)
        if not finite.all():
            found = f"{np.count_nonzero(~finite)} of {len(logits)} that are not"
            raise CheckFailedError(f"logits of {way}: expected finite numbers, found {found}")
    return judged("prefill and decode disagree", decoded, prefilled, AGREEMENT_NMSE_MAX)


def judged(what: str, found: np.ndarray, expected: np.ndarray, limit: float) -> float:
    """NMSE of the two; raises CheckFailedError, which says `what`, above the limit."""
    error = nmse(found, expected)
    if not error <= limit:  # also where it is not a number
        raise CheckFailedError(f"{what}: expected NMSE <= {limit}, found {error:.3g}")
    return error
