"""Formulations of the decode product that give the same integers, and which of them is used for a shape.

They differ in how many places of a matrix are read at once: more keep memory busier, and make a loop's step larger.
Others never were the fastest by 3 % (1 place: at most equal; 8: 25 to 70 % slower; blocks that follow each other in one
step: 5 to 15 % slower; one fusion without a loop, then one dot: 1.1 to 6 times as slow).
"""

from __future__ import annotations

from collections.abc import Mapping

from smjax.worker.kernels.xla.layouts import LAYOUTS, Packed

VARIANTS = {"2-streams": 2, "4-streams": 4}
"""Name and number of places."""
SMALL = 2**19
"""Weights of a matrix that stays in the caches, where two places are the faster (288 x 768: 12.5 µs against 15.0)."""


def shape_key(encoding: str, n_out: int, n_in: int) -> str:
    """How a shape is called where its variant is noted."""
    return f"{encoding} {n_out}x{n_in}"


def default_variant(encoding: str, n_out: int, n_in: int) -> str:
    """What is used where nothing was measured, for an encoding that has variants."""
    variants = LAYOUTS[encoding].variants
    assert variants is not None
    return variants[n_out * n_in >= SMALL]


def streams_for(packed: Packed, chosen: Mapping[str, str]) -> int:
    """Places that a product with `packed` reads at once: of `chosen`, variants by shape, or by rule."""
    if LAYOUTS[packed.encoding.name].variants is None:
        return 1
    shape = packed.encoding.name, packed.n_out, packed.n_in
    return VARIANTS.get(chosen.get(shape_key(*shape), ""), VARIANTS[default_variant(*shape)])
