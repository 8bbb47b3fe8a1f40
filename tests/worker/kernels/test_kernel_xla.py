"""The packed products against float64 NumPy, for every encoding, odd sizes and the values that would overflow first."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from smjax.core.gguf.dequantise import IQ4_NL_VALUES
from smjax.core.gguf.encodings import ENCODINGS
from smjax.worker.kernels import Setup
from smjax.worker.kernels.xla import XlaKernel, products
from smjax.worker.kernels.xla.layouts import allocate
from smjax.worker.kernels.xla.variants import VARIANTS, streams_for
from tests.reference import nmse
from tests.worker import hlo
from tests.worker.models import dequantised, random_matrix

pytestmark = pytest.mark.slow

N_LAYERS = 3
KERNEL = XlaKernel(Setup())  # no bf16: many columns are multiplied in f32
MATVEC, MATMUL, ROWS = jax.jit(products.matvec, static_argnums=3), jax.jit(KERNEL.matmul), jax.jit(KERNEL.rows)

DENSE = [name for name, encoding in ENCODINGS.items() if encoding.block == 1]
PACKED = [name for name in ENCODINGS if name not in DENSE]
SHAPE = {name: (33, {1: 72, 32: 288, 256: 256}[encoding.block]) for name, encoding in ENCODINGS.items()}
"""Of most matrices here, so that XLA compiles a product once for all tests of it: a tile and a row, blocks of an odd
number."""
SIZES = [
    *[(kind, *SHAPE[kind]) for kind in ENCODINGS],
    *[(kind, 1, 32) for kind in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL")],
    *[(kind, 100, 64) for kind in ("Q4_0", "Q8_0")],
    ("Q4_0", 301, 32),
    ("Q8_0", 7, 32 * 7),  # blocks that four streams do not divide
    *[(kind, 7, 512) for kind in ("Q4_K", "Q5_K", "Q6_K")],
    *[("BF16", 1, 8), ("F16", 1, 8), ("F16", 100, 32), ("F32", 1, 33)],
]
BITS = {name: 8 * encoding.block_bytes / encoding.block for name, encoding in ENCODINGS.items()}
BITS |= {"Q4_K": 4.625, "Q5_K": 5.625, "Q6_K": 7.0}
"""A weight: as stored, but that scales of 6 bits take 8 and those of Q6_K 16."""


def exact(encoding: str) -> float:
    """NMSE of f32 arithmetic; Q6_K's two scales are also rounded to one f16, by up to 2^-11 of their product."""
    return 1e-6 if encoding == "Q6_K" else 1e-12


class Stack:
    """Matrices of one encoding and shape, in the kernel's layout and in float64: as many as are given, over again."""

    def __init__(self, encoding: str, shape: tuple[int, int], raws: list[np.ndarray]) -> None:
        self.encoding, self.shape = encoding, shape
        raws = [raws[layer % len(raws)] for layer in range(N_LAYERS)]
        self.values = np.stack([dequantised(raw, encoding, shape) for raw in raws])
        self.packed: Any = KERNEL.allocate(ENCODINGS[encoding], len(raws), *shape)
        for layer, raw in enumerate(raws):
            KERNEL.fill(self.packed, layer, 0, raw)

    def matvec(self, layer: int, x: np.ndarray, streams: int = 4) -> np.ndarray:
        return np.asarray(MATVEC(self.packed, np.int32(layer), x.astype(np.float32), streams))

    def matmul(self, layer: int, x: np.ndarray) -> np.ndarray:
        return np.asarray(MATMUL(self.packed, np.int32(layer), x.astype(np.float32)))

    def rows(self, ids: list[int]) -> np.ndarray:
        return np.asarray(ROWS(self.packed, np.array(ids, np.int32)))


def random_stack(encoding: str, n_out: int = 0, n_in: int = 0) -> Stack:
    n_out, n_in = (n_out, n_in) if n_out else SHAPE[encoding]
    rng = np.random.default_rng([n_out, n_in])
    raws = [random_matrix(rng, encoding, n_out, n_in) for _ in range(N_LAYERS)]
    return Stack(encoding, (n_out, n_in), raws)


def eight_bit(rng: np.random.Generator, n_in: int) -> np.ndarray:
    """Activations that are exact in 8 bits: integers whose largest is 127 in every block, blocks of different scale."""
    x = rng.integers(-127, 128, n_in).astype(np.float32)
    x[::32] = 127 * rng.choice([-1, 1], len(x[::32]))
    return x * 2.0 ** (np.arange(n_in) // 32 % 5)


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: "{}-{}x{}".format(*size))
def stack(request: pytest.FixtureRequest) -> Stack:
    return random_stack(*request.param)


@pytest.mark.slow
@pytest.mark.parametrize("streams", VARIANTS.values(), ids=VARIANTS)
def test_matvec_of_eight_bit_activations_is_exact(stack: Stack, streams: int) -> None:
    x = eight_bit(np.random.default_rng(1), stack.shape[1])
    for layer in (0, N_LAYERS - 1):
        found = stack.matvec(layer, x, streams)
        assert found.dtype == np.float32
        assert nmse(found, stack.values[layer] @ x) <= exact(stack.encoding)


def test_matvec_rounds_other_activations_to_eight_bits(stack: Stack) -> None:
    # A step of the rounding is a 127th of a block's largest, about 2.2 standard deviations: 2.5e-5 of what the square
    # of an output is on average. Dense matrices take activations as they are.
    limit = 1e-12 if stack.encoding in DENSE else 4e-4 if stack.shape[0] == 1 else 1e-4
    x = np.random.default_rng(2).standard_normal(stack.shape[1])
    error = stack.matvec(1, x) - stack.values[1] @ x
    assert (error**2).mean() <= limit * (stack.values[1] ** 2).sum(axis=1).mean()


def test_matmul_is_exact(stack: Stack) -> None:
    x = np.random.default_rng(3).standard_normal((5, stack.shape[1]))
    for layer in (0, N_LAYERS - 1):
        found = stack.matmul(layer, x)
        assert found.dtype == np.float32
        assert nmse(found, x @ stack.values[layer].T) <= exact(stack.encoding)


def test_rows_are_those_of_the_first_matrix(stack: Stack) -> None:
    n_out = stack.shape[0]
    ids = [n_out - 1, 0, n_out // 2, n_out - 1]
    rounding = 2**-11 if stack.encoding == "Q6_K" else 1e-7
    np.testing.assert_allclose(stack.rows(ids), stack.values[0][ids], rtol=rounding, atol=1e-7)


def test_bits_a_weight_are_those_of_the_layout(stack: Stack) -> None:
    n_layers, (n_out, n_in) = len(stack.values), stack.shape
    whole_tiles = n_out if stack.encoding in DENSE else -(-n_out // 32) * 32
    n_bytes = sum(array.nbytes for array in jax.tree.leaves(stack.packed))
    assert 8 * n_bytes / (n_layers * whole_tiles * n_in) == BITS[stack.encoding]
    encoding = ENCODINGS[stack.encoding]
    assert BITS[stack.encoding] <= 1.09 * 8 * encoding.block_bytes / encoding.block


@pytest.mark.parametrize(
    ("encoding", "shape", "expected"),
    [
        ("Q4_0", (288, 768), 2),  # small, by rule
        ("Q4_0", (768, 768), 4),
        ("Q8_0", (2048, 2048), 2),
        ("F32", (768, 768), 1),
    ],
)
def test_streams_are_those_that_were_chosen_or_by_rule(encoding: str, shape: tuple[int, int], expected: int) -> None:
    packed, key = allocate(ENCODINGS[encoding], 1, *shape), "{} {}x{}".format(encoding, *shape)
    assert streams_for(packed, {}) == streams_for(packed, {key: "of another version"}) == expected
    if encoding != "F32":
        assert [streams_for(packed, {key: name}) for name in VARIANTS] == list(VARIANTS.values())


@pytest.mark.parametrize("name", VARIANTS)
def test_the_kernel_takes_the_variants_that_were_chosen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stack, taken = random_stack("Q4_0"), []

    def matvec(packed: Any, layer: jax.Array, x: jax.Array, streams: int) -> jax.Array:
        taken.append(streams)
        return jnp.zeros(33)

    monkeypatch.setattr("smjax.worker.kernels.xla.kernel.matvec", matvec)
    XlaKernel(Setup(variants=(("Q4_0 33x288", name),))).matvec(stack.packed, jnp.int32(0), jnp.ones(288))
    assert taken == [VARIANTS[name]]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_matmul_in_bf16_rounds_to_its_mantissa(encoding: str) -> None:
    kernel = XlaKernel(Setup(simd=frozenset({"avx512_bf16"})))
    assert kernel.matmul_dtype == jnp.bfloat16
    stack = random_stack(encoding)
    x = np.random.default_rng(4).standard_normal((5, stack.shape[1]))
    found = np.asarray(jax.jit(kernel.matmul)(stack.packed, np.int32(1), x.astype(np.float32)))
    assert found.dtype == np.float32
    # Both factors are rounded by up to 2^-9; sums kept in bf16 would give about 1e-4.
    assert 1e-7 < nmse(found, x @ stack.values[1].T) <= 2e-5


def constant_block(encoding: str, value: int) -> np.ndarray:
    """A block whose weights are all `value`, under scales of 1 and minimums of 0."""
    one, nothing = [0, 0x3C], [0, 0]  # as f16
    k_scales = [1] * 4 + [0] * 4 + [1] * 4
    match encoding:
        case "Q4_0":
            stored = [*one, *[(value + 8) * 0x11] * 16]
        case "IQ4_NL":
            stored = [*one, *[IQ4_NL_VALUES.tolist().index(value) * 0x11] * 16]
        case "Q4_1":
            stored = [*one, *nothing, *[value * 0x11] * 16]
        case "Q5_0":
            stored = [*one, *[(value + 16) // 16 * 255] * 4, *[(value + 16) % 16 * 0x11] * 16]
        case "Q5_1":
            stored = [*one, *nothing, *[value // 16 * 255] * 4, *[value % 16 * 0x11] * 16]
        case "Q4_K":
            stored = [*one, *nothing, *k_scales, *[value * 0x11] * 128]
        case "Q5_K":
            stored = [*one, *nothing, *k_scales, *[value // 16 * 255] * 32, *[value % 16 * 0x11] * 128]
        case "Q8_0":
            stored = [*one, *[value % 256] * 32]
        case _:
            stored = [*[(value + 32) % 16 * 0x11] * 128, *[(value + 32) // 16 * 0x55] * 64, *[1] * 16, *one]
    return np.array(stored, np.uint8)


EXTREMES = {
    "Q4_0": (-8, 7),
    "Q4_1": (0, 15),
    "Q5_0": (-16, 15),
    "Q5_1": (0, 31),
    "Q8_0": (-128, 127),
    "Q4_K": (0, 15),
    "Q5_K": (0, 31),
    "Q6_K": (-32, 31),
    "IQ4_NL": (-127, 113),
}
"""The smallest and the largest integers that a scale multiplies."""


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "lowest", "highest"), [(name, *EXTREMES[name]) for name in PACKED])
@pytest.mark.parametrize("x_value", [127.0, -127.0])
def test_integer_sums_hold_the_largest_products(encoding: str, lowest: int, highest: int, x_value: float) -> None:
    n_out, n_in = SHAPE[encoding]
    n_blocks = n_out * n_in // ENCODINGS[encoding].block
    raws = [np.tile(constant_block(encoding, value), n_blocks) for value in (lowest, highest)]
    stack = Stack(encoding, SHAPE[encoding], raws)
    for layer, value in enumerate((lowest, highest)):
        assert (stack.values[layer] == value).all()
        # Whole numbers below 2^24 times a scale of 1: nothing is rounded.
        for streams in VARIANTS.values():
            found = stack.matvec(layer, np.full(n_in, x_value), streams)
            np.testing.assert_array_equal(found, np.full(n_out, n_in * value * x_value))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [*PACKED, "F32"])
def test_activations_of_zero_add_nothing(encoding: str) -> None:
    stack, n_in = random_stack(encoding), SHAPE[encoding][1]
    assert not stack.matvec(0, np.zeros(n_in)).any()
    assert not stack.matmul(0, np.zeros((5, n_in))).any()
    one_block = np.zeros(n_in)
    one_block[70] = -3.0
    assert nmse(stack.matvec(0, one_block), stack.values[0] @ one_block) <= exact(encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [*PACKED, "F32"])
def test_blocks_of_zeros_add_nothing(encoding: str) -> None:
    """A scale of zero, over nibbles that are not: what quantisers write for a row of zeros."""
    n_out, n_in = SHAPE[encoding]
    nothing = np.zeros(n_out * n_in // ENCODINGS[encoding].block * ENCODINGS[encoding].block_bytes, np.uint8)
    stack = Stack(encoding, SHAPE[encoding], [nothing])
    assert not stack.matvec(0, np.ones(n_in)).any()
    assert not stack.matmul(0, np.ones((5, n_in))).any()


@pytest.mark.parametrize("encoding", [*PACKED, "F32"])
@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_activations_of_any_size_keep_their_precision(encoding: str, scale: float) -> None:
    stack, x = random_stack(encoding), np.random.default_rng(5).standard_normal(SHAPE[encoding][1])
    expected = stack.values[1] @ x
    assert nmse(stack.matvec(1, scale * x) / scale, expected) <= 1e-4
    assert nmse(stack.matmul(1, np.tile(scale * x, (5, 1)))[4] / scale, expected) <= exact(encoding)


@pytest.mark.parametrize("encoding", ["Q4_0", "Q5_0", "Q8_0", "IQ4_NL"])
def test_subnormal_and_negative_scales_count(encoding: str) -> None:
    """XLA reads subnormal numbers as zero, and an f16 below 6e-5 is one."""
    rng, shape = np.random.default_rng(6), SHAPE[encoding]
    blocks = random_matrix(rng, encoding, *shape).reshape(shape[0] * shape[1] // 32, -1)
    scales = np.where(np.arange(len(blocks)) % 2, -3e-7, 2e-5).astype("<f2")[:, None]
    blocks[:, :2] = scales.view(np.uint8)
    stack, x = Stack(encoding, shape, [blocks.reshape(-1)]), eight_bit(rng, shape[1])
    assert nmse(stack.matvec(0, x), stack.values[0] @ x) <= 1e-12
    assert nmse(stack.matmul(0, np.tile(x, (5, 1)))[4], stack.values[0] @ x) <= 1e-12
    np.testing.assert_allclose(stack.rows([0, 32, 7, 8]), stack.values[0][[0, 32, 7, 8]], rtol=1e-6)


@pytest.mark.parametrize("encoding", PACKED)
def test_a_loop_over_matrices_keeps_none_unpacked(encoding: str) -> None:
    def layers(packed: Any, x: jax.Array) -> jax.Array:
        def step(layer: jax.Array, x: jax.Array) -> jax.Array:
            return x + products.matvec(packed, layer, x, 2)[0]

        return lax.fori_loop(0, N_LAYERS, step, x)

    stack = random_stack(encoding, 64, 512)
    program = jax.jit(layers).lower(stack.packed, np.ones(512, np.float32)).compile()
    assert max(array.size for array in hlo.buffers(program.as_text())) <= 2 * 512
    assert program.memory_analysis().temp_size_in_bytes < 64 * 512 / 4


@pytest.mark.parametrize("encoding", [*PACKED, "F16", "BF16"])
def test_tensors_of_one_matrix_follow_each_other(encoding: str) -> None:
    rng, heights, (n_out, n_in) = np.random.default_rng(7), (5, 26, 2), SHAPE[encoding]
    x = eight_bit(np.random.default_rng(1), n_in)
    packed = KERNEL.allocate(ENCODINGS[encoding], N_LAYERS, n_out, n_in)
    values: list[list[np.ndarray]] = [[] for _ in range(N_LAYERS)]
    for layer in range(N_LAYERS):
        for first_out, height in zip((0, 5, 31), heights, strict=True):
            raw = random_matrix(rng, encoding, height, n_in)
            KERNEL.fill(packed, layer, first_out, raw)
            values[layer].append(dequantised(raw, encoding, (height, n_in)))
    for layer in range(N_LAYERS):
        found = np.asarray(MATVEC(packed, np.int32(layer), x.astype(np.float32), 2))
        assert nmse(found, np.concatenate(values[layer]) @ x) <= exact(encoding)


def test_ids_outside_the_matrix_read_its_last_row() -> None:
    stack = random_stack("Q4_0")
    np.testing.assert_allclose(stack.rows([33, 1000, 32, 0]), stack.values[0][[32, 32, 32, 0]], rtol=1e-7)
