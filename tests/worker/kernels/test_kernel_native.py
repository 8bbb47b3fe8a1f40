"""The native kernel inside XLA programs; its arithmetic has tests of its own in C++ (tests/native)."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core import native_library as native
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.worker.engines.agreement import nmse
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.kernels import Norm, Setup
from smjax.worker.kernels.native import NativeKernel, Panels
from tests.worker import hlo
from tests.worker.models import dequantised, random_matrix, scenario

pytestmark = pytest.mark.skipif(native.library() is None, reason=f"no native kernel: {native.why_missing()}")

CONFIG = decoder("llama", 3, 256, 4, 2, 64, 512, 512, 1024, 1e-5, tied=False)
NEO = decoder("gpt-neo", 3, 64, 4, 4, 16, 128, 500, 512, 1e-5, tied=True, windows=(512, 8, 512))
GEMMA = decoder("gemma3", 3, 64, 4, 2, 32, 128, 500, 512, 1e-5, tied=True, windows=(8, 512, 8))
GEMMA = replace(GEMMA, local_layers=(True, False, True), local_rope=(100.0, 1.0), embedding_scale=8.0, score_cap=5.0)
N_OUT, N_IN = 80, 512


def packed(kernel: NativeKernel, encoding: str, n_layers: int = 2, n_out: int = N_OUT) -> tuple[Panels, np.ndarray]:
    rng = np.random.default_rng(3)
    panels, values = kernel.allocate(ENCODINGS[encoding], n_layers, n_out, N_IN), []
    for layer in range(n_layers):
        raw = random_matrix(rng, encoding, n_out, N_IN)
        kernel.fill(panels, layer, 0, raw)
        values.append(dequantised(raw, encoding, (n_out, N_IN)))
    return panels, np.stack(values)


@pytest.mark.parametrize("columns", [1, 11])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("isa", native.isas())
def test_a_product_with_all_that_is_fused_with_it(isa: str, encoding: str, columns: int) -> None:
    kernel = NativeKernel(Setup("native", isa, threads=2))
    panels, values = packed(kernel, encoding)
    rng = np.random.default_rng(4)
    x = rng.standard_normal((columns, N_IN)).astype(np.float32)
    weight, bias = (rng.standard_normal((2, N_IN)).astype(np.float32) for _ in range(2))
    residual = rng.standard_normal((columns, N_OUT // 2)).astype(np.float32)

    def product(panels, layer, x, weight, bias, residual):
        norm = Norm(weight, bias, 1e-5)
        return kernel.product((panels,), layer, x, norm=norm, residual=residual, activation="swiglu")

    found = jax.jit(product)(panels, np.int32(1), x, weight, bias, residual)
    centred = x - x.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) * weight[1] + bias[1]
    gate, up = np.split(normed.astype(np.float64) @ values[1].T, 2, axis=1)
    assert nmse(np.asarray(found), gate / (1 + np.exp(-gate)) * up + residual) < 5e-4


def test_outputs_that_fill_no_panel_and_matrices_in_parts() -> None:
    kernel = NativeKernel(Setup("native"))
    (first, a), (second, b) = packed(kernel, "Q4_0", n_out=24), packed(kernel, "Q8_0", n_out=9)
    x = np.random.default_rng(5).standard_normal((1, N_IN)).astype(np.float32)
    found = kernel.product((first, second), jnp.int32(0), jnp.asarray(x))
    assert found.shape == (1, 33)
    assert nmse(np.asarray(found), x @ np.concatenate([a[0], b[0]]).T) < 5e-4
    np.testing.assert_allclose(kernel.rows(first, jnp.array([0, 23, 7, -5, 99])), a[0][[0, 23, 7, 0, 23]], rtol=1e-6)


def test_the_first_of_equals_is_chosen() -> None:
    kernel = NativeKernel(Setup("native", threads=3))
    panels = kernel.allocate(ENCODINGS["F32"], 1, 4096, N_IN)
    rows = np.zeros((4096, N_IN), np.float32)
    rows[[700, 1500, 4000], 0] = 1
    kernel.fill(panels, 0, 0, rows.reshape(-1).view(np.uint8))
    norm = Norm(np.ones((1, N_IN), np.float32), None, 1e-5)
    x = np.ones((1, N_IN), np.float32)
    assert int(kernel.argmax((panels,), jnp.asarray(x), norm)) == 700


def engine_of(config: DecoderConfig, **setup: object) -> SmjaxEngine:
    engine = SmjaxEngine(scenario(kernel="native"), PresetModel("any", config, 0), Setup("native", **setup))  # type: ignore[arg-type]
    engine.load()
    return engine


@pytest.mark.slow
@pytest.mark.parametrize("config", [CONFIG, NEO, GEMMA], ids=lambda config: config.family)
def test_no_program_copies_the_cache_or_unpacks_a_matrix(config: DecoderConfig) -> None:
    engine = engine_of(config)
    engine.compile()
    smallest = min(array.nbytes for array in engine.arrays if array.dtype == np.uint8)
    for program in (engine.decode_program, engine.prefill_program):
        assert program.memory_analysis().alias_size_in_bytes == engine.cache.nbytes
        arrays = [array for array in hlo.buffers(program.as_text()) if array.size == engine.cache.size]
        assert {array.opcode for array in arrays} == {"custom-call"}  # the update in place
    assert engine.decode_program.memory_analysis().temp_size_in_bytes < smallest
    shapes = [array.shape for array in hlo.arguments(engine.decode_program.as_text()) if array.dtype == "u8"]
    assert sorted(shapes) == sorted(array.shape for array in engine.arrays if array.dtype == np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("config", [CONFIG, NEO, GEMMA], ids=lambda config: config.family)
def test_threads_change_no_bit(config: DecoderConfig) -> None:
    ids = np.random.default_rng(1).integers(0, 500, 40).astype(np.int32)
    answers = [engine_of(config, threads=threads).evaluate(ids, 12) for threads in (1, 2, 3)]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"x": np.zeros((1, N_IN - 32), np.float32)}, r"x: expected f32\[1, 512\], found f32\[1, 480\]"),
        ({"x": np.zeros((1, N_IN), np.int32)}, r"x: expected f32\[1, 512\], found s32"),
        ({"layer": np.int32(2)}, "layer: expected 0 to 1, found 2"),
        ({"layer": np.int32(-1)}, "layer: expected 0 to 1, found -1"),
        ({"weights": np.zeros((2, 64), np.uint8)}, "weights: expected u8"),
    ],
)
def test_a_handler_refuses_what_does_not_fit(change: dict[str, np.ndarray], complaint: str) -> None:
    kernel = NativeKernel(Setup("native"))
    panels, _ = packed(kernel, "Q4_0")
    arguments = {"weights": panels.data, "layer": np.int32(0), "x": np.zeros((1, N_IN), np.float32)} | change
    call = jax.ffi.ffi_call("smjax_multiply", jax.ShapeDtypeStruct((1, N_OUT), jnp.float32))
    with pytest.raises(jax.errors.JaxRuntimeError, match=complaint):
        jax.block_until_ready(call(*arguments.values(), matmul=panels.numbers(), eps=np.float32(0)))


def test_the_bandwidth_of_what_a_step_reads_is_measured() -> None:
    rate = engine_of(CONFIG, threads=2).read_bandwidth()
    assert rate is not None
    assert rate > 1e8  # bytes a second: slower than any memory would be an error in the units
