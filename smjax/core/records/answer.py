"""What a worker answers, as it crosses the process border and as a record keeps it: each section as far as it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smjax.core.records.hello import Hello
from smjax.core.records.point import PointAnswer
from smjax.core.records.profile import Counted, Profile
from smjax.core.records.quantities import Bytes, Nanoseconds, Rate, Size

IDS_KEPT = 64
"""Of an answer: as many show whether two engines compute the same."""


@dataclass(slots=True)
class Sample:
    """One answer: `n_gen` ids to one prompt."""

    ttft_ns: Nanoseconds
    """From prompt ids on the host to the first id on the host."""
    decode_ns: Nanoseconds
    """From the first id on the host to the last."""
    token_ns: Sequence[int] | None = None
    """Of each id after the first, where each was dispatched alone."""
    rss_bytes: Bytes | None = None
    """Resident memory after it."""
    choice_ns: Nanoseconds | None = None
    """Of `decode_ns`: choosing ids from scores on the host; None where the program that computes them chooses."""


@dataclass
class Threads:
    """Where the worker ran: the affinity read back, and the CPU time of each thread while answers were timed."""

    affinity: list[int] = field(default_factory=list)
    cpu_ns: dict[str, Nanoseconds] = field(default_factory=dict)
    cores: Size | None = None
    """Distinct physical cores that they could run on; None where it is not known."""


@dataclass
class Memory:
    """Bytes; None where the system does not tell."""

    weight_bytes: Bytes | None = None
    kv_bytes: Bytes | None = None
    peak_rss_bytes: Bytes | None = None
    steady_rss_bytes: Bytes | None = None
    anon_bytes: Bytes | None = None
    """Resident at the end of the measurement and of no file."""
    file_bytes: Bytes | None = None
    """Resident then, and pages of files."""


@dataclass
class Ran:
    """What the engine computed with, as it says itself."""

    kernel: str
    isa: str
    kv_dtype: str


@dataclass
class Bandwidth:
    """At which the worker's threads read so many bytes over and over."""

    bytes_per_s: Rate | None
    working_set_bytes: Rate | None = None


@dataclass
class Probes:
    """What the cores did between answers: an entry before each one, warm-up's included, and one after the last.

    Each is a list with a figure per thread, where it decodes, all threads at once.
    """

    ghz: list[list[float]] = field(default_factory=list)
    """By additions that wait for each other, one a cycle."""
    additions_per_cycle: list[list[float]] = field(default_factory=list)
    """Independent ones: fewer while somebody computes on the core's other hardware thread."""


@dataclass
class Clock:
    """GHz of the worker's cores while answers were timed; `source`: measured or read."""

    value: Rate | None = None
    source: str | None = None


@dataclass
class Energy:
    """Of the CPU packages, per generated token."""

    joules_per_token: Rate | None = None
    source: str | None = None


@dataclass
class Answer:
    """All that a worker sends at its end. What it did not reach is empty or None, and no figure is made up for it."""

    status: str = "failed"
    reason: str = ""
    """One line; empty if the status is ok."""
    flags: list[str] = field(default_factory=list)
    phases_ns: dict[str, Nanoseconds] = field(default_factory=dict)
    threads: Threads = field(default_factory=Threads)
    versions: dict[str, str] = field(default_factory=dict)
    """Of the interpreter and of the engine's packages, as they say themselves."""
    variables: dict[str, str] = field(default_factory=dict)
    """Of the worker's environment, as far as they were set for it."""
    resolved: Ran | None = None
    variants: dict[str, str] = field(default_factory=dict)
    """Formulations that were used: of products, by shape, or what else an engine chose by itself, by name."""
    compilation_cache: str | None = None
    memory: Memory | None = None
    bytes_per_token: Rate | None = None
    checks: dict[str, float] = field(default_factory=dict)
    """Errors that the engine saw in proving itself right."""
    ids: list[int] = field(default_factory=list)
    """The first of those that its prompt is answered with, of the last answer before the timed ones."""
    warmup_samples: list[Sample] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    points: list[PointAnswer] = field(default_factory=list)
    """Of a microbenchmark, in the order in which they were measured; there are no answers of a model then."""
    profile: Profile | None = None
    """Where a step's time went, of a process that looked into it."""
    counted: Counted | None = None
    """What the CPU did in the parts of a step, of a process that counted it."""
    readings: dict[str, Any] | None = None
    """See `smjax.core.machine.disturbances`."""
    probes: Probes | None = None
    energy: Energy | None = None
    ghz: Clock | None = None
    read_bandwidth: Bandwidth | None = None
    prepared: dict[str, Any] = field(default_factory=dict)
    """What a step ahead of the sweep found out, to be handed to the workers of its scenario."""
    notes: dict[str, Any] = field(default_factory=dict)
    """How it came to be; kept beside it, and handed to nobody."""
    evaluation: dict[str, Any] = field(default_factory=dict)
    """`nll_mean`, `logits`, `greedy`: the answer for checking."""
    hello: Hello | None = None
    """The answer to a greeting."""
