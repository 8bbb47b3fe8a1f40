"""What is kept of one worker process: what the worker answered, and what the supervisor knows besides.

A field that came later has a default, so that every older record is read; a name that no field has stays in `document`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from smjax.core.records.answer import Bandwidth, Clock, Energy, Memory, Probes, Ran, Sample, Threads
from smjax.core.records.columns import PROVENANCES, STATUSES
from smjax.core.records.imported import Imported, Timed
from smjax.core.records.point import CallSample, PointAnswer
from smjax.core.records.quantities import Bytes, Date, Index, Limits, Nanoseconds, OneOf, Rate, Size
from smjax.core.records.scenario import Scenario
from smjax.core.records.typed import WrongValueError, decode
from smjax.core.text import printable

_ANSWERS = ("samples", "warmup_samples", "points")
_SIZES = ("threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch")
_SIZE = Limits(1, 10**9, "a whole number")
_SIZE_UNKNOWN = Limits(0, 10**9, "a whole number")
"""Of an import, and of a microbenchmark, which has no answers of that many tokens."""
_NOTHING: dict[str, Any] = {"threads": 0, "kernel": "", "isa": "", "kv_dtype": "", "engine": "", "model": "", "seed": 0}
"""What stands in a typed scenario for what an import does not know; in `document` it stays null."""


@dataclass(frozen=True)
class Cpu:
    """See `smjax.core.machine.processor`."""

    model: str | None = None
    arch: str | None = None


@dataclass(frozen=True)
class System:
    """The operating system."""

    name: str | None = None


@dataclass(frozen=True)
class Environment:
    """The machine and its software, as far as it is computed with; see `smjax.core.machine.host`."""

    cpu: Cpu = field(default_factory=Cpu)
    os: System = field(default_factory=System)
    packages: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """The model, as it is known without loading it."""

    name: str | None = None
    hash: str | None = None
    family: str | None = None
    ctx_train: Size | None = None
    weight_bytes: Bytes | None = None


@dataclass(frozen=True)
class Order:
    """Where in its sweep a process ran."""

    seed: int = 0
    """What the order of the sweep's processes was drawn from."""
    block: Index = 0
    """Round of the sweep; in one that was stopped and went on before schema 3, of the session."""
    position: Index = 0
    """Processes of the session before it."""
    point: Index | None = None
    """Of the sweep's points, in the order in which they were asked for; None where it was not kept."""


@dataclass(frozen=True)
class Readings:
    """What else happened on the machine; see `smjax.core.machine.disturbances`."""

    disturbed: list[str] | None = None
    """None where nobody looked."""
    best_additions_per_cycle: Rate | None = None
    """The most that this machine's cores have ever shown: what `probes` are judged against."""


@dataclass(frozen=True)
class Record:
    """One worker process. What it did not reach is empty or None, and no figure is made up for it."""

    schema: int
    id: str
    provenance: Annotated[str, OneOf(PROVENANCES)]
    date: Date
    """Of its start."""
    replicate: Index
    scenario: Scenario
    host: str
    smjax: str
    environment: Environment
    status: Annotated[str, OneOf(STATUSES)]
    reason: str
    wall_ns: Nanoseconds
    model: About
    flags: list[str]
    attempt: Index = 0
    identity: str = ""
    """Empty in a record of schema 1."""
    identity_parts: dict[str, str] = field(default_factory=dict)
    order: Order | None = None
    machine: str = ""
    """Which of several machines of one type; empty where it is not known."""
    run: str = ""
    """Which sweep; what a person calls it is the scenario's `label`."""

    samples: list[Sample] = field(default_factory=list)
    warmup_samples: list[Sample] = field(default_factory=list)
    points: list[PointAnswer] = field(default_factory=list)
    """Of a microbenchmark, instead of samples; `per_point` makes a record of each."""
    ids: list[int] = field(default_factory=list)
    """The first of those that its prompt was answered with; empty where they were not kept."""
    phases_ns: dict[str, Nanoseconds] = field(default_factory=dict)
    threads: Threads = field(default_factory=Threads)
    memory: Memory = field(default_factory=Memory)
    resolved: Ran | None = None
    versions: dict[str, str | None] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    compilation_cache: str | None = None
    checks: dict[str, float | None] = field(default_factory=dict)
    bytes_per_token: Rate | None = None
    read_bandwidth: Bandwidth | None = None
    dram: Bandwidth | None = None
    """Of the sweep: what as many threads, pinned alike, read from memory beyond the caches."""
    probes: Probes | None = None
    ghz: Clock | None = None
    energy: Energy | None = None
    readings: Readings = field(default_factory=Readings)
    imported: Imported | None = None
    """Of another tool's: what it timed instead of `samples`."""
    unknown: list[str] = field(default_factory=list)
    """Columns: of them the record has what was asked for, and nobody knows what ran."""

    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All of it as it lies on disk, but for the answers."""
    line: str = field(default="", repr=False)
    """All of it as one line of JSON."""

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def timed(self) -> Sequence[Sample | Timed | CallSample]:
        """Answers, or calls of an op, or what another tool timed instead."""
        calls = [sample for answer in self.points for sample in answer.samples]
        return calls or (self.imported.samples if self.imported else self.samples)


def record_of(document: dict[str, Any], line: str) -> Record:
    """The record that a JSON object is; raises WrongValueError, which names the first field that is wrong.

    `line` is the object as it is to be written into a file of many.
    """
    rest = {name: value for name, value in document.items() if name not in _ANSWERS}
    record = replace(_decoded(document), document=rest, line=line)
    for name in _SIZES:
        is_unasked = record.scenario.points and name != "threads"
        size = _SIZE_UNKNOWN if record.imported or is_unasked else _SIZE
        if not size.accepts(found := getattr(record.scenario, name)):
            raise WrongValueError(f"scenario.{name}: expected {size.expected}, found {found}")
    if record.ok and not (record.points or record.timed):
        raise WrongValueError("samples: expected a timed answer of a process that finished ok, found none")
    _check_points(record)
    return record


def _check_points(record: Record) -> None:
    """Each was asked for, and once; one that is ok has a timed call."""
    asked, answered = set(record.scenario.points), {answer.point for answer in record.points}
    if len(asked) < len(record.scenario.points):
        raise WrongValueError("scenario.points: expected each point once, found one of them twice")
    if len(answered) < len(record.points):
        raise WrongValueError("points: expected one answer to each point, found two to one of them")
    for number, answer in enumerate(record.points):
        if answer.point not in asked:
            op, shape, cache = answer.point.op, answer.point.shape, answer.point.cache
            found = printable(f"{op} {shape} {cache}")
            raise WrongValueError(f"points[{number}].point: expected one that was asked for, found {found}")
        if answer.status == "ok" and all(one.call_ns is one.loop_ns is None for one in answer.samples):
            raise WrongValueError(f"points[{number}].samples: expected a timed call of a point that is ok, found none")


def _decoded(document: dict[str, Any]) -> Record:
    own = {name: value for name, value in document.items() if name not in ("document", "line")}
    asked = own.get("scenario")
    if own.get("imported") and isinstance(asked, dict):
        own["scenario"] = asked | {name: nothing for name, nothing in _NOTHING.items() if asked.get(name) is None}
    return decode(Record, own)
