"""One point of a sweep, as both sides of the process border know it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.records.point import Point


@dataclass(frozen=True)
class Measure:
    """How long and how often one scenario is measured."""

    replicates: int
    """Fresh worker processes, at least."""
    iterations: int | None
    """Timed answers (prefill and decode) in each process; None for as many as fill `sampling_s`, at least 5."""
    warmup: int
    """Untimed answers before them."""
    timeout_s: float
    """A worker that takes longer is killed and recorded as `timeout`."""
    compile_cache: bool = True
    """Compile in a process of its own first, and let the workers load the programs from JAX's cache."""
    target_ci: float = 0.02
    """Half-width of the 95 % interval of decode tok/s, as a share of it, for which processes are added."""
    budget_s: float = 0.0
    """Time of all the sweep's processes after which none is added to the least number."""
    strict: bool = False
    """Refuse a noisy machine and more threads than cores instead of flagging them."""
    sampling_s: float = 1.0
    """How long each process times answers where their number is left open: bursts of noise last a tenth of that."""
    handicap: float = 0.0
    """Busy wait after each dispatch, as a share of its time: makes a slower program of known size."""


@dataclass(frozen=True)
class Scenario:
    """One measurement as it was asked for: `smjax.core.records.resolved` has chosen what it leaves open."""

    model: str
    """Preset name, or `gguf`."""
    model_path: str | None
    """GGUF file of `gguf`; None for a preset."""
    engine: str
    kernel: str
    isa: str
    threads: int
    ctx: int
    """Capacity of the KV cache, tokens."""
    n_prompt: int
    n_gen: int
    tokens_per_dispatch: int
    kv_dtype: str
    seed: int
    measure: Measure
    label: str = ""
    """What whoever asked calls it; changes nothing."""
    python: str | None = None
    """Interpreter of the worker; None for the supervisor's own."""
    engine_args: dict[str, str] = field(default_factory=dict, hash=False)
    """Settings of the engine alone; once resolved, all that it has."""
    points: tuple[Point, ...] = ()
    """What a process of a microbenchmark measures, instead of a model's answers."""

    @property
    def middle(self) -> int:
        """Positions of the cache that are filled at the middle of the answer."""
        return self.n_prompt + self.n_gen // 2

    def to_json(self) -> dict[str, Any]:
        """What is of no use to a measurement of answers, `points`, is left out of it."""
        fields = dataclasses.asdict(self)
        points = list(fields.pop("points"))
        return fields | ({"points": points} if points else {})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scenario:
        points = tuple(Point(**point) for point in data.get("points", ()))
        return cls(**{**data, "measure": Measure(**data["measure"]), "points": points})


def check_measure(scenario: Scenario) -> None:
    """Raise RequestError unless whatever is measured can be measured so."""
    s = scenario
    for name, value, least in (
        ("threads", s.threads, 1),
        ("seed", s.seed, 0),
        ("measure.replicates", s.measure.replicates, 1),
        ("measure.iterations", 1 if s.measure.iterations is None else s.measure.iterations, 1),
        ("measure.warmup", s.measure.warmup, 0),
        ("measure.budget_s", s.measure.budget_s, 0),
        ("measure.handicap", s.measure.handicap, 0),
    ):
        _check_least(name, value, least)
    for name, positive in (
        ("measure.timeout_s", s.measure.timeout_s),
        ("measure.target_ci", s.measure.target_ci),
        ("measure.sampling_s", s.measure.sampling_s),
    ):
        if not 0 < positive < math.inf:
            raise RequestError(f"{name}: expected more than 0, found {positive}")


def check_scenario(scenario: Scenario, ctx_train: int) -> None:
    """Raise RequestError unless the scenario makes sense for a model trained on `ctx_train` tokens."""
    s = scenario
    check_measure(s)
    _check_least("n_gen", s.n_gen, 2)
    _check_least("n_prompt", s.n_prompt, 1, "; leave n_prompt unset for ctx - n_gen, or raise ctx")
    _check_least("tokens_per_dispatch", s.tokens_per_dispatch, 1)
    if s.n_prompt + s.n_gen > s.ctx:
        raise RequestError(
            f"ctx: expected at least n_prompt + n_gen = {s.n_prompt} + {s.n_gen} = {s.n_prompt + s.n_gen}, "
            f"found {s.ctx}; raise ctx or lower n_prompt"
        )
    if s.ctx > ctx_train:
        raise RequestError(f"ctx: {s.model} was trained on {ctx_train} tokens, found {s.ctx}; use ctx<={ctx_train}")
    if s.tokens_per_dispatch > s.n_gen:
        raise RequestError(f"tokens_per_dispatch: expected at most n_gen = {s.n_gen}, found {s.tokens_per_dispatch}")


def _check_least(name: str, value: float, least: int, hint: str = "") -> None:
    if not least <= value < math.inf:
        raise RequestError(f"{name}: expected at least {least}, found {value}{hint}")
