"""Ratios of rows to a baseline among them, as columns of their table and notes below it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from smjax.core.numbers import significant
from smjax.core.records.column import Column
from smjax.core.records.columns import METRICS
from smjax.core.records.record import Record
from smjax.report.compare import estimating
from smjax.report.compare.comparable import comparable
from smjax.report.compare.fields import differences, in_words, machine_of, telling
from smjax.report.compare.metrics import OF_ANSWERS, OF_CALLS, metrics_of
from smjax.report.compare.pairing import Pair, Process, processes_of_each, scenario_key
from smjax.report.compare.spread import History, Spread, spread_of
from smjax.report.data.names import Names
from smjax.report.render.forest import Forest
from smjax.report.render.grid import NOTHING, TIMES, Cell, GridColumn, Row
from smjax.report.tables.baseline import bases
from smjax.report.tables.column_cells import with_reach
from smjax.stats.intervals import LEVEL
from smjax.stats.ratios import Ratio

_JUDGED = tuple(metric.name for metric in (*OF_ANSWERS, *OF_CALLS))
"""Figures whose ratio has an interval: of each row the first that both sides have."""
_FIGURES = (*_JUDGED, "prefill_tok_per_s", "peak_rss_mb", "forward_tok_per_s")
_NARROW = 0.02
"""Where an interval is narrower, a ratio near 1 with three digits would hide what it says."""


@dataclass(frozen=True)
class Beside:
    """How a row stands beside its baseline."""

    is_base: bool
    ratios: dict[str, float | None]
    """By figure; None where either is not known, or they are not the same figure."""
    metric: str
    """The figure that is judged."""
    judged: Ratio
    """Its ratio with its interval; without a value where there is none."""
    said: tuple[str, ...]
    """What differs, and what is to be known of the ratio."""


@dataclass(frozen=True)
class Against:
    """All rows of a report beside one baseline."""

    text: str
    """What it is called by."""
    beside: dict[int, Beside]
    """By the number of a row's first record: of those that have one."""

    def of(self, row: Row) -> Beside | None:
        """How it stands beside its baseline."""
        return self.beside.get(row["record_numbers"][0])

    def columns(self, name: str, rows: Sequence[Row]) -> tuple[GridColumn, ...]:
        """What stands right of a column of the table of these rows; nothing where only baselines have such a figure."""
        others = [one for one in map(self.of, rows) if one is not None and not one.is_base]
        if name not in _FIGURES or all(one.ratios[name] is None for one in others):
            return ()
        return (GridColumn(TIMES, lambda row: self._cell(row, name), numeric=True, follows=True),)

    def _cell(self, row: Row, name: str) -> Cell:
        one = self.of(row)
        if one is None or one.ratios[name] is None:
            return NOTHING
        if one.is_base:
            first = next(other for other in _FIGURES if one.ratios[other] is not None)
            return Cell(1.0, "baseline" if name == first else "1")
        told = one.judged
        if name == one.metric and told.ratio is not None:
            text = with_reach(told.ratio, told.lo, told.hi, _digits(told))
            return Cell(told.ratio, text, drawn=Forest(told.ratio, told.lo, told.hi))
        return Cell(one.ratios[name], significant(one.ratios[name]))

    def captions(self, rows: Sequence[Row]) -> list[str]:
        """What the ratios of the table of these rows are."""
        if all(one is not None and one.is_base for one in map(self.of, rows)):
            return [f"Baseline: {self.text}. Every row here is one, so that there are no ratios."]
        certain = any(one.judged.lo is not None for one in self.beside.values())
        held = (
            "; with an interval that of the same blocks, or of where runs lie, and all these intervals hold at once "
            "with a chance of 95 %"
        )
        meant = f"Baseline: {self.text}; what that leaves open is as in the row itself."
        return [f"{TIMES}: the value divided by the baseline's{held if certain else ''}. {meant}"]

    def notes(self, rows: Sequence[Row]) -> list[str]:
        """What else differs, of alike rows once, and which rows have no baseline."""
        where, names = defaultdict[str, list[str]](list), Names(rows)
        for row in rows:
            one = self.of(row)
            text = "no baseline of its point" if one is None else "; ".join(one.said)
            where[text].append(names.of(row))
        return [f"{'; '.join(named)}: {text}" for text, named in where.items() if text]


def against(rows: Sequence[Row], records: Sequence[Record], text: str) -> Against:
    """Raises RequestError for a text that names no row, or several that stand beside one."""
    places = bases(rows, records, text)
    processes = _by_row(rows, records)
    pairs = {
        place: _pair(processes[base], processes[place])
        for place, base in enumerate(places)
        if base is not None and base != place
    }
    both = sum(all(pair.values) for pair in pairs.values())
    level = 1 - (1 - LEVEL) / max(1, both)
    found = dict[int, Beside]()
    for place, base in enumerate(places):
        if base is not None:
            one = _beside(rows[place], rows[base], pairs.get(place), level)
            found[rows[place]["record_numbers"][0]] = one
    return Against(text, found)


def _by_row(rows: Sequence[Row], records: Sequence[Record]) -> list[list[Process]]:
    """The processes of each row that count; each run by itself, as blocks are those of one run on one machine."""
    runs = defaultdict[tuple[str, str], list[Record]](list)
    for record in records:
        runs[record.run, machine_of(record)].append(record)
    row_of = {id(records[number]): place for place, row in enumerate(rows) for number in row["record_numbers"]}
    found: list[list[Process]] = [[] for _ in rows]
    for process in itertools.chain(*processes_of_each(list(runs.values()), *_JUDGED)):
        if (place := row_of.get(id(process.record))) is not None:
            found[place].append(process)
    return found


def _pair(base: Sequence[Process], new: Sequence[Process]) -> Pair:
    """Of one point of one sweep they ran in the same blocks."""
    is_in_turn = _are_of_one_run(base, new) and scenario_key(base[0].record) == scenario_key(new[0].record)
    return comparable(Pair(base, new, "baseline" if is_in_turn else None), metrics_of([base[0].record]))


def _beside(row: Row, base: Row, pair: Pair | None, level: float) -> Beside:
    plain = {name: _divided(row, base, METRICS[name]) for name in _FIGURES}
    if pair is None:
        return Beside(True, plain, "", Ratio(1.0, None, None, None), ())
    is_apart = not _are_of_one_run(pair.base, pair.new)
    spread = spread_of(pair, History(None, [], _JUDGED), None) if is_apart else None
    ratio = estimating.ratio_of(pair, spread, level)
    if pair.refused:
        plain[pair.metric.name] = None
    return Beside(False, plain, pair.metric.name, ratio, tuple(_said(pair, ratio, spread)))


def _are_of_one_run(base: Sequence[Process], new: Sequence[Process]) -> bool:
    """Of a record that does not say its run nobody knows."""
    both = (*base, *new)
    return all(process.record.run for process in both) and len({process.run for process in both}) == 1


def _said(pair: Pair, ratio: Ratio, spread: Spread | None) -> list[str]:
    differing = ", ".join(in_words(telling(differences(*pair.records))))
    is_single = max(len(pair.base), len(pair.new)) == 1  # which a caption says of the whole table
    told = [differing, *pair.said, pair.refused or ("" if is_single or ratio.ratio is not None else ratio.reason)]
    if spread is not None:
        told += ["not measured in turn", *(spread.why if ratio.ratio is not None else ())]
    return [text for text in told if text]


def _divided(row: Row, base: Row, figure: Column) -> float | None:
    """None where either is not known, or they are of two definitions."""
    is_one = (row["schema"] >= figure.since) == (base["schema"] >= figure.since)
    value, other = row[figure.name], base[figure.name]
    return value / other if is_one and value is not None and other else None


def _digits(found: Ratio) -> int:
    is_narrow = found.lo is not None and found.hi is not None and found.hi / found.lo < 1 + _NARROW
    return 4 if is_narrow else 3
