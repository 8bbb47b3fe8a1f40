"""The real worker, started and judged as a sweep does it."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.engines import packages
from smjax.core.machine.host import environment, pick_cpus, simd_levels
from smjax.core.models.source import open_model, weight_bytes
from smjax.core.native_library import library
from smjax.core.records.answer import Answer, Ran
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Measure, Scenario
from smjax.core.records.typed import encode
from smjax.sweep.process.launcher import Launcher, Outcome
from smjax.sweep.process.local import LocalLauncher, worker_command
from smjax.sweep.request.resolve import resolve
from smjax.worker.engines.agreement import AGREEMENT_NMSE_MAX
from smjax.worker.engines.smjax.check import PRODUCT_NMSE_MAX
from tests.reference import nmse
from tests.worker.models import padding, reference, scenario

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data"
SHAKESPEARE = DATA / "shakespeare-q4_0.gguf"
ANSWERS = {len(a["ids"]): a for a in json.loads((DATA / "expected.json").read_text())["models"][SHAKESPEARE.name]}
TIMEOUT_S = 300.0
MEASURE = Measure(replicates=1, iterations=3, warmup=1, timeout_s=TIMEOUT_S)
TINY = scenario(model="tinystories-1m", measure=MEASURE)
HOST = environment(packages())


def run(request: Request, launcher: Launcher | None = None, **options: Any) -> Outcome:
    return (launcher or LocalLauncher()).run(request, TIMEOUT_S, **options)


def resolved(of: Scenario) -> Resolved:
    return resolve(of, HOST)


def measuring(of: Scenario, cache: Path | None = None) -> Request:
    return Request("measure", resolved(of), cache_dir=None if cache is None else str(cache))


def evaluating(of: Scenario, ids: list[int]) -> Request:
    return Request("evaluate", resolved(of), ids=ids)


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compilation cache that holds TINY's programs."""
    folder = tmp_path_factory.mktemp("cache")
    outcome = run(Request("ahead", resolved(TINY), cache_dir=str(folder), step="compile"))
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert (outcome.answer.samples, outcome.answer.prepared) == ([], {})
    return folder


Measured = tuple[Outcome, list[str]]


@pytest.fixture(scope="module")
def measured(cache_folder: Path) -> Measured:
    """TINY's outcome, with programs from the cache, and the phases that it told."""
    phases: list[str] = []
    return run(measuring(TINY, cache_folder), on_phase=phases.append), phases


def test_a_measurement_says_everything(measured: Measured) -> None:
    outcome, phases = measured
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert phases == ["import", "load", "compile", "warmup", "measure", "check", "bandwidth"]
    said = {name for name, value in encode(outcome.answer).items() if value not in (None, "", {}, [])}
    # Nothing was tuned, and nothing else was asked for.
    unsaid = {"reason", "variants", "prepared", "notes", "evaluation", "hello", "points", "profile", "counted"}
    assert said == {field.name for field in dataclasses.fields(Answer)} - unsaid


def test_phases_follow_each_other(measured: Measured) -> None:
    outcome, _ = measured
    ns = outcome.answer.phases_ns
    assert set(ns) == {"imports", "load", "compile", "cold_start", "check", "warmup", "measure", "bandwidth"}
    assert all(type(value) is int and value > 0 for value in ns.values())
    assert ns["cold_start"] >= ns["imports"] + ns["load"] + ns["compile"]
    assert ns["cold_start"] + ns["check"] + ns["warmup"] + ns["measure"] <= outcome.wall_ns


def test_samples_are_those_of_the_iterations(measured: Measured) -> None:
    result = encode(measured[0].answer)
    assert (len(result["samples"]), len(result["warmup_samples"])) == (MEASURE.iterations, MEASURE.warmup)
    for sample in [*result["samples"], *result["warmup_samples"]]:
        assert set(sample) == {"ttft_ns", "decode_ns", "token_ns", "rss_bytes", "choice_ns"}
        assert sample["choice_ns"] is None  # the program chooses
        assert len(sample["token_ns"]) == TINY.n_gen - 1
        assert all(type(value) is int and value > 0 for value in [sample["ttft_ns"], *sample["token_ns"]])
        assert sum(sample["token_ns"]) == sample["decode_ns"]
    # Warm-up is timed apart, and not part of the measurement.
    ns = result["phases_ns"]
    for name, phase in (("samples", "measure"), ("warmup_samples", "warmup")):
        assert sum(sample["ttft_ns"] + sample["decode_ns"] for sample in result[name]) <= ns[phase]


def test_bytes_are_those_of_the_model(measured: Measured) -> None:
    result, model = encode(measured[0].answer), open_model(TINY.model, None, TINY.seed)
    packed = weight_bytes(model) + padding(model)
    assert result["memory"]["weight_bytes"] == packed
    assert result["memory"]["kv_bytes"] == model.config.kv_bytes(64, 2)
    positions = model.tensors["position_embd.weight"]
    used = packed - positions.n_bytes + positions.n_bytes // positions.shape[0]
    assert result["bytes_per_token"] == used + model.config.kv_bytes(32 + 16, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's high-water mark is Linux's")
def test_memory_is_the_process_s(measured: Measured) -> None:
    result = encode(measured[0].answer)
    memory, least = result["memory"], result["memory"]["weight_bytes"] + result["memory"]["kv_bytes"]
    assert memory["peak_rss_bytes"] >= (memory["steady_rss_bytes"] or 0)
    for sample in result["samples"]:
        assert least < sample["rss_bytes"] <= memory["peak_rss_bytes"]


@pytest.mark.skipif(library() is None, reason="needs the native library")
def test_cores_are_looked_at_around_every_answer(measured: Measured) -> None:
    answer = measured[0].answer
    assert answer.probes is not None
    for moments in (answer.probes.ghz, answer.probes.additions_per_cycle):
        assert [len(threads) for threads in moments] == [1] * (MEASURE.warmup + (MEASURE.iterations or 0) + 1)
    assert answer.ghz is not None
    assert answer.ghz.source == "measured"
    assert "additions_per_cycle" not in (answer.readings or {})


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinity")
def test_the_worker_runs_where_it_was_put(measured: Measured) -> None:
    threads = encode(measured[0].answer)["threads"]
    assert threads["affinity"] == sorted(pick_cpus(1))
    assert all(name.split()[0].isdigit() and ns >= 0 for name, ns in threads["cpu_ns"].items())
    assert sum(threads["cpu_ns"].values()) > 0


def test_what_was_chosen_is_said(measured: Measured) -> None:
    result, asked = encode(measured[0].answer), resolved(TINY)
    assert result["resolved"] == {"kernel": "xla", "isa": asked.isa, "kv_dtype": "float16"}
    assert result["variables"] == dict(asked.variables)
    assert ("prefer_vector_width=512" in result["variables"]["XLA_FLAGS"]) == (asked.isa == "avx512")
    packages = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    assert result["versions"] == packages | {"python": ".".join(map(str, sys.version_info[:3]))}
    measured_here = library() is not None
    assert result["ghz"]["source"] == ("measured" if measured_here else "read" if result["ghz"]["value"] else None)


def test_checks_are_well_below_their_limits(measured: Measured) -> None:
    checks = measured[0].answer.checks
    assert 0 < checks["product_nmse"] < PRODUCT_NMSE_MAX / 5
    assert 0 < checks["prefill_decode_nmse"] < AGREEMENT_NMSE_MAX / 5


def test_programs_come_from_the_cache(measured: Measured) -> None:
    result = encode(measured[0].answer)
    assert result["flags"] == ["compile-cached"]
    assert result["compilation_cache"].endswith(" hits, 0 misses")


def test_two_threads_and_some_tokens_a_dispatch() -> None:
    s = replace(TINY, threads=2, tokens_per_dispatch=8, measure=replace(MEASURE, iterations=1, warmup=0))
    outcome = run(measuring(s))
    assert (outcome.status, outcome.reason) == ("ok", "")
    result = encode(outcome.answer)
    assert result["threads"]["affinity"] == sorted(pick_cpus(2))
    assert (result["flags"], result["compilation_cache"]) == ([], "off")
    (sample,) = result["samples"]
    assert sample["token_ns"] is None
    assert sample["decode_ns"] > 0
    assert result["warmup_samples"] == []


def eval_scenario(n_prompt: int, n_gen: int, **changes: Any) -> Scenario:
    ctx = n_prompt + n_gen
    return scenario(model_path=str(SHAKESPEARE), ctx=ctx, n_prompt=n_prompt, n_gen=n_gen, **changes)


LOWEST_ISA = next(iter(simd_levels(HOST)), "auto")


PROMPTS = [(3, 1, LOWEST_ISA), (21, 1, "auto"), (258, 2, "auto")]


@pytest.mark.parametrize(("n_ids", "threads", "isa"), PROMPTS)
def test_answers_are_those_of_llama_cpp(n_ids: int, threads: int, isa: str) -> None:
    expected = ANSWERS[n_ids]
    request = evaluating(eval_scenario(n_ids, 32, threads=threads, isa=isa), expected["ids"])
    outcome = run(request)
    assert (outcome.status, outcome.reason) == ("ok", "")
    answer = outcome.answer.evaluation
    assert nmse(np.array(answer["logits"]), np.array(expected["logits"])) <= 1e-3
    assert abs(answer["nll_mean"] - expected["nll_mean"]) <= 0.01
    assert len(answer["greedy"]) == 32
    sure = next((step for step, gap in enumerate(expected["gaps"][:32]) if gap < 0.15), 32)
    assert answer["greedy"][:sure] == expected["greedy"][:sure]
    assert outcome.answer.resolved == Ran("xla", request.resolved.isa, "float16")


def test_one_id_has_no_likelihood() -> None:
    outcome = run(evaluating(eval_scenario(1, 0), [7]))
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert outcome.answer.evaluation["nll_mean"] is None
    assert outcome.answer.evaluation["greedy"] == []
    expected = reference(open_model("gguf", str(SHAKESPEARE), 0)).logits([7])[0]
    assert nmse(np.array(outcome.answer.evaluation["logits"]), expected) <= 1e-3


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
@pytest.mark.parametrize("limit_mb", [300, 700])
def test_too_little_memory_is_an_outcome(limit_mb: int) -> None:
    """300 MB do not hold JAX, 700 MB hold it but not the model with it."""
    limited = ["sh", "-c", f"ulimit -v {limit_mb * 1024}; exec {shlex.join(worker_command())}"]
    outcome = run(measuring(replace(TINY, model="stories-110m")), LocalLauncher(limited))
    assert outcome.status in ("failed", "killed")
    assert outcome.reason
    assert outcome.reason.isprintable()
    assert outcome.answer.samples == []


def test_a_missing_file_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "gone.gguf"
    outcome = run(measuring(scenario(model_path=str(path))))
    assert outcome.status == "failed"
    assert outcome.reason == f"{path}: expected a GGUF file, found no such file; check the path"
