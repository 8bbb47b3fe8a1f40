"""What is told of a profile: the figures of tables and pictures, as JSON and files hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from smjax.core.records.flags import ABOVE_BANDWIDTH
from smjax.core.records.profile import NO_PART, PARTS, Method
from smjax.core.records.profiled import Profiled
from smjax.core.records.quantities import Bytes, Date, Index, Limits, Rate, Size
from smjax.report.data.profile import STEPS, Part, Step, StepName, bandwidth, step_of
from smjax.stats.ratios import Ratio

IN_NO_PART = "in no part"
LEAST, MOST = 0.9, 1.1
"""Of what is measured, that parts have to add up to."""
TOO_NEAR = ABOVE_BANDWIDTH.name
_OF_LAYERS = ("norm", "qkv", "rope", "attention", "output", "feed-forward")

_Difference = Annotated[float, Limits(-(10**12), 10**12, "a number")]


@dataclass(frozen=True)
class ToldRatio:
    """With its interval; where there is none, `reason` says why."""

    ratio: _Difference
    lo: _Difference | None
    hi: _Difference | None
    reason: str = ""


@dataclass(frozen=True)
class ToldPart:
    """A part, all layers together."""

    part: str
    meaning: str
    us: _Difference
    share: _Difference
    """Of what is measured."""
    layer_us: _Difference | None = None
    """The mean."""
    bytes: Bytes | None = None
    at_bandwidth_us: Rate | None = None
    of_bandwidth: Rate | None = None
    flag: str = ""
    alone_us: _Difference | None = None
    layers_us: dict[str, _Difference] = field(default_factory=dict)
    """By number."""
    what_us: dict[str, _Difference] = field(default_factory=dict)
    """What it consists of, where there is more to say."""
    counts: dict[str, Rate] = field(default_factory=dict)
    """Of all threads, by event of the CPU."""

    @property
    def instructions_per_cycle(self) -> float | None:
        cycles = self.counts.get("cycles")
        return self.counts["instructions"] / cycles if cycles and "instructions" in self.counts else None


@dataclass(frozen=True)
class ToldStep:
    """One decode step, or one prefill."""

    measured_us: Rate
    parts_us: _Difference
    """All parts without the time in none."""
    adds_up: ToldRatio
    instrument: ToldRatio
    steps: Size
    """Of each process that the mean is of."""
    stamps: Rate | None
    parts: list[ToldPart]
    layers_us: dict[str, _Difference] = field(default_factory=dict)
    """Of each layer as a whole, where parts do not tell layers apart."""

    @property
    def is_explained(self) -> bool:
        """Whether its parts add up to what is measured, so that they can be what it consists of."""
        return LEAST <= self.adds_up.ratio <= MOST


@dataclass(frozen=True)
class ToldProfile:
    """One kernel's, as docs/where-a-token-goes.md says it."""

    model: str
    kernel: str
    isa: str
    kv_dtype: str
    threads: Size
    ctx: Size
    n_prompt: Size
    n_gen: Size
    seed: int
    n_layers: Size
    replicates: Size
    method: Method
    decode: ToldStep
    prefill: ToldStep
    stamp_ns: Rate | None = None
    bandwidth_gb_per_s: Rate | None = None
    no_counts: str | None = None
    counted_in: Index = 0
    """Processes of their own, in which the CPU was counted."""
    date: Date | None = None
    cpu: str | None = None
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def step(self, name: StepName) -> ToldStep:
        return self.decode if name == "decode" else self.prefill


def told(profiled: Profiled) -> ToldProfile:
    """Of a kernel that was looked into."""
    resolved, read = profiled.resolved, bandwidth(profiled)
    newest = profiled.looked_into[-1]
    assert newest.profile is not None, "it was looked into"
    steps = {name: _step(step_of(profiled, name), profiled.n_layers) for name in STEPS}
    return ToldProfile(
        model=profiled.model,
        kernel=resolved.kernel,
        isa=resolved.isa,
        kv_dtype=resolved.kv_dtype,
        **{name: getattr(resolved.scenario, name) for name in ("threads", "ctx", "n_prompt", "n_gen", "seed")},
        n_layers=profiled.n_layers,
        replicates=len(profiled.looked_into),
        method=newest.profile.method,
        decode=steps["decode"],
        prefill=steps["prefill"],
        stamp_ns=newest.profile.stamp_ns,
        bandwidth_gb_per_s=None if read is None else read / 1e9,
        no_counts=newest.profile.no_counts or profiled.no_counts or None,
        counted_in=len(profiled.counted),
        date=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        cpu=_cpu(profiled.host),
        machine=profiled.host.get("machine") or "",
        versions=newest.versions,
    )


def _cpu(host: Any) -> str | None:
    found: str | None = host.get("cpu", {}).get("model")
    return found


def _step(step: Step, n_layers: int) -> ToldStep:
    return ToldStep(
        measured_us=step.measured_ns / 1e3,
        parts_us=step.parts_ns / 1e3,
        adds_up=_ratio(step.adds_up, step.parts_ns / step.measured_ns),
        instrument=_ratio(step.instrument, step.instrument_plainly),
        steps=step.count,
        stamps=step.stamps,
        parts=[_part(part, step, n_layers) for part in step.parts],
        layers_us={str(layer): ns / 1e3 for layer, ns in enumerate(step.layers)},
    )


def _ratio(found: Ratio, plainly: float) -> ToldRatio:
    """Where it has no interval, `plainly` as it is."""
    return ToldRatio(plainly if found.ratio is None else found.ratio, found.lo, found.hi, found.reason)


def _part(part: Part, step: Step, n_layers: int) -> ToldPart:
    in_layers = sum(part.layers.values()) if part.layers else part.ns
    of_bandwidth, at_bandwidth, alone = part.of_bandwidth, part.at_bandwidth_ns, part.alone_ns
    return ToldPart(
        part=IN_NO_PART if part.name == NO_PART else part.name,
        meaning=PARTS.get(part.name, "what is in no part"),
        us=part.ns / 1e3,
        share=part.ns / step.measured_ns,
        layer_us=in_layers / n_layers / 1e3 if part.layers or part.name in _OF_LAYERS else None,
        bytes=part.bytes or None,
        at_bandwidth_us=None if at_bandwidth is None else at_bandwidth / 1e3,
        of_bandwidth=of_bandwidth,
        flag=TOO_NEAR if of_bandwidth is not None and of_bandwidth > 1 else "",
        alone_us=None if alone is None else alone / 1e3,
        layers_us={str(layer): ns / 1e3 for layer, ns in part.layers.items()},
        what_us={what: ns / 1e3 for what, ns in part.what.items() if what},
        counts=part.counts,
    )
