"""The compiled programs keep weights packed: what is in memory beside the arguments, read from XLA's own text.

Sizes are chosen so that no activation, score or cache is as large as the smallest matrix.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.worker.engines.smjax.compilation import compile_program
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.engines.smjax.programs import decode_one, prefill
from smjax.worker.kernels import Setup
from smjax.worker.kernels.xla import XlaKernel
from smjax.worker.kernels.xla.products import unpack
from tests.worker import hlo
from tests.worker.models import NATIVE, scenario

pytestmark = pytest.mark.slow

LLAMA = decoder("llama", 3, 256, 4, 2, 64, 512, 512, 1024, 1e-5, tied=False)
NEO = decoder("gpt-neo", 3, 256, 4, 4, 16, 512, 512, 512, 1e-5, tied=True, windows=(512, 8, 512))
# Weights [K, N] that a layer's four products multiply with.
PRODUCTS = {
    "llama": [(256, 512), (256, 256), (256, 1024), (512, 256)],
    "gpt-neo": [(256, 192), (64, 256), (256, 512), (512, 256)],
}
FOUR_STREAMS = tuple((f"Q4_0 {n_out}x{n_in}", "4-streams") for n_in, n_out in PRODUCTS["llama"])
CASES = {
    "llama, f32": (LLAMA, Setup()),
    "llama, 4 streams": (LLAMA, Setup(variants=FOUR_STREAMS)),
    "llama, bf16": (LLAMA, Setup(simd=frozenset({"avx512_bf16"}))),
    "gpt-neo, f32": (NEO, Setup()),
}
NATIVE_CASES = {"llama, native": (LLAMA, Setup("native")), "gpt-neo, native": (NEO, Setup("native"))}
N_PROMPT = 16
ACTIVATION_BYTES = 128 * 1024
"""What a prefill of 16 positions may take besides a matrix: seen 118 KB, while a second matrix takes 131 KB or more."""


@functools.cache
def engine_of(case: str) -> SmjaxEngine:
    config, setup = {**CASES, **NATIVE_CASES}[case]
    engine = SmjaxEngine(scenario(n_prompt=N_PROMPT, kernel=setup.kernel), PresetModel("any", config, 0), setup)
    engine.load()
    engine.compile()
    return engine


@pytest.fixture(params=CASES)
def engine(request: pytest.FixtureRequest) -> SmjaxEngine:
    return engine_of(request.param)


@pytest.fixture(params=[*CASES, *(pytest.param(case, marks=NATIVE.marks) for case in NATIVE_CASES)])
def any_engine(request: pytest.FixtureRequest) -> SmjaxEngine:
    return engine_of(request.param)


def matrix_sizes(engine: SmjaxEngine) -> list[int]:
    """Weights in each of a layer's matrices, the smallest first."""
    return sorted(n_in * n_out for n_in, n_out in PRODUCTS[engine.config.family])


def as_large_as_a_matrix(engine: SmjaxEngine, program: jax.stages.Compiled) -> list[hlo.Array]:
    """Buffers, but for the cache, which has a test of its own."""
    cache = {array.size for array in cache_arrays(engine)}
    found = [array for array in hlo.buffers(program.as_text()) if array.size not in cache]
    return [array for array in found if array.size >= matrix_sizes(engine)[0]]


def temporary_bytes(program: jax.stages.Compiled) -> int:
    return int(program.memory_analysis().temp_size_in_bytes)


def cache_arrays(engine: SmjaxEngine) -> list[jax.Array]:
    return jax.tree.leaves(engine.cache)


def test_the_sizes_of_this_file_tell_matrices_from_the_rest(engine: SmjaxEngine) -> None:
    widest = max(n_out for _, n_out in PRODUCTS[engine.config.family])
    others = [*(array.size for array in cache_arrays(engine)), N_PROMPT * widest, engine.config.n_vocab]
    assert max(others) < matrix_sizes(engine)[0]


def test_decode_keeps_no_unpacked_matrix(any_engine: SmjaxEngine) -> None:
    assert as_large_as_a_matrix(any_engine, any_engine.decode_program) == []
    assert temporary_bytes(any_engine.decode_program) < matrix_sizes(any_engine)[0]  # at one byte a weight


def test_prefill_unpacks_one_matrix_at_a_time(engine: SmjaxEngine) -> None:
    dtype = jnp.dtype(engine.kernel.matmul_dtype)
    found = as_large_as_a_matrix(engine, engine.prefill_program)
    assert sorted({array.size for array in found}) == sorted(set(matrix_sizes(engine)))  # and no stack of them
    assert {array.dtype for array in found} == {"bf16" if dtype == jnp.bfloat16 else "f32"}
    largest = matrix_sizes(engine)[-1] * dtype.itemsize
    assert largest <= temporary_bytes(engine.prefill_program) <= largest + ACTIVATION_BYTES


def programs_of(engine: SmjaxEngine) -> list[jax.stages.Compiled]:
    return [engine.prefill_program, engine.decode_program]


def test_weights_are_arguments(any_engine: SmjaxEngine) -> None:
    expected = [*jax.tree.leaves(any_engine.weights), *cache_arrays(any_engine)]
    for program in programs_of(any_engine):
        shapes = sorted(array.shape for array in hlo.arguments(program.as_text()) if len(array.shape) > 1)
        assert shapes == sorted(array.shape for array in expected if array.ndim > 1)
        assert max(array.size for array in hlo.constants(program.as_text())) <= 64


def test_the_cache_is_updated_in_place(any_engine: SmjaxEngine) -> None:
    arrays = cache_arrays(any_engine)
    for program in programs_of(any_engine):
        assert program.memory_analysis().alias_size_in_bytes == sum(array.nbytes for array in arrays)
        whole = [array for array in hlo.buffers(program.as_text()) if array.size in {array.size for array in arrays}]
        # The updates themselves, of keys and of values or of both at once; a copy would be one more.
        assert {array.opcode for array in whole} == {"fusion" if any_engine.kernel.name == "xla" else "custom-call"}
        assert len(whole) == len(arrays)


def test_a_larger_cache_takes_no_more_temporary_memory() -> None:
    engine = engine_of("llama, f32")
    larger = SmjaxEngine(replace(engine.scenario, ctx=1024), engine.model, Setup())
    larger.load()
    program = larger.program(prefill, np.zeros(N_PROMPT, np.int32))
    one_layer = sum(array.nbytes for array in cache_arrays(larger)) / LLAMA.n_layers
    assert temporary_bytes(program) - temporary_bytes(engine.prefill_program) < one_layer / 4


class UnpacksTheMatrix(XlaKernel):
    """The product that everybody writes first."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return x @ unpack(packed, layer, jnp.float32, ready=x[0] == x[0])


class UnpacksTheStack(XlaKernel):
    """All layers' weights at once, which XLA moves out of every loop."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return self.matmul(packed, layer, x[None])[0]

    def matmul(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        every = jnp.arange(packed.n_layers)
        stack = jax.vmap(lambda i: unpack(packed, i, jnp.float32, ready=jnp.bool_(True)))(every)
        return x @ stack[layer]


@pytest.mark.parametrize("kernel", [UnpacksTheMatrix, UnpacksTheStack])
def test_an_unpacked_matrix_in_decode_is_seen(kernel: type[XlaKernel]) -> None:
    engine = engine_of("llama, f32")
    function = partial(decode_one, LLAMA, kernel(Setup()))
    program = compile_program(function, engine.weights, engine.cache, np.zeros(2, np.int32), donate=(1,))
    assert max(array.size for array in as_large_as_a_matrix(engine, program)) >= matrix_sizes(engine)[-1]
    assert temporary_bytes(program) > matrix_sizes(engine)[-1]


def test_an_unpacked_stack_in_prefill_is_seen() -> None:
    engine = engine_of("llama, f32")
    function = partial(prefill, LLAMA, UnpacksTheStack(Setup()))
    program = compile_program(function, engine.weights, engine.cache, np.zeros(N_PROMPT, np.int32), donate=(1,))
    largest = matrix_sizes(engine)[-1]
    assert max(array.size for array in as_large_as_a_matrix(engine, program)) >= LLAMA.n_layers * largest
    assert temporary_bytes(program) > 4 * largest + ACTIVATION_BYTES


def test_weights_in_the_program_are_seen() -> None:
    engine = engine_of("llama, f32")
    function = partial(prefill, LLAMA, engine.kernel, engine.weights)
    program = compile_program(function, engine.cache, np.zeros(N_PROMPT, np.int32))
    largest = engine.weights.stacks[0].matrices["ffn_in"][0].parts.quants.size
    assert max(array.size for array in hlo.constants(program.as_text())) >= largest
    assert len(hlo.arguments(program.as_text())) == 3
