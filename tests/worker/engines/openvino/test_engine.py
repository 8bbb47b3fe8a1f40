"""What the engine asks of openvino-genai and what it makes of the answers, with a library that anybody can compute."""

from __future__ import annotations

import os
import re
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
ARGUMENTS = {"attention": "pa", "precision": "auto", "dynamic_quantization": "auto"}


def engine_of(fake: SimpleNamespace, kv_dtype: str = "u8", path: Path = FILE, **changes: Any) -> Any:
    """The engine, loaded."""
    arguments = ARGUMENTS | changes.pop("engine_args", {})
    fields = {"engine": "openvino", "model_path": str(path), "engine_args": arguments, "ctx": 300, **changes}
    resolved = Resolved(scenario(**fields), "cpu_plugin", "auto", (), kv_dtype)
    engine = fake.make(Request("measure", resolved), open_model("gguf", str(FILE), 42))
    engine.load()
    engine.compile()
    return engine


def answer_to(ids: np.ndarray, n: int) -> list[int]:
    """The ids that follow."""
    found, token = [], int(ids[-1])
    for position in range(len(ids) - 1, len(ids) - 1 + n):
        token = (7 * token + position) % V
        found.append(token)
    return found


def test_ids_are_heard_one_by_one(fake: SimpleNamespace) -> None:
    engine = engine_of(fake)
    for _ in range(2):
        heard: list[np.ndarray] = []
        engine.answer(PROMPT, 10, heard.append)
        assert [ids.dtype for ids in heard] == [np.int32] * 10
        assert [ids.tolist() for ids in heard] == [[token] for token in answer_to(PROMPT, 10)]


def test_every_token_of_an_answer_is_timed(fake: SimpleNamespace) -> None:
    for sample in time_answers(engine_of(fake), PROMPT, 20, 3, each_token=True, between=lambda: None):
        assert len(sample.token_ns or ()) == 19
        assert sample.choice_ns is None, "the library chooses"


def test_an_answer_that_ends_early_is_a_failure(fake: SimpleNamespace) -> None:
    with pytest.raises(fake.library.OpenVinoError, match="handed over 59 ids, expected 60"):
        engine_of(fake, ctx=32).answer(PROMPT, 60, lambda ids: None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"KV_CACHE_PRECISION": "u8"}),
        (
            {"kv_dtype": "float32", "engine_args": {"precision": "f32", "dynamic_quantization": "0"}},
            {
                "KV_CACHE_PRECISION": "f32",
                "INFERENCE_PRECISION_HINT": "f32",
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
            },
        ),
        ({"kv_dtype": "float16"}, {"KV_CACHE_PRECISION": "f16"}),
        ({"kv_dtype": "bfloat16"}, {"KV_CACHE_PRECISION": "bf16"}),
    ],
)
def test_settings_arrive(asked: dict[str, Any], found: dict[str, str], fake: SimpleNamespace) -> None:
    engine_of(fake, threads=3, **asked)
    pipeline = fake.api.pipelines[-1]
    assert pipeline.attention == "PA"
    for name, value in (found | {"INFERENCE_NUM_THREADS": 3, "ENABLE_CPU_PINNING": False}).items():
        assert pipeline.model.properties[name] == value


def test_every_answer_starts_with_an_emptied_cache_as_large_as_the_context(fake: SimpleNamespace) -> None:
    engine_of(fake, ctx=300)
    scheduler = fake.api.pipelines[-1].scheduler
    assert scheduler.enable_prefix_caching is False
    assert scheduler.max_num_batched_tokens >= 300, "a prompt is computed at once"
    assert 300 <= 32 * scheduler.num_kv_blocks < 300 + 64


def test_the_other_attention_keeps_its_state_itself(fake: SimpleNamespace) -> None:
    engine_of(fake, engine_args={"attention": "sdpa"})
    assert (fake.api.pipelines[-1].attention, fake.api.pipelines[-1].scheduler) == ("SDPA", None)


def test_what_the_cpu_has_not_got_is_a_failure(fake: SimpleNamespace) -> None:
    with pytest.raises(fake.library.OpenVinoError, match=r"INFERENCE_PRECISION_HINT: expected f16, .*found bf16"):
        engine_of(fake, engine_args={"precision": "f16"})


def test_what_is_not_told_is_not_taken_for_granted(fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a version that prints it in another way."""
    monkeypatch.setattr(fake.library, "_PROPERTY", re.compile("(no such) (line)"))
    with pytest.raises(fake.library.OpenVinoError, match=r"INFERENCE_NUM_THREADS: expected 1, .*found nothing that it"):
        engine_of(fake)


def test_it_says_what_it_is_and_what_it_reads(fake: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    engine, answer = engine_of(fake, n_prompt=32, n_gen=32), Answer()
    engine.describe(answer)
    assert answer.resolved == Ran("cpu_plugin", "avx2", "u8")
    assert answer.variants == {
        "attention": "pa",
        "inference precision": "bf16",
        "dynamic quantization group": "32",
        "key cache": "u8",
        "value cache": "u8",
        "prefix cache": "false",
    }
    cells, model = 2 * 4 * 4 * 32, engine.model  # keys and values, layers, KV heads, head size
    weights = sum(info.n_bytes for info in model.tensors.values())
    assert answer.memory is not None
    assert (answer.memory.weight_bytes, answer.memory.kv_bytes) == (weights, cells * 320)
    embedding = model.tensors["token_embd.weight"]
    unread = 0 if model.config.tied else embedding.n_bytes // V * (V - 1)
    assert answer.bytes_per_token == weights - unread + cells * 48
    assert (
        engine.versions().items()
        >= {
            "openvino": "0.0.0-fake",
            "openvino-genai": "0.0.0.0",
            "numpy": np.__version__,
            "openvino capabilities": "FP32 FAKE",
        }.items()
    )
    assert capfd.readouterr() == ("", ""), "what it tells of itself is kept"
    assert "OPENVINO_LOG_LEVEL" not in os.environ


@pytest.mark.parametrize("attention", ["pa", "sdpa"])
@pytest.mark.parametrize("n_prompt", [1, 6, 600])
def test_prefill_and_decode_are_held_against_each_other(
    attention: str, n_prompt: int, fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, prompt = engine_of(fake, ctx=1000, engine_args={"attention": attention}), np.resize(PROMPT, n_prompt)
    assert engine.check(prompt) == {"prefill_decode_nats": pytest.approx(0, abs=1e-9)}
    monkeypatch.setattr(fake.api, "drift", -0.1)
    assert engine.check(prompt) == {"prefill_decode_nats": pytest.approx(0.1)}
    monkeypatch.setattr(fake.api, "drift", 0.2)
    with pytest.raises(CheckFailedError, match=r"disagree: expected log-probabilities within 0\.15, found 0\.2"):
        engine.check(prompt)
    monkeypatch.setattr(fake.api, "drift", float("nan"))
    with pytest.raises(CheckFailedError, match="found nan"):
        engine.check(prompt)


@pytest.mark.parametrize(("others", "is_right"), [(0, True), (2, True), (3, False), (4, False)])
def test_ids_may_differ_where_two_are_nearly_as_good(others: int, is_right: bool, fake: SimpleNamespace) -> None:
    decoded = [(token, -1.0) for token in range(4)]
    prefilled = [(token + 9 * (token < others), -1.01) for token in range(4)]
    if is_right:
        assert fake.engine.check_ids(decoded, prefilled) == pytest.approx(0.01)
        return
    with pytest.raises(CheckFailedError, match=f"expected the same ids, found {others} of 4 others"):
        fake.engine.check_ids(decoded, prefilled)


@pytest.mark.parametrize("n", [1, 6, 65])
def test_a_text_is_scored_and_gone_on_from(n: int, fake: SimpleNamespace) -> None:
    engine, ids = engine_of(fake), np.resize(PROMPT, n)
    found = engine.evaluate(ids, 5)
    best = (7 * ids + np.arange(n)) % V
    nats = [(1 + (token + place) % 5) / 10 + (best[place] != ids[place + 1]) for place, token in enumerate(ids[:-1])]
    assert found["nll_mean"] == (pytest.approx(np.mean(nats)) if n > 1 else None)
    assert found["greedy"] == answer_to(ids, 5)
    assert found["logits"] is None
    assert engine.evaluate(ids, 0)["greedy"] == []
    assert engine_of(fake, engine_args={"attention": "sdpa"}).evaluate(ids, 1)["nll_mean"] is None


def test_what_the_library_says_of_a_failure_is_the_reason(fake: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "short.gguf").write_bytes(b"GGUF")
    with pytest.raises(fake.library.OpenVinoError) as failure:
        engine_of(fake, path=tmp_path / "short.gguf")
    assert str(failure.value).endswith("short.gguf: Check 'ctx' failed at src/gguf.cpp:9: short")
    assert "OPENVINO_LOG_LEVEL" not in os.environ


def test_a_key_that_is_not_there_is_said_in_words(fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("map::at")

    monkeypatch.setattr(fake.api, "LLMPipeline", fail)
    with pytest.raises(fake.library.OpenVinoError, match=r"map::at; a key that it needs is not in the file$"):
        engine_of(fake)


def test_a_preset_is_read_from_its_file(fake: SimpleNamespace) -> None:
    resolved = Resolved(scenario(engine="openvino", engine_args=ARGUMENTS), "cpu_plugin", "auto", (), "u8")
    engine = fake.make(Request("measure", resolved, model_file=str(FILE)), open_model("gguf", str(FILE), 42))
    assert engine.path == FILE
