"""What belongs to the machine: starting a computation, and moving memory."""

from __future__ import annotations

from smjax.core.ops.spec import OpSpec

LEAST_BYTES = 1024

DISPATCH = OpSpec(
    name="dispatch",
    meaning=(
        "what it takes to have something computed: empty, the smallest of programs; ffi, one call of the native "
        "library in a program; fork, one fork and join of its threads"
    ),
    sizes=(),
    shapes=("empty", "ffi", "fork"),
    needed_bytes=lambda shape: 1024,
    kinds=("empty", "ffi", "fork"),
    kernels_of_kind={"ffi": ("native",), "fork": ("native",)},
)
MEMORY = OpSpec(
    name="memory",
    meaning=(
        "a working set of so many bytes, over and over: read; copy, one half to the other; triad, of three parts "
        "a = b + 3 c, each of f32"
    ),
    sizes=("bytes",),
    shapes=tuple(f"{kind}:{4**k << 10}" for kind in ("read", "copy", "triad") for k in range(2, 10)),
    needed_bytes=lambda shape: 4 * shape.elements,
    kinds=("read", "copy", "triad"),
    why_not=lambda shape: (
        None if shape.elements >= LEAST_BYTES else f"expected {LEAST_BYTES} or more, found {shape.elements}"
    ),
)
LEAST_BYTES = 1024
