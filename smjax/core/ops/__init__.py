"""The ops that microbenchmarks measure, as data."""

from __future__ import annotations

from collections.abc import Mapping

from smjax.core.ops.attention import ATTENTION, KV_APPEND, SOFTMAX
from smjax.core.ops.machine import DISPATCH, MEMORY
from smjax.core.ops.products import GEMM, OF_ENCODINGS, QUANTIZE_ACTIVATIONS, UNPACK
from smjax.core.ops.shape import grammar, parse_shape
from smjax.core.ops.spec import OpSpec, Shape
from smjax.core.ops.steps import ARGMAX, EMBEDDING, LAYER, LAYER_NORM, RMS_NORM, ROPE, ROPE_ANGLES, SAMPLE

__all__ = ["OPS", "OpSpec", "Shape", "grammar", "parse_shape"]

_STEPS = (RMS_NORM, LAYER_NORM, SOFTMAX, ROPE, ROPE_ANGLES, ATTENTION, KV_APPEND, EMBEDDING, SAMPLE, ARGMAX, LAYER)
_ALL = (GEMM, *OF_ENCODINGS, UNPACK, QUANTIZE_ACTIVATIONS, *_STEPS, DISPATCH, MEMORY)
OPS: Mapping[str, OpSpec] = {spec.name: spec for spec in _ALL}
"""By name, in the order in which they are listed; what computes an op is in `smjax.worker.micro.ops`."""
