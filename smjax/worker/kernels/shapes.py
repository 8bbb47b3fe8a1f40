"""Shapes in annotations: jaxtyping's types for mypy and under pytest, which checks them; bare names in a worker.

There annotations are never evaluated, and importing the package would cost it 30 ms and 2.9 MB.

The letters: T query positions, S cache slots, N query heads, K KV heads, G = N/K, H head size, R of them turned by
RoPE, D embedding, F feed-forward, V vocabulary, L layers; of any matrix O outputs and I inputs.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Array, Bool, Float, Float32, Int, Int16, Int32
else:
    Array = Bool = Float = Float32 = Int = Int16 = Int32 = None

__all__ = ["Array", "Bool", "Float", "Float32", "Int", "Int16", "Int32"]
