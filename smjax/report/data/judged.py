"""What processes, in the order of time, say of their rows' figures: how certain they are, or why nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from smjax.core.records.flags import (
    ANSWERS_DIFFER,
    MEMORY_GROWS,
    MODES_NOT_TESTABLE,
    NO_INTERVAL,
    OUTLIER,
    SESSIONS_APART,
    WARMUP,
    WIDE_CI,
)
from smjax.core.records.record import Record
from smjax.report.data import states
from smjax.report.data.agreement import answers
from smjax.report.data.figures import with_interval
from smjax.report.data.main_figure import as_times, main_figure
from smjax.report.data.sessions import are_apart
from smjax.stats.intervals import LEVEL, NOT_TESTABLE, Interval, is_wide, judge_each
from smjax.stats.order import starts_slow
from smjax.stats.outliers import has_outlier
from smjax.stats.percentiles import LEAST_PROCESSES, interval_over_tokens
from smjax.stats.stopping import first_stage
from smjax.stats.sustained import interval_of_sums

Row = dict[str, Any]
WHY_NONE = pl.Struct(dict.fromkeys(with_interval(), pl.String))
"""Of a row: of each figure that may have an interval, why it has none; null where it has one."""

_SUSTAINED, _ITL = "sustained_tok_per_s", "itl_ms_p99"
"""Figures that are no medians over processes."""


def judged(rows: Sequence[Row], records: Sequence[Record]) -> list[Row]:
    """Of rows with the figures of their processes: ends of intervals, why there is none, flags by their samples."""
    rows = [
        row | {"is_apart": apart, "answers": answers([records[number] for number in row["record_numbers"]])}
        for row, apart in zip(rows, are_apart(rows, records), strict=True)
    ]
    stages = [(_first_stage(row, records), row["target_ci"]) for row in rows]
    found = {name: judge_each([row[f"{name}_medians"] for row in rows], LEVEL, stages) for name in with_interval()}
    found[_SUSTAINED] = [
        interval_of_sums(row["timed_tokens"], row["timed_s"], rates, first)
        for row, rates, (first, _) in zip(rows, found[_SUSTAINED], stages, strict=True)
    ]
    found[_ITL] = [_over_tokens(row, own, records) for row, own in zip(rows, found[_ITL], strict=True)]
    return [
        {**_said(row, {name: of_rows[place] for name, of_rows in found.items()}), **entries}
        for place, (row, entries) in enumerate(zip(rows, _states(rows, stages), strict=True))
    ]


def _states(rows: Sequence[Row], stages: Sequence[states.Stage]) -> list[Row]:
    return [{"by_state": entries, "states": states.in_words(entries)} for entries in states.by_state(rows, stages)]


def _first_stage(row: Row, records: Sequence[Record]) -> int | None:
    """How many of the processes that finished ok were of the first stage; None where there was no second."""
    asked = row["asked_replicates"]
    first = first_stage(asked, row["processes"]) if asked else None
    return None if first is None else sum(records[number].ok for number in row["record_numbers"][:first])


def _over_tokens(row: Row, own: Interval, records: Sequence[Record]) -> Interval:
    """Of the percentile of all tokens, where the processes' `own` percentiles have an interval."""
    if own.estimate is None:
        return own
    bounds = interval_over_tokens([_token_ns(records[number]) for number in row["record_numbers"]], 0.99)
    if bounds is None:
        few = "processes" if row["replicates"] < LEAST_PROCESSES else "tokens"
        return Interval(row[_ITL], None, None, f"too few {few}")
    return Interval(row[_ITL], bounds[0] / 1e6, bounds[1] / 1e6)


def _token_ns(record: Record) -> np.ndarray:
    tokens = [np.asarray(sample.token_ns) for sample in record.samples if sample.token_ns] if record.ok else []
    return np.concatenate(tokens) if tokens else np.array([])


def _said(row: Row, intervals: dict[str, Interval]) -> Row:
    name = main_figure(row)
    said = told(intervals, {*map(_as_flag, row["flags"]), *_flags(row, name, intervals[name])}, name)
    is_another_s = row["replicates"] and not row[f"{name}_medians"]  # an import that timed something else
    return said | {"no_interval_reason": None} if is_another_s else said


def told(intervals: Mapping[str, Interval], flags: Iterable[str], name: str) -> Row:
    """A row's columns of intervals, why there is none, above all of the figure `name`, and its flags."""
    ends = {f"{name}_{end}": getattr(found, end) for name, found in intervals.items() for end in ("lo", "hi")}
    why_none = {name: found.reason if found.lo is None else None for name, found in intervals.items()}
    return {
        **ends,
        "why_none": why_none,
        "no_interval_reason": why_none[name],
        "flags": ";".join(sorted(filter(None, flags))),
    }


def _flags(row: Row, name: str, found: Interval) -> list[str]:
    """By the figure that the row is judged by, and what was found of it."""
    samples = [process for process in row[f"{name}_samples"] if process]
    bounds = None if found.lo is None or found.hi is None else (found.lo, found.hi)
    is_so = {
        WIDE_CI: is_wide(bounds, row["target_ci"]),
        NO_INTERVAL: bounds is None and row["replicates"] > 1 and bool(row[f"{name}_medians"]),
        MODES_NOT_TESTABLE: found.reason == NOT_TESTABLE,
        WARMUP: starts_slow(as_times(name, samples)) or starts_slow(row["ttft_ms_samples"]),
        OUTLIER: has_outlier(samples),
        MEMORY_GROWS: (row["growth_bytes_per_1000_calls"] or 0) > 0,
        SESSIONS_APART: row["is_apart"],
        ANSWERS_DIFFER: len(row["answers"]) > 1,
    }
    return [flag.name for flag, so in is_so.items() if so]


def _as_flag(text: str) -> str:
    """A flag of a record, which another version or tool may have set: one flag."""
    return text.replace(";", ",")
