"""The real OpenVINO, where the extra is installed: `make test-engines`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import packages
from smjax.core.machine.host import environment
from smjax.core.models.export import exported
from smjax.core.models.source import open_model
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.request.resolve import resolve
from tests.worker.models import scenario

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("openvino_genai") is None, reason="needs the extra openvino"),
]

DATA = Path(__file__).parents[3] / "data"
FILE = DATA / "shakespeare-q4_0.gguf"
ANSWERS = json.loads((DATA / "expected.json").read_text())["models"][FILE.name]
TIMEOUT_S = 300.0
HOST = environment(packages())
WITHOUT_JAX = (
    "import sys; sys.modules['jax'] = sys.modules['jaxlib'] = None; from smjax.worker.__main__ import main; main()"
)
EXACT = {"precision": "f32", "dynamic_quantization": "0"}


def asked(**changes: Any) -> Scenario:
    measure = Measure(replicates=1, iterations=2, warmup=1, timeout_s=TIMEOUT_S)
    fields = {"model_path": str(FILE), "kernel": "auto", "kv_dtype": "auto", "measure": measure}
    return scenario(engine="openvino", **{**fields, **changes})


def run(task: Any, of: Scenario, **fields: Any) -> Any:
    """What a worker answers that cannot import JAX."""
    launcher = LocalLauncher((sys.executable, "-P", "-c", WITHOUT_JAX))
    outcome = launcher.run(Request(task, resolve(of, HOST), **fields), TIMEOUT_S)
    assert (outcome.status, outcome.reason) == ("ok", "")
    return outcome.answer


@pytest.mark.parametrize(
    "settings",
    [{}, {"kv_dtype": "float32", "engine_args": EXACT}],
    ids=["as OpenVINO chooses", "exact"],
)
@pytest.mark.parametrize("expected", ANSWERS, ids=lambda answer: str(len(answer["ids"])))
def test_answers_are_those_of_the_reference(expected: dict[str, Any], settings: dict[str, Any]) -> None:
    ids, n = expected["ids"], len(expected["greedy"])
    found = run("evaluate", asked(ctx=len(ids) + n, n_prompt=len(ids), n_gen=n, **settings), ids=ids).evaluation
    assert found["nll_mean"] == pytest.approx(expected["nll_mean"], abs=0.01)
    pairs = zip(found["greedy"], expected["greedy"], expected["gaps"], strict=True)
    parting = next((gap for ours, theirs, gap in pairs if ours != theirs), 0.0)
    assert parting < 0.1, "the ids part only where two are nearly as good"


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
