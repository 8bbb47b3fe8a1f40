"""The compiled decoder against the float64 one: both families, every way through a prompt, every kind of cache."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import decoder
from smjax.core.records.answer import Answer
from smjax.worker.engines.smjax import programs
from tests.reference import mean_nll, nmse
from tests.worker.models import KERNELS, ArrayModel, loaded_engine, random_model, reference
from tests.worker.runner import Runner

pytestmark = pytest.mark.slow

N_VOCAB, N_PROMPT, N_IDS = 53, 37, 48
IDS = np.random.default_rng(1).integers(0, N_VOCAB, N_IDS).astype(np.int32)

LLAMA = decoder(
    "llama", 2, 64, 4, 2, 16, 96, N_VOCAB, 1024, 1e-5, tied=False, rope_base=500.0, rope_factors=("rope_freqs.weight",)
)
# One KV head for all, and heads that are together wider than the embedding.
TIED_LLAMA = decoder("llama", 3, 64, 4, 1, 32, 128, N_VOCAB, 1024, 1e-5, tied=True)
NEO = decoder("gpt-neo", 4, 64, 8, 8, 8, 128, N_VOCAB, 512, 1e-5, tied=True, windows=(512, 8, 512, 8))

CASES = {
    "llama": (LLAMA, "F32"),
    "llama, tied": (TIED_LLAMA, "F32"),
    "gpt-neo": (NEO, "F32"),
    "llama, Q4_0": (LLAMA, "Q4_0"),
    "gpt-neo, Q4_0": (NEO, "Q4_0"),
}
# Seen: 1.4e-12 in f32. In Q4_0 every product of one token rounds its activations to 8 bits; with so narrow a model that
# is up to 1.4e-3 at one position, while a prompt's only such product is the output matrix's: 3.4e-5 (the native
# kernel rounds them for a prompt too).
F32_NMSE, DECODE_NMSE, PREFILL_NMSE = 1e-10, 5e-3, 2e-4


@functools.cache
def model_of(case: str) -> ArrayModel:
    config, encoding = CASES[case]
    return random_model(config, lambda name: encoding)


@functools.cache
def runner_of(case: str, kernel: str) -> Runner:
    return Runner(model_of(case), n_prompt=N_PROMPT, kernel=kernel, kv_dtype="float32")


@functools.cache
def expected_of(case: str) -> np.ndarray:
    return reference(model_of(case)).logits(IDS.tolist())


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def runner(case: str, kernel: str) -> Runner:
    return runner_of(case, kernel)


def limit_of(case: str, quantised: float) -> float:
    return F32_NMSE if CASES[case][1] == "F32" else quantised


def test_decoding_one_by_one_is_the_reference(case: str, runner: Runner) -> None:
    found = runner.decode(IDS, 0)
    errors = [nmse(*pair) for pair in zip(found, expected_of(case), strict=True)]
    assert max(errors) <= limit_of(case, DECODE_NMSE)


def test_prefill_is_the_reference(case: str, runner: Runner) -> None:
    found = runner.prefill(IDS[:N_PROMPT])
    quantised = PREFILL_NMSE if runner.engine.kernel.name == "xla" else DECODE_NMSE
    assert nmse(found, expected_of(case)[N_PROMPT - 1]) <= limit_of(case, quantised)


def test_prefill_then_decode_is_decoding_one_by_one(case: str, runner: Runner) -> None:
    one_by_one = runner.decode(IDS, 0)[N_PROMPT - 1 :]
    runner.engine.cache = jax.tree.map(jnp.zeros_like, runner.engine.cache)  # nothing of it may help what follows
    found = [runner.prefill(IDS[:N_PROMPT]), *runner.decode(IDS[N_PROMPT:], N_PROMPT)]
    for pair in zip(found, one_by_one, strict=True):
        assert nmse(*pair) <= limit_of(case, 2 * DECODE_NMSE)


def test_a_new_prompt_sees_nothing_of_what_was_in_the_cache(runner: Runner) -> None:
    first = runner.prefill(IDS[:N_PROMPT])
    runner.decode(IDS[:N_PROMPT], 11)
    np.testing.assert_array_equal(runner.prefill(IDS[:N_PROMPT]), first)


@pytest.mark.parametrize("config", [LLAMA, NEO], ids=lambda config: config.family)
def test_a_prompt_in_chunks_is_the_prompt_at_once(
    config: DecoderConfig, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "CHUNK", 16)
    assert programs.chunks(N_PROMPT) == (13, 3)  # two positions are computed twice
    runner = Runner(model_of(config.family), n_prompt=N_PROMPT, kernel=kernel, kv_dtype="float32")
    found = np.stack([runner.prefill(IDS[:N_PROMPT]), *runner.decode(IDS[N_PROMPT:], N_PROMPT)])
    assert nmse(found, expected_of(config.family)[N_PROMPT - 1 :]) <= F32_NMSE


@pytest.mark.parametrize(
    ("n_prompt", "expected"), [(1, (1, 1)), (256, (256, 1)), (257, (129, 2)), (513, (171, 3)), (2047, (256, 8))]
)
def test_chunks_cover_a_prompt_with_little_twice(n_prompt: int, expected: tuple[int, int]) -> None:
    chunk, n_chunks = programs.chunks(n_prompt)
    assert (chunk, n_chunks) == expected
    assert 0 <= chunk * n_chunks - n_prompt < n_chunks


LONG = [replace(LLAMA, n_layers=1, ctx_train=2048), replace(NEO, n_layers=2, windows=(2048, 256), ctx_train=2048)]


@pytest.mark.parametrize("config", LONG, ids=lambda config: config.family)
def test_positions_in_later_blocks_of_the_cache(config: DecoderConfig, kernel: str) -> None:
    """Prefill attends in blocks of 128 slots, decode of 1,024: the last ones overlap, the first leave the window."""
    n_prompt, n_ids = 1050, 1054
    ids = np.random.default_rng(2).integers(0, N_VOCAB, n_ids).astype(np.int32)
    model = random_model(config)
    runner = Runner(model, ctx=n_prompt + 22, n_prompt=n_prompt, kernel=kernel, kv_dtype="float32")
    found = np.stack([runner.prefill(ids[:n_prompt]), *runner.decode(ids[n_prompt:], n_prompt)])
    errors = [nmse(*pair) for pair in zip(found, reference(model).logits(ids.tolist())[n_prompt - 1 :], strict=True)]
    assert max(errors) <= F32_NMSE


def test_a_prompt_of_one_token(kernel: str) -> None:
    engine = loaded_engine(model_of("llama"), n_prompt=1, kernel=kernel)
    engine.prefill_program = engine.program(programs.prefill, IDS[:1])
    assert engine.prefill(IDS[:1]) == expected_of("llama")[0].argmax()


# Rounding of keys and values to 11 and 8 bits: seen 2e-7 and 1.1e-5.
@pytest.mark.parametrize(("kv_dtype", "limit"), [("float16", 1e-6), ("bfloat16", 1e-4)])
def test_a_narrower_cache_is_nearly_as_good(kv_dtype: str, limit: float, kernel: str) -> None:
    runner = Runner(model_of("llama"), n_prompt=N_PROMPT, kv_dtype=kv_dtype, kernel=kernel)
    found = np.stack([runner.prefill(IDS[:N_PROMPT]), *runner.decode(IDS[N_PROMPT:], N_PROMPT)])
    error = nmse(found, expected_of("llama")[N_PROMPT - 1 :])
    assert limit / 1000 < error <= limit
    narrow, full = Answer(), Answer()
    runner.engine.describe(narrow)
    runner_of("llama", kernel).engine.describe(full)
    assert (narrow.resolved.kv_dtype, full.resolved.kv_dtype) == (kv_dtype, "float32")
    assert 2 * narrow.memory.kv_bytes == full.memory.kv_bytes


def greedy_of_the_reference(model: Any, prompt: list[int], n_gen: int) -> list[int]:
    decoder, ids = reference(model), list(prompt)
    for _ in range(n_gen):
        ids.append(int(decoder.logits(ids)[-1].argmax()))
    return ids[len(prompt) :]


@pytest.mark.parametrize(("per_dispatch", "sizes"), [(1, [1] * 11), (4, [4, 4, 3]), (12, [11])])
def test_tokens_per_dispatch_changes_no_token(per_dispatch: int, sizes: list[int], kernel: str) -> None:
    prompt, model, same = IDS[:N_PROMPT], model_of("gpt-neo"), runner_of("gpt-neo", kernel).engine
    engine = loaded_engine(
        model, n_prompt=N_PROMPT, n_gen=12, tokens_per_dispatch=per_dispatch, kernel=kernel, kv_dtype="float32"
    )
    engine.prefill_program = same.prefill_program
    engine.decode_program = same.decode_program if per_dispatch == 1 else engine._decode_program()
    first = engine.prefill(prompt)
    dispatches = list(engine.decode(11))
    assert [len(ids) for ids in dispatches] == sizes
    assert [first, *np.concatenate(dispatches)] == greedy_of_the_reference(model, prompt.tolist(), 12)


def test_evaluate_answers_like_the_reference(kernel: str) -> None:
    model = model_of("gpt-neo")
    answer = loaded_engine(model, kernel=kernel, kv_dtype="float32").evaluate(IDS, 5)
    expected = expected_of("gpt-neo")
    assert abs(answer["nll_mean"] - mean_nll(expected, IDS.tolist())) <= 1e-5
    assert nmse(np.array(answer["logits"]), expected[-1]) <= F32_NMSE
    assert answer["greedy"] == greedy_of_the_reference(model, IDS.tolist(), 5)
