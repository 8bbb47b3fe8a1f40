"""The real llama.cpp, where the extra is installed: `make test-engines`."""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.models.export import exported
from smjax.core.models.source import open_model
from smjax.core.records.scenario import Measure
from smjax.worker.engines.agreement import AGREEMENT_NMSE_MAX
from tests.reference import nmse
from tests.worker.engines.real import ANSWERS, TIMEOUT_S, evaluated, run, scenario_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is None, reason="needs the extra llama-cpp"),
]

asked = partial(scenario_of, "llama_cpp")


@pytest.mark.parametrize("expected", ANSWERS, ids=lambda answer: str(len(answer["ids"])))
def test_answers_are_those_of_the_reference(expected: dict[str, Any]) -> None:
    found = evaluated("llama_cpp", expected)
    assert found["nll_mean"] == pytest.approx(expected["nll_mean"], abs=0.01)
    assert nmse(np.array(found["logits"]), np.array(expected["logits"])) < 1e-4


@pytest.mark.parametrize(
    ("kv_dtype", "flash_attn"),
    [("float16", "0"), ("float16", "1"), ("float32", "0"), ("float32", "auto"), ("q8_0", "1"), ("q8_0", "auto")],
)
def test_every_cache_agrees_with_itself(kv_dtype: str, flash_attn: str) -> None:
    answer = run("measure", asked(kv_dtype=kv_dtype, engine_args={"flash_attn": flash_attn}))
    assert answer.resolved.kv_dtype == kv_dtype
    assert 0 <= answer.checks["prefill_decode_nmse"] < AGREEMENT_NMSE_MAX


@pytest.mark.parametrize("threads", [1, 2])
def test_a_small_model_takes_little_memory_and_no_more_threads(threads: int, cache_home: Path) -> None:
    file = exported(open_model("stories-15m", None, 42), cache_home)
    answer = run("measure", asked(model="stories-15m", model_path=None, threads=threads), model_file=str(file))
    assert answer.memory.peak_rss_bytes < 120e6
    times_ns = answer.threads.cpu_ns.values()
    assert sum(ns > 0.05 * sum(times_ns) for ns in times_ns) <= threads
    assert {"llama-cpp-python", "llama.cpp", "ggml", "llama.cpp system_info"} <= answer.versions.keys()
    assert all(0 < sample.choice_ns < sample.decode_ns for sample in answer.samples)


def test_a_prompt_longer_than_it_takes_at_once_is_answered(cache_home: Path) -> None:
    file = exported(open_model("stories-110m", None, 42), cache_home)
    measure = Measure(replicates=1, iterations=1, warmup=0, timeout_s=TIMEOUT_S)
    wanted = asked(model="stories-110m", model_path=None, n_prompt=2100, n_gen=4, ctx=2104, measure=measure)
    answer = run("measure", wanted, model_file=str(file))
    assert answer.checks["prefill_decode_nmse"] < AGREEMENT_NMSE_MAX
