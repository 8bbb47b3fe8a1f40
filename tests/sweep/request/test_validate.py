from __future__ import annotations

import dataclasses

import pytest

from smjax.core.errors import RequestError
from smjax.core.models.source import open_model, weight_bytes
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.request import validate
from smjax.sweep.request.resolve import resolve

SCENARIO = Scenario(
    "tinyllama-1.1b", None, "smjax", "auto", "auto", 1, 1024, 896, 128, 1, "auto", 42, Measure(1, 5, 1, 600.0)
)  # fmt: skip
AVX2_HOST = {"cpu": {"arch": "x86_64", "simd": ["avx2", "f16c", "fma"]}}


@pytest.mark.parametrize(("kv_dtype", "element_bytes"), [("auto", 2), ("float32", 4), ("float16", 2), ("bfloat16", 2)])
def test_memory_is_worker_weights_and_cache(kv_dtype: str, element_bytes: int) -> None:
    model = open_model("tinyllama-1.1b", None, 42)
    scenario = dataclasses.replace(SCENARIO, kv_dtype=kv_dtype)
    cache_bytes = 2 * 22 * 4 * 64 * 1024 * element_bytes
    needed = 260e6 + 1.3 * weight_bytes(model) + cache_bytes
    assert 1_000e6 < needed < 1_180e6
    validate.check_memory(resolve(scenario, AVX2_HOST), model, int(needed) + 1)
    with pytest.raises(
        RequestError, match=r"memory: expected [\d,]+ MB for tinyllama-1.1b with ctx=1024, found 1,[01]\d\d MB"
    ):
        validate.check_memory(resolve(scenario, AVX2_HOST), model, int(needed) - 1)


def test_a_model_larger_than_free_memory_is_refused_before_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "available_bytes", lambda: 300_000_000)
    with pytest.raises(RequestError, match=r"memory: expected 1,\d\d\d MB .* found 300 MB free"):
        validate.resolve_all([SCENARIO], AVX2_HOST)


def test_a_level_that_the_cpu_lacks_is_refused() -> None:
    scenario = dataclasses.replace(SCENARIO, kernel="xla", isa="avx512")
    with pytest.raises(RequestError, match="expected one that this CPU runs, auto, avx2, found avx512"):
        validate.resolve_all([scenario], AVX2_HOST)


def test_one_model_is_opened_once_for_all_its_scenarios() -> None:
    scenarios = [
        dataclasses.replace(SCENARIO, model="stories-15m", threads=threads, seed=seed)
        for threads in (1, 2)
        for seed in (1, 2)
    ]
    _, models = validate.resolve_all(scenarios, AVX2_HOST)
    assert set(models) == {("stories-15m", None, 1), ("stories-15m", None, 2)}
    assert models["stories-15m", None, 1].hash != models["stories-15m", None, 2].hash
