"""Variants are measured once for a model's shapes, remembered, and handed to every worker that uses the xla kernel."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from smjax.core.models.source import open_model, product_shapes
from tests.sweep.ahead.engine_steps import HOST, SCENARIO, StepTaker, ready

XLA = dataclasses.replace(SCENARIO, kernel="xla", measure=dataclasses.replace(SCENARIO.measure, compile_cache=False))
VARIANTS = {"Q4_0 288x288": "loop"}


@pytest.fixture
def tuner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StepTaker:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path))
    taker = StepTaker()
    taker.found = {"variants": VARIANTS}
    return taker


def tuned(tuner: StepTaker, scenario: Any = XLA, host: Any = HOST) -> dict[str, str]:
    """What a worker would be handed of the step's result."""
    found: dict[str, str] = ready(tuner, scenario, host=host).prepared["tune"].get("variants", {})
    return found


def test_what_was_measured_is_remembered(tuner: StepTaker) -> None:
    assert tuned(tuner) == tuned(tuner) == VARIANTS
    (request,) = tuner.requests
    assert (request.task, request.step, request.resolved.kernel) == ("ahead", "tune", "xla")


def test_how_long_variants_took_makes_no_other_processes(tuner: StepTaker, tmp_path: Path) -> None:
    first = ready(tuner, XLA)
    (note,) = tmp_path.rglob("tune/*.json")
    note.unlink()
    assert ready(tuner, XLA) == first
    assert len(tuner.requests) == 2


def test_compiling_is_handed_what_tuning_found(tuner: StepTaker) -> None:
    ready(tuner, dataclasses.replace(XLA, measure=SCENARIO.measure))
    assert tuner.steps() == ["tune", "compile"]
    assert tuner.requests[1].prepared == {"tune": {"variants": VARIANTS}}


@pytest.mark.parametrize("change", [{"threads": 2}, {"isa": "avx2"}, {"model": "tinystories-1m"}])
def test_other_shapes_threads_or_instructions_are_measured_for_themselves(
    tuner: StepTaker, change: dict[str, Any]
) -> None:
    tuned(tuner)
    tuned(tuner, dataclasses.replace(XLA, **change))
    assert len(tuner.requests) == 2


@pytest.mark.parametrize("change", [{"ctx": 512}, {"n_gen": 64}, {"tokens_per_dispatch": 8}])
def test_what_products_do_not_depend_on_is_not_measured_again(tuner: StepTaker, change: dict[str, Any]) -> None:
    tuned(tuner)
    tuned(tuner, dataclasses.replace(XLA, **change))
    assert len(tuner.requests) == 1


def test_another_jaxlib_or_host_is_measured_for_itself(tuner: StepTaker) -> None:
    tuned(tuner)
    tuned(tuner, host={**HOST, "packages": {**HOST["packages"], "jaxlib": "0.11.0"}})
    tuned(tuner, host={**HOST, "host": "ffffffffffff"})
    assert len(tuner.requests) == 3


def test_a_failure_is_the_rule_of_thumb_and_not_remembered(tuner: StepTaker) -> None:
    tuner.status = "failed"
    assert tuned(tuner) == {}
    assert ready(tuner, XLA).failed[0] == "tune: failed"
    tuner.status = "ok"
    assert tuned(tuner) == VARIANTS


def test_damaged_notes_are_measured_again(tuner: StepTaker, tmp_path: Path) -> None:
    tuned(tuner)
    (note,) = tmp_path.rglob("tune/*.json")
    note.write_text(note.read_text()[:20])
    assert tuned(tuner) == VARIANTS
    assert len(tuner.requests) == 2


def test_distinct_products_of_a_step() -> None:
    shapes = product_shapes(open_model("stories-15m", None, 42))
    assert shapes == [
        ("Q4_0", 864, 288),
        ("Q4_0", 288, 288),
        ("Q4_0", 1536, 288),
        ("Q4_0", 288, 768),
        ("Q4_0", 32000, 288),
    ]
