"""Variants are measured once for a model's shapes, remembered, and handed to every worker that uses the xla kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.models.source import open_model, product_shapes
from smjax.sweep.ahead import tune_ahead
from smjax.sweep.process import local as launcher
from tests.sweep.ahead.test_compile_ahead import ENVIRONMENT, SCENARIO

XLA = dataclasses.replace(SCENARIO, kernel="xla")
CHOICES = {"Q4_0 288x288": "loop"}


class Tuner:
    """Stands for the worker that tunes."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.status = "ok"

    def run(self, task: dict[str, Any], *, on_phase: Callable[[str], None], **_: Any) -> launcher.Outcome:
        self.tasks.append(task)
        on_phase("tune")
        return launcher.Outcome(self.status, "", 1, {"choices": CHOICES, "tuning": {"Q4_0 288x288": {"loop": 1.0}}})


@pytest.fixture
def tuner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tuner:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path))
    stand_in = Tuner()
    monkeypatch.setattr(tune_ahead, "run_worker", stand_in.run)
    return stand_in


def tuned(scenario: Any = XLA, environment: Any = ENVIRONMENT) -> dict[str, str]:
    model = open_model(scenario.model, None, scenario.seed)
    return tune_ahead.tune_ahead(scenario, model, environment, lambda phase: None)


def test_what_was_measured_is_remembered(tuner: Tuner) -> None:
    assert tuned() == tuned() == CHOICES
    (task,) = tuner.tasks
    assert (task["task"], task["kernel"]) == ("tune", "xla")


@pytest.mark.parametrize("change", [{"threads": 2}, {"isa": "avx2"}, {"model": "tinystories-1m"}])
def test_other_shapes_threads_or_instructions_are_measured_for_themselves(tuner: Tuner, change: dict[str, Any]) -> None:
    tuned()
    tuned(dataclasses.replace(XLA, **change))
    assert len(tuner.tasks) == 2


@pytest.mark.parametrize("change", [{"ctx": 512}, {"n_gen": 64}, {"tokens_per_dispatch": 8}])
def test_what_products_do_not_depend_on_is_not_measured_again(tuner: Tuner, change: dict[str, Any]) -> None:
    tuned()
    tuned(dataclasses.replace(XLA, **change))
    assert len(tuner.tasks) == 1


def test_another_jaxlib_or_host_is_measured_for_itself(tuner: Tuner) -> None:
    tuned()
    tuned(environment={**ENVIRONMENT, "packages": {**ENVIRONMENT["packages"], "jaxlib": "0.11.0"}})
    tuned(environment={**ENVIRONMENT, "host": "ffffffffffff"})
    assert len(tuner.tasks) == 3


def test_a_failure_is_the_rule_of_thumb_and_not_remembered(tuner: Tuner) -> None:
    tuner.status = "failed"
    assert tuned() == {}
    tuner.status = "ok"
    assert tuned() == CHOICES


def test_damaged_notes_are_measured_again(tuner: Tuner, tmp_path: Path) -> None:
    tuned()
    (note,) = tmp_path.rglob("tuned/*.json")
    note.write_text(note.read_text()[:20])
    assert tuned() == CHOICES
    assert len(tuner.tasks) == 2


def test_distinct_products_of_a_step() -> None:
    shapes = product_shapes(open_model("stories-15m", None, 42))
    assert shapes == [
        ("Q4_0", 864, 288),
        ("Q4_0", 288, 288),
        ("Q4_0", 1536, 288),
        ("Q4_0", 288, 768),
        ("Q4_0", 32000, 288),
    ]
