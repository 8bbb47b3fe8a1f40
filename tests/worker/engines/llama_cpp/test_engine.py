"""What the engine asks of llama.cpp and what it makes of the answers, with a library that anybody can compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smjax.core.models.source import open_model
from smjax.core.records.answer import Answer, Ran
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.worker.engines.agreement import CheckFailedError
from smjax.worker.timing import time_answers
from tests.worker.models import scenario

FILE = Path(__file__).parents[3] / "data" / "shakespeare-q4_0.gguf"
V = 1024
PROMPT = np.array([5, 900, 33, 1, 1000, 77], np.int32)
ARGUMENTS = {"flash_attn": "auto", "mmap": "true"}


def engine_of(fake: SimpleNamespace, kv_dtype: str = "float16", path: Path = FILE, **changes: Any) -> Any:
    """The engine, loaded and with a context."""
    fields = {"engine": "llama_cpp", "model_path": str(path), "engine_args": ARGUMENTS, "ctx": 300, **changes}
    resolved = Resolved(scenario(**fields), "ggml", "auto", (), kv_dtype)
    engine = fake.make(Request("measure", resolved), open_model("gguf", str(FILE), 42))
    engine.load()
    engine.compile()
    return engine


def best(token: int, position: int) -> int:
    return (7 * token + position) % V


def answer_to(ids: np.ndarray, n: int) -> list[int]:
    """The ids that follow."""
    found, token = [], int(ids[-1])
    for position in range(len(ids) - 1, len(ids) - 1 + n):
        token = best(token, position)
        found.append(token)
    return found


def test_an_answer_is_the_best_id_each_time(fake: SimpleNamespace) -> None:
    engine = engine_of(fake)
    for _ in range(2):  # each in an emptied cache
        found = [engine.prefill(PROMPT), *(int(i) for chunk in engine.decode(9) for i in chunk)]
        assert found == answer_to(PROMPT, 10)


def test_a_prompt_is_handed_over_in_parts_that_the_library_takes(fake: SimpleNamespace) -> None:
    engine, prompt = engine_of(fake, ctx=5000), np.arange(4500, dtype=np.int32) % V
    assert engine.prefill(prompt) == answer_to(prompt, 1)[0]
    assert engine.context._pointer.calls == [2048, 2048, 404]


def test_choosing_is_timed_apart(fake: SimpleNamespace) -> None:
    engine = engine_of(fake)
    for sample in time_answers(engine, PROMPT, 20, 3, each_token=True, between=lambda: None):
        assert 0 < sample.choice_ns < sample.decode_ns  # type: ignore[operator]
        assert len(sample.token_ns or ()) == 19


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, (1, 1, -1)),
        ({"kv_dtype": "float32", "engine_args": {"flash_attn": "0", "mmap": "false"}}, (0, 0, 0)),
        ({"kv_dtype": "q8_0", "engine_args": {"flash_attn": "1", "mmap": "true"}}, (1, 8, 1)),
    ],
)
def test_settings_arrive(asked: dict[str, Any], found: tuple[int, ...], fake: SimpleNamespace) -> None:
    engine = engine_of(fake, threads=3, **asked)
    model, context = engine.weights.pointer.params, engine.context._pointer.params
    assert (model.load_mode, context.type_k, context.flash_attn_type) == found
    assert context.type_v == context.type_k
    assert (context.n_ctx, context.n_batch, context.n_ubatch) == (300, 2048, 512)
    assert (context.n_threads, context.n_threads_batch) == (3, 3)
    assert (model.n_gpu_layers, context.offload_kqv, context.op_offload) == (0, False, False)


@pytest.mark.parametrize("n_prompt", [1, 3, 4, 6])
def test_prefill_and_decode_are_held_against_each_other(
    n_prompt: int, fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(fake)
    assert engine.check(PROMPT[:n_prompt]) == {"prefill_decode_nmse": 0.0}
    prefill = engine.prefill
    monkeypatch.setattr(engine, "prefill", lambda prompt: (prefill(prompt), setattr(fake.api, "drift", 10.0)))
    with pytest.raises(CheckFailedError, match="prefill and decode disagree"):
        engine.check(PROMPT[:n_prompt])


@pytest.mark.parametrize("n", [1, 6, 64, 65, 200])
def test_a_text_is_scored_and_gone_on_from(n: int, fake: SimpleNamespace) -> None:
    engine, ids = engine_of(fake), np.resize(PROMPT, n)
    found = engine.evaluate(ids, 5)
    scores = np.stack([-np.abs(np.arange(V) - best(int(token), place)) / 10 for place, token in enumerate(ids)])
    nll = [np.log(np.exp(row).sum()) - row[target] for row, target in zip(scores, ids[1:], strict=False)]
    assert found["nll_mean"] == (pytest.approx(np.mean(nll), rel=1e-6) if n > 1 else None)
    assert found["logits"] == pytest.approx(scores[-1].tolist())
    assert found["greedy"] == answer_to(ids, 5)
    assert engine.evaluate(ids, 0)["greedy"] == []


def test_it_says_what_it_is_and_what_it_reads(fake: SimpleNamespace) -> None:
    engine, answer = engine_of(fake, kv_dtype="q8_0", n_prompt=32, n_gen=32), Answer()
    engine.describe(answer)
    assert answer.resolved == Ran("ggml", "avx2", "q8_0")
    cells = 2 * 4 * 4 * 32  # keys and values, layers, KV heads, head size
    model = engine.model
    weights = sum(info.n_bytes for info in model.tensors.values())
    assert answer.memory is not None
    assert (answer.memory.weight_bytes, answer.memory.kv_bytes) == (weights, cells * 512 * 34 // 32)
    embedding = model.tensors["token_embd.weight"]
    unread = 0 if model.config.tied else embedding.n_bytes // V * (V - 1)
    assert answer.bytes_per_token == weights - unread + cells * 48 * 34 // 32
    assert engine.versions() == {
        "llama-cpp-python": "0.0.0",
        "numpy": np.__version__,
        "llama.cpp system_info": "CPU : AVX2 = 1 | AVX512 = 0 | FAKE = 1 |",
    }


def test_what_is_read_for_the_bandwidth_is_as_much_as_a_step_reads(
    fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, answer, asked = engine_of(fake, threads=2), Answer(), []
    engine.describe(answer)
    monkeypatch.setattr(fake.engine, "read_as_much", lambda *how: asked.append(how) or 1e10)
    assert engine.read_bandwidth() == 1e10
    assert asked == [(answer.bytes_per_token, engine.request)]


def test_what_the_library_says_of_a_failure_is_the_reason(fake: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "short.gguf").write_bytes(b"GGUF")
    with pytest.raises(fake.library.LlamaCppError, match=r"could not load .*short\.gguf: the file is too short$"):
        engine_of(fake, path=tmp_path / "short.gguf")


def test_a_code_is_a_failure(fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of(fake)
    monkeypatch.setattr(fake.api, "llama_decode", lambda *_: 1)
    with pytest.raises(fake.library.LlamaCppError, match=r"could not compute \(code 1\)"):
        engine.prefill(PROMPT)


def test_a_preset_is_read_from_its_file(fake: SimpleNamespace) -> None:
    resolved = Resolved(replace(scenario(engine="llama_cpp", engine_args=ARGUMENTS)), "ggml", "auto", (), "float16")
    engine = fake.make(Request("measure", resolved, model_file=str(FILE)), open_model("gguf", str(FILE), 42))
    assert engine.path == FILE
