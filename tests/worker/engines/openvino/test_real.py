"""The real OpenVINO, where the extra is installed: `make test-engines`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smjax.core.models.export import exported
from smjax.core.models.source import open_model
from tests.worker.engines.real import ANSWERS, evaluated, run, scenario_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("openvino_genai") is None, reason="needs the extra openvino"),
]

asked = partial(scenario_of, "openvino")
EXACT = {"precision": "f32", "dynamic_quantization": "0"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"kv_dtype": "float32", "engine_args": EXACT}],
    ids=["as OpenVINO chooses", "exact"],
)
@pytest.mark.parametrize("expected", ANSWERS, ids=lambda answer: str(len(answer["ids"])))
def test_answers_are_those_of_the_reference(expected: dict[str, Any], settings: dict[str, Any]) -> None:
    found = evaluated("openvino", expected, **settings)
    assert found["nll_mean"] == pytest.approx(expected["nll_mean"], abs=0.01)


@pytest.mark.parametrize("attention", ["pa", "sdpa"])
@pytest.mark.parametrize(("kv_dtype", "precision"), [("u8", "auto"), ("float16", "auto"), ("float32", "f32")])
def test_every_cache_agrees_with_itself(attention: str, kv_dtype: str, precision: str) -> None:
    arguments = {"attention": attention, "precision": precision}
    answer = run("measure", asked(kv_dtype=kv_dtype, engine_args=arguments))
    assert answer.resolved.kv_dtype == kv_dtype
    assert answer.variants["key cache"] == {"u8": "u8", "float16": "f16", "float32": "f32"}[kv_dtype]
    assert answer.checks["prefill_decode_nats"] < 0.15
    assert answer.variants.get("prefix cache", "none") == {"pa": "false", "sdpa": "none"}[attention]


def test_without_rounding_both_ways_are_the_same() -> None:
    answer = run("measure", asked(kv_dtype="float32", engine_args=EXACT))
    assert answer.variants["dynamic quantization group"] == "0"
    assert answer.checks["prefill_decode_nats"] < 1e-3


def test_its_own_tokenizer_reads_an_exported_preset(cache_home: Path) -> None:
    file = exported(open_model("stories-15m", None, 42), cache_home)
    code = (
        "import sys, openvino_genai as api; t = api.Tokenizer(sys.argv[1]); print(t.decode(t.encode('a w').input_ids))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == "['a w']\n"


@pytest.mark.parametrize("threads", [1, 2])
def test_a_preset_takes_no_more_threads_than_asked_for(threads: int, cache_home: Path) -> None:
    file = exported(open_model("stories-15m", None, 42), cache_home)
    answer = run("measure", asked(model="stories-15m", model_path=None, threads=threads), model_file=str(file))
    assert answer.memory.peak_rss_bytes < 250e6
    times_ns = answer.threads.cpu_ns.values()
    assert sum(ns > 0.1 * sum(times_ns) for ns in times_ns) <= threads
    assert {"openvino", "openvino-genai", "openvino-tokenizers", "openvino capabilities"} <= answer.versions.keys()
    assert all(sample.choice_ns is None for sample in answer.samples)
