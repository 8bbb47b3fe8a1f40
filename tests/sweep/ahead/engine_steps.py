"""A worker that stands for the ones that take an engine's steps, and how a scenario is got ready with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smjax.core.engines.introduction import introduce
from smjax.core.models.source import Model, open_model
from smjax.core.records.answer import Answer
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.ahead.steps import Ahead, get_ready
from smjax.sweep.process.launcher import OnPhase, Outcome
from smjax.sweep.request.resolve import resolve

SCENARIO = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip
HOST: dict[str, Any] = {
    "host": "0123456789ab",
    "packages": {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.3.0", "smjax": "0.1.0"},
    "cpu": {"arch": "x86_64", "simd": ["avx2", "avx512bw", "avx512dq", "avx512f", "avx512vl", "f16c", "fma"]},
}


def model() -> Model:
    return open_model("stories-15m", None, 42)


class StepTaker:
    """Notes what it was asked, finds `found` out, and ends as it is told to."""

    def __init__(self) -> None:
        self.status, self.found = "ok", dict[str, Any]()
        self.requests: list[Request] = []
        self.timeouts_s: list[float] = []

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        self.requests.append(request)
        self.timeouts_s.append(timeout_s)
        on_phase(str(request.step))
        found = self.found if request.step == "tune" else {}
        return Outcome(self.status, "", 1, Answer(self.status, prepared=found, notes={"took_us": len(self.requests)}))

    def steps(self) -> list[str | None]:
        return [request.step for request in self.requests]


def ready(
    taker: StepTaker,
    scenario: Scenario = SCENARIO,
    of: Model | None = None,
    host: Any = HOST,
    on_phase: OnPhase = lambda phase: None,
) -> Ahead:
    of = of or open_model(scenario.model, None, scenario.seed)
    there = introduce(host, [scenario.engine])
    return get_ready(resolve(scenario, host, there), of, host, there, taker, on_phase)


def ready_in(taker: StepTaker, scenario: Scenario = SCENARIO, of: Model | None = None, host: Any = HOST) -> Path | None:
    return ready(taker, scenario, of, host).cache_dir
