"""Products: of matrices as JAX has them, and of the encodings' packed ones with vectors and with many columns."""

from __future__ import annotations

from itertools import product

from smjax.core.gguf.encodings import ENCODINGS, Encoding
from smjax.core.ops.spec import NUMBER_BYTES, WEIGHT_BYTES, OpSpec, Shape

_KINDS = ("f32", "bf16", "s8")
_GEMMS = ("128x128x128", "512x512x512", "1024x768x768")


def _gemm_bytes(shape: Shape) -> float:
    m, n, k = shape.sizes
    return NUMBER_BYTES * (m * k + k * n + m * n)


GEMM = OpSpec(
    name="gemm",
    meaning="a matrix [m, k] times one [k, n], as jax.numpy.dot computes it",
    sizes=("m", "n", "k"),
    shapes=tuple(f"{kind}:{sizes}" for kind, sizes in product(_KINDS, _GEMMS)),
    needed_bytes=_gemm_bytes,
    kinds=_KINDS,
    kernels=("xla",),
)


def _packed_bytes(shape: Shape) -> float:
    *tokens, n, k = shape.sizes
    return WEIGHT_BYTES * n * k + NUMBER_BYTES * (n + k) * (tokens[0] if tokens else 1)


def blocks_fit(encoding: Encoding, n_in: int, name: str = "k") -> str | None:
    """What is wrong with rows of `n_in` weights, which is the size called `name`."""
    return f"expected {name} in blocks of {encoding.block}, found {n_in}" if n_in % encoding.block else None


def _of_encoding(encoding: Encoding) -> tuple[OpSpec, OpSpec]:
    """Of a packed matrix [n, k], n outputs of k inputs: with one column and with m of them."""

    def why_not(shape: Shape) -> str | None:
        return blocks_fit(encoding, shape.sizes[-1])

    name = encoding.name.lower()
    matvec = OpSpec(
        name=f"{name}_matvec",
        meaning=f"a matrix [n, k] in {encoding.name}, packed as the kernel has it, times one column",
        sizes=("n", "k"),
        shapes=("768x768", "2048x2048", "32000x768"),
        needed_bytes=_packed_bytes,
        why_not=why_not,
    )
    matmul = OpSpec(
        name=f"{name}_matmul",
        meaning=f"the same times m columns, as in a prefill of m tokens ({encoding.name})",
        sizes=("m", "n", "k"),
        shapes=("16x768x768", "128x768x768", "128x2048x2048"),
        needed_bytes=_packed_bytes,
        why_not=why_not,
    )
    return matvec, matmul


OF_ENCODINGS = tuple(spec for encoding in ENCODINGS.values() for spec in _of_encoding(encoding))

_PACKED = {encoding.name.lower(): encoding for encoding in ENCODINGS.values() if encoding.block > 1}
UNPACK = OpSpec(
    name="unpack",
    meaning=(
        "a matrix [n, k] in an encoding as plain numbers, as the xla kernel makes it for many columns; "
        "the native kernel unpacks no matrix, and rows in embedding"
    ),
    sizes=("n", "k"),
    shapes=tuple(f"{kind}:768x768" for kind in _PACKED),
    needed_bytes=_packed_bytes,
    kinds=tuple(_PACKED),
    kernels=("xla",),
    why_not=lambda shape: blocks_fit(_PACKED[shape.kind], shape.sizes[-1]),
)
QUANTIZE_ACTIVATIONS = OpSpec(
    name="quantize_activations",
    meaning=(
        "k inputs in blocks of 32 as 8 bits and a peak, which a product with blocks begins with; "
        "the native kernel does that within the product alone"
    ),
    sizes=("k",),
    shapes=("768", "2048", "5632"),
    needed_bytes=lambda shape: 3 * NUMBER_BYTES * shape.elements,
    kernels=("xla",),
    why_not=lambda shape: blocks_fit(ENCODINGS["Q8_0"], shape.elements),
)
