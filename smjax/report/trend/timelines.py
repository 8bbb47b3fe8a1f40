"""Histories of rows: one figure a run, of what is comparable but for the software that may have changed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from statistics import mean, median

from smjax.core.machine.sharing import ALONE, SHARED_STATE
from smjax.core.numbers import plural
from smjax.core.records.column import Column
from smjax.core.records.record import Record
from smjax.report.compare.comparable import LEAST, RELEVANT
from smjax.report.compare.fields import asked
from smjax.report.compare.pairing import Process, place_in_tables, place_key, processes_of, thing_key
from smjax.stats.intervals import judge


@dataclass(frozen=True)
class Point:
    """One run."""

    date: str
    """Of its first process."""
    value: float
    """The centre of its processes' figures."""
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Timeline:
    """A row's runs in the order of time."""

    points: tuple[Point, ...]
    metric: Column
    """Which figure that is."""
    said: tuple[str, ...] = ()
    """What is to be known of these figures."""

    @property
    def values(self) -> list[float]:
        """Their figures."""
        return [point.value for point in self.points]


def timelines(runs: Sequence[Sequence[Record]], metrics: Sequence[Column]) -> list[Timeline]:
    """A history for each row that any of the runs has, of the first of these figures that it has, in tables' order.

    Records that do not say which run they are of are of that of their folder.
    """
    run_of = {id(record): record.run or str(number) for number, run in enumerate(runs) for record in run}
    rows = defaultdict[Hashable, list[_Measured]](list)
    for process in processes_of([record for run in runs for record in run], *(metric.name for metric in metrics)):
        rows[_row(process.record)].append(_Measured(process, run_of[id(process.record)]))
    parts = [(part, metric) for row, metric in _with_figure(rows.values(), metrics) for part in _apart(row)]
    found = [_timeline(_by_run(part), metric) for part, metric in parts]
    return sorted((one for one in found if one.points), key=lambda one: place_in_tables(one.points[0].records[0]))


def _with_figure(
    rows: Iterable[Sequence[_Measured]], metrics: Sequence[Column]
) -> Iterator[tuple[list[_Measured], Column]]:
    """Of each row the processes that have a figure: the first that any of them has."""
    for row in rows:
        for metric in metrics:
            by_it = [_Measured(one.process.by(metric.name), one.run) for one in row]
            if known := [one for one in by_it if one.process.value is not None]:
                yield known, metric
                break


@dataclass(frozen=True)
class _Measured:
    process: Process
    run: str


def _row(record: Record) -> Hashable:
    """Records that agree in it are of one row, whichever software measured it."""
    chosen = record.resolved or record.scenario
    settings = (record.scenario.engine, chosen.kernel, chosen.isa, chosen.kv_dtype)
    return place_key(record), settings, record.scenario.label, record.scenario.measure.handicap


def _apart(row: Sequence[_Measured]) -> list[list[_Measured]]:
    """Rows of their own for what a run compares, whichever setting that is: a history would else be of each in turn."""
    wanted = [asked(one.process.record) for one in row]
    names = sorted({name for fields in wanted for name in fields})
    values = {(name, one.run, fields.get(name)) for one, fields in zip(row, wanted, strict=True) for name in names}
    several = Counter((name, run) for name, run, _ in values)
    varied = [name for name in names if any(several[name, one.run] > 1 for one in row)]
    found = defaultdict[Hashable, list[_Measured]](list)
    for one, fields in zip(row, wanted, strict=True):
        found[tuple(fields.get(name) for name in varied)].append(one)
    return list(found.values())


def _by_run(row: Iterable[_Measured]) -> list[list[Process]]:
    """Where a run was gone on with after smjax or a package had changed, it is two."""
    found = defaultdict[Hashable, list[Process]](list)
    for one in row:
        found[one.run, thing_key(one.process.record)].append(one.process)
    return list(found.values())


def _timeline(runs: list[list[Process]], metric: Column) -> Timeline:
    said = list[str]()
    newer = [run for run in runs if run[0].record.schema >= metric.since]
    if 0 < len(newer) < len(runs):
        said.append(f"{_left_out(runs, newer)}: before schema {metric.since} {metric.name} was another figure")
        runs = newer
    state, runs, told = _in_one_state(runs, metric)
    points = [_point(run, state) for run in runs]
    known = [point for point in points if point is not None]
    if len(known) < len(points):
        told.append(f"{_left_out(points, known)}: no such figure")
    return Timeline(tuple(sorted(known, key=lambda point: point.date)), metric, (*said, *told))


def _left_out(before: Sized, kept: Sized) -> str:
    return f"{plural(len(before) - len(kept), 'run', 'runs')} left out"


def _in_one_state(runs: list[list[Process]], metric: Column) -> tuple[str, list[list[Process]], list[str]]:
    """In which state of the cores figures are taken, "" for all of the time; of which runs, and what to say of it."""
    knowing = [run for run in runs if _alone(run) is not None]
    state = _state([share for share in map(_alone, knowing) if share is not None])
    unknown = len(runs) - len(knowing)
    unsure = [f"not known of {plural(unknown, 'run', 'runs')} whether cores were shared"] if knowing and unknown else []
    if state and metric.over != "answers":
        return "", runs, [f"{metric.name} is of both states of the cores together", *unsure]
    if not state or 2 * len(knowing) <= len(runs):
        return "", runs, unsure
    left_out = [f"{_left_out(runs, knowing)}: not known whether cores were shared"] if unsure else []
    return state, knowing, [*left_out, f"figures of the time in which cores were {state}"]


def _state(alone: Sequence[float]) -> str:
    """Of the cores in most runs, by how much of its time each was alone; "" where all nearly always were in one."""
    if not alone:
        return ""
    state, of_time = (ALONE, alone) if median(alone) >= 0.5 else (SHARED_STATE, [1 - share for share in alone])
    return "" if min(of_time) >= 1 - RELEVANT else state


def _alone(run: Sequence[Process]) -> float | None:
    """How much of a run's time nobody unseen shared its cores; None where fewer than half of its processes say."""
    shares = [process.alone_share for process in run if process.alone_share is not None]
    return mean(shares) if 2 * len(shares) >= len(run) and shares else None


def _point(run: Sequence[Process], state: str) -> Point | None:
    """None where a run has no positive figure, or only one process that was in the state."""
    figures = [process.by_state.get(state) if state else process.value for process in run]
    values = [figure for figure in figures if figure is not None]
    centre = judge(values).centre if len(values) >= min(LEAST, len(run)) else None
    records = tuple(process.record for process in run)
    return None if centre is None else Point(min(record.date for record in records), centre, records)
