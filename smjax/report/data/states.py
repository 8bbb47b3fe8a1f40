"""What processes, and rows, are like while their cores are in one state: alone, or shared with somebody unseen.

Two speeds that come and go with a neighbour have no common middle; in one state there is one speed, and a figure of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import median
from typing import Any

import polars as pl

from smjax.core.machine import sharing
from smjax.core.machine.sharing import ALONE, SHARED_STATE
from smjax.core.numbers import plus_minus, significant
from smjax.core.records.record import Record
from smjax.report.data.figures import columns_over
from smjax.stats.intervals import LEVEL, Interval, half_width, judge_each

STATES = (ALONE, SHARED_STATE)
BY_STATE = pl.List(
    pl.Struct({"state": pl.String, **dict.fromkeys(("share", "decode_tok_per_s", "lo", "hi"), pl.Float64)})
)
"""Of a row: a figure, its interval and a share of the time for each state."""

_LEAST_ANSWERS = 3
"""Of fewer answers in a state a process has no figure in it."""
_LEAST_SHARE = 0.05
"""A state that was there for less of the time is not told apart from the other."""

Row = dict[str, Any]
Stage = tuple[int | None, float | None]


def of_answers(records: Sequence[Record]) -> list[Sequence[str | None]]:
    """Of each record the state in which each of its timed answers was given; None where nobody looked.

    All of one kind of core of a machine are judged by the best that any of them knows of: who measures first beside a
    neighbour would else take shared cores for the best there is.
    """
    best = defaultdict[Hashable, float](float)
    for record in records:
        core = _core(record)
        best[core] = max(best[core], record.readings.best_additions_per_cycle or 0.0)
    return [_of_answers(record, best[_core(record)]) for record in records]


def _core(record: Record) -> Hashable:
    """Records that agree in it are of cores that can do the same: all CPUs of one that knows a best are of a kind."""
    return record.machine or record.host, record.environment.cpu.model, *record.threads.affinity[:1]


def _of_answers(record: Record, best: float) -> Sequence[str | None]:
    """A record that knows of no best is of cores that cannot be told to be shared, whatever others can do."""
    unknown = [None] * len(record.timed)
    if record.points or record.probes is None or record.readings.best_additions_per_cycle is None:
        return unknown
    return sharing.states(record.probes.additions_per_cycle, best, len(record.samples)) or unknown


def expressions() -> dict[str, pl.Expr]:
    """Of a process's answers: their figures in each state (`ttft_ms_alone`), and the time in one and in any."""
    took_s = (pl.col("ttft_ns") + pl.col("decode_ns")) / 1e9
    is_in = {state: pl.col("state") == state for state in STATES}
    figures = {
        f"{column.name}_{state}": pl.when(here.sum() >= _LEAST_ANSWERS).then(pl.col(column.name).filter(here).median())
        for column in columns_over("answers")
        for state, here in is_in.items()
    }
    alone_s, known_s = took_s.filter(is_in[ALONE]).sum(), took_s.filter(pl.col("state").is_not_null()).sum()
    share = pl.when(known_s > 0).then(alone_s / known_s)
    return {**figures, "alone_s": alone_s, "known_s": known_s, "alone_share": share}


def of_rows() -> list[pl.Expr]:
    """What `by_state` takes of a row's processes that finished ok, in the order of time."""
    figures = [pl.col(f"decode_tok_per_s_{state}").filter(pl.col("status") == "ok") for state in STATES]
    return [*figures, pl.col("alone_s", "known_s").sum()]


def by_state(rows: Sequence[Row], stages: Sequence[Stage]) -> list[list[Row]]:
    """Of each row an entry for each state that was there; none where that is not known."""
    judged = {state: _judged(rows, f"decode_tok_per_s_{state}", stages) for state in STATES}
    return [_entries(row, {state: found[place] for state, found in judged.items()}) for place, row in enumerate(rows)]


def in_words(entries: Sequence[Row]) -> str | None:
    """`alone 63 %: 8900 ±1.2 %, shared 37 %: 6510`, in tok/s."""
    return ", ".join(map(_in_words, entries)) or None


def _judged(rows: Sequence[Row], name: str, stages: Sequence[Stage]) -> list[tuple[float | None, Interval]]:
    """Median and interval of the processes that have the figure, of whose first as many are of the first stage."""
    known = [[value for value in row[name] if value is not None] for row in rows]
    of_known = [
        (None if first is None else sum(value is not None for value in row[name][:first]), target)
        for row, (first, target) in zip(rows, stages, strict=True)
    ]
    found = judge_each(known, LEVEL, of_known)
    return [(median(values) if values else None, one) for values, one in zip(known, found, strict=True)]


def _entries(row: Row, judged: dict[str, tuple[float | None, Interval]]) -> list[Row]:
    if not row["known_s"]:
        return []
    alone = row["alone_s"] / row["known_s"]
    shares = {ALONE: alone, SHARED_STATE: 1 - alone}
    return [
        {"state": state, "share": share, "decode_tok_per_s": figure, "lo": found.lo, "hi": found.hi}
        for state, share in shares.items()
        if share >= _LEAST_SHARE
        for figure, found in [judged[state]]
    ]


def _in_words(entry: Row) -> str:
    share = f"{entry['state']} {entry['share']:.0%}".replace("%", " %")
    if entry["decode_tok_per_s"] is None:
        return share
    reach = "" if entry["lo"] is None else f" {plus_minus(half_width((entry['lo'], entry['hi'])))}"
    return f"{share}: {significant(entry['decode_tok_per_s'])}{reach}"
