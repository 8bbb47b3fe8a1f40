"""The ops that microbenchmarks measure, as data."""

from __future__ import annotations

from collections.abc import Mapping

from smjax.core.ops.products import GEMM, OF_ENCODINGS
from smjax.core.ops.shape import grammar, parse_shape
from smjax.core.ops.spec import OpSpec, Shape

__all__ = ["OPS", "OpSpec", "Shape", "grammar", "parse_shape"]

OPS: Mapping[str, OpSpec] = {spec.name: spec for spec in (GEMM, *OF_ENCODINGS)}
"""By name, in the order in which they are listed; what computes an op is in `smjax.worker.micro.ops`."""
