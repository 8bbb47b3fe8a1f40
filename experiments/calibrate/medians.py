"""What is kept of the sweeps of a calibration: each process's median and where it ran, small enough to be committed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.machine.sharing import ALONE, SHARED_STATE
from smjax.core.records.record import Record
from smjax.report.compare import pairing

METRIC = "decode_tok_per_s"
_SHARED_FIELDS = ("schema", "provenance", "host", "machine", "smjax", "model", "resolved", "versions", "scenario")
"""Of the records, which all have alike; of the scenario but for what `Process` says."""
_SAME = ("host", "machine", "model")
"""In what a sweep has to agree with those before it."""


@dataclass(frozen=True)
class Process:
    """One that counted."""

    threads: int
    handicap: float
    label: str
    slot: int
    point: int
    block: int
    position: int
    date: str
    identity: str
    tok_per_s: float | None
    """Median over its answers; None where it did not finish ok."""
    alone_share: float | None = None
    """Of its time, its cores were alone so much; None where nobody knows."""
    alone_tok_per_s: float | None = None
    """Over the answers meanwhile; None where they were too few."""
    shared_tok_per_s: float | None = None


@dataclass(frozen=True)
class Sweep:
    """One run of a kind."""

    kind: str
    run: str
    processes: list[Process]


@dataclass
class Medians:
    """All sweeps so far, of one machine and model."""

    planned: dict[str, int] = field(default_factory=dict)
    """By kind, how many sweeps there are to be."""
    about: dict[str, Any] = field(default_factory=dict)
    """What a record says that is alike in all of them."""
    sweeps: list[Sweep] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Sweep]:
        return [sweep for sweep in self.sweeps if sweep.kind == kind]

    def add(self, kind: str, records: Sequence[Record]) -> None:
        """A sweep that has ended; raises RequestError if it is of another machine or model."""
        about = _about(records[0])
        self.about = self.about or about
        for name in _SAME:
            if self.about[name] != about[name]:
                raise RequestError(
                    f"{name}: expected {self.about[name]} as in the sweeps before, found {about[name]}; "
                    "a calibration is of one machine and model: name another folder"
                )
        counted = list(map(_process, pairing.processes_of(records, METRIC)))
        self.sweeps.append(Sweep(kind, records[0].run, counted))


def load(paths: Iterable[Path]) -> Medians:
    """What files hold together; nothing of a file that is not there."""
    found = Medians()
    for path in filter(Path.exists, paths):
        data = json.loads(path.read_text())
        found.about = found.about or data["about"]
        found.planned = {kind: found.planned.get(kind, 0) + n for kind, n in data["planned"].items()}
        for sweep in data["sweeps"]:
            processes = [Process(**dict(zip(data["columns"], row, strict=True))) for row in sweep["processes"]]
            found.sweeps.append(Sweep(sweep["kind"], sweep["run"], processes))
    return found


def save(medians: Medians, path: Path) -> None:
    """Whole or not at all, a line per process."""
    columns = [one.name for one in dataclasses.fields(Process)]
    head = json.dumps({"planned": medians.planned, "about": medians.about, "columns": columns})
    sweeps = ",\n".join(map(_lines, medians.sweeps))
    write_whole(path, f'{head[:-1]}, "sweeps": [\n{sweeps}\n]}}\n')


def _lines(sweep: Sweep) -> str:
    rows = ",\n".join(json.dumps(dataclasses.astuple(process)) for process in sweep.processes)
    return f'{{"kind": {json.dumps(sweep.kind)}, "run": {json.dumps(sweep.run)}, "processes": [\n{rows}\n]}}'


def _about(record: Record) -> dict[str, Any]:
    environment = record.document["environment"]
    known = {name: environment.get(name, {}) for name in ("cpu", "os", "packages")}
    cpu = {name: known["cpu"].get(name) for name in ("model", "arch")}
    return {name: record.document.get(name) for name in _SHARED_FIELDS} | {"environment": known | {"cpu": cpu}}


def _process(one: pairing.Process) -> Process:
    record, scenario, order = one.record, one.record.scenario, one.record.order
    assert order is not None, "of a schema that knows no blocks"
    return Process(
        scenario.threads,
        scenario.measure.handicap,
        scenario.label,
        record.replicate,
        order.point or 0,
        order.block,
        order.position,
        record.date,
        record.identity[:8],
        *map(_short, (one.value, one.alone_share, one.by_state.get(ALONE), one.by_state.get(SHARED_STATE))),
    )


def _short(figure: float | None) -> float | None:
    """To what is more than anybody sees."""
    return None if figure is None else round(figure, 4)
