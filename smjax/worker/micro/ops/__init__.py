"""The ops, each a function from a shape to the work that it is; `smjax.core.ops` says what there is to ask for."""

from __future__ import annotations

from collections.abc import Callable

from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.ops import OPS, Shape, parse_shape
from smjax.core.records.point import Point
from smjax.worker.micro.ops import attention, gemm, layer, look_up, machine, norms, products, rope
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.user import users_work
from smjax.worker.micro.work import Work

__all__ = ["MAKERS", "make_work"]

Maker = Callable[[Shape, MicroSetup], Work]

MAKERS: dict[str, Maker] = {
    "dispatch": machine.make_dispatch,
    "memory": machine.make_memory,
    "gemm": gemm.make,
    **{f"{name.lower()}_matvec": products.product_of(encoding) for name, encoding in ENCODINGS.items()},
    **{f"{name.lower()}_matmul": products.product_of(encoding) for name, encoding in ENCODINGS.items()},
    "unpack": products.make_unpack,
    "quantize_activations": products.make_quantise,
    "rms_norm": norms.rms_norm,
    "layer_norm": norms.layer_norm,
    "softmax": attention.softmax,
    "rope": rope.rope,
    "rope_angles": rope.rope_angles,
    "attention": attention.attention,
    "kv_append": attention.kv_append,
    "embedding": look_up.embedding,
    "sample": look_up.sample,
    "argmax": look_up.argmax,
    "layer": layer.make,
}
"""By the op's name; a new one is a module here and a line above."""


def make_work(point: Point, setup: MicroSetup) -> Work:
    """The work of a point, its inputs made; raises RequestError where there is no such op, or not at that shape."""
    if point.op not in OPS:
        return users_work(point, setup)
    return MAKERS[point.op](parse_shape(OPS[point.op], point.shape), setup)
