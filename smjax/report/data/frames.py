"""Turns records into two flat polars frames: one row per worker process, one row per timed answer."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from smjax.core.records.alike import ROW
from smjax.core.records.attempts import Attempt, that_count
from smjax.core.records.columns import COLUMNS, FIELDS
from smjax.core.records.point import CallSample
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.data import states

PolarsType = pl.DataType | type[pl.DataType]

DTYPES: dict[str, type[pl.DataType]] = {"text": pl.String, "int": pl.Int64, "float": pl.Float64}
"""Of the kinds of columns."""

_CHOSEN_BY_WORKER = ("kernel", "isa", "kv_dtype")

_NUMBERS = (
    *("ttft_ns", "decode_ns", "rss_bytes", "choice_ns"),
    *("prefill_ns", "forward_ns", "passes_ns", "answer_ns"),
)
"""What is read of each answer, ours' first, then other tools'."""
_OF_CALLS = ("call_ns", "loop_ns")
"""What is read of each sample of an op's calls."""

_LISTS = {column.name: column.source.split(".") for column in FIELDS + COLUMNS if column.over == "union"}
"""Where lists of texts are read of each record."""

_READ = {
    column.name: ([place.split(".") for place in column.source.split(" or ")], DTYPES[column.kind])
    for column in FIELDS + COLUMNS
    if column.is_read
}
"""What is read of each record: from which places, as what."""


_ACCEPTED: dict[type[pl.DataType], tuple[type, ...]] = {
    pl.String: (str,),
    pl.Int64: (int,),
    pl.Float64: (int, float),
}


def typed(value: Any, dtype: type[pl.DataType]) -> Any:
    """`value` if it is of that type, a text as it may be printed, else None: what is not as expected is unknown.

    Settings by name are a text too.
    """
    if isinstance(value, dict) and dtype == pl.String:
        known = sorted((name, setting) for name, setting in value.items() if setting is not None)
        value = ", ".join(f"{name}={setting}" for name, setting in known) or None
    if isinstance(value, str):
        return printable(value, limit=None) if dtype == pl.String else None
    is_kind = isinstance(value, _ACCEPTED[dtype]) and not isinstance(value, bool)
    is_number = isinstance(value, int | float)
    return value if is_kind and not (is_number and (not math.isfinite(value) or abs(value) >= 2**63)) else None


def _remembered(value: Any, dtype: type[pl.DataType], known: dict[str, Any]) -> Any:
    """What `typed` says, of a text what it said before."""
    if type(value) is not str:
        return None if value is None else typed(value, dtype)
    if value not in known:
        known[value] = typed(value, dtype)
    return known[value]


class _Places:
    """What lies at the same places of many documents: of all at once, as each section is then looked up once."""

    def __init__(self, documents: Sequence[Mapping[str, Any]]) -> None:
        self._sections: dict[Sequence[str], Sequence[Any]] = {(): documents}

    def first_known(self, places: Sequence[Sequence[str]], dtype: type[pl.DataType]) -> list[Any]:
        """Of each document the first of these that is of the type, else None."""
        known: dict[str, Any] = {}  # most texts are the same in every record
        found, *others = ([_remembered(value, dtype, known) for value in self._at(place)] for place in places)
        for other in others:
            found = [b if a is None else a for a, b in zip(found, other, strict=True)]
        return found

    def texts(self, place: Sequence[str]) -> list[list[str] | None]:
        """Of each document the list of texts that is there."""
        return [
            [printable(each, limit=None) for each in found if isinstance(each, str)]
            if isinstance(found, list)
            else None
            for found in self._at(place)
        ]

    def _at(self, place: Sequence[str]) -> Sequence[Any]:
        """A list of one thing is looked into as if it were that."""
        place = tuple(place)
        if place not in self._sections:
            above, name = self._at(place[:-1]), place[-1]
            parts = (part[0] if isinstance(part, list) and len(part) == 1 else part for part in above)
            self._sections[place] = [part.get(name) if isinstance(part, dict) else None for part in parts]
        return self._sections[place]


def processes(records: Sequence[Record]) -> pl.DataFrame:
    """One row per record, numbered by `process`; a failed worker's kernel, isa and kv_dtype are its siblings'.

    `stands` is false where a later attempt took the process's place.
    """
    there = _Places([record.document for record in records])
    columns: dict[str, Sequence[Any]] = {
        "process": range(len(records)),
        **{name: there.texts(place) for name, place in _LISTS.items()},
        **{name: there.first_known(places, dtype) for name, (places, dtype) in _READ.items()},
    }
    fields = {name: dtype for name, (_, dtype) in _READ.items()}
    texts = dict.fromkeys(_LISTS, pl.List(pl.String))
    schema: dict[str, PolarsType] = {"process": pl.Int64, **texts, **fields}
    frame = pl.DataFrame(columns, schema=schema)  # column by column: half the time of rows
    frame = frame.with_columns(
        pl.col("engine", "host", "identity", "label", "machine", "model", "run", "smjax").replace("", None),
        attempt=pl.col("attempt").fill_null(0),
        sources=pl.col("sources").str.slice(0, 8),
        libraries=pl.col("libraries").str.slice(0, 8),
        settings=pl.col("settings").str.slice(0, 8),
    )
    return _with_stands(_without_unknown(_with_choices(frame), records))


def _without_unknown(frame: pl.DataFrame, records: Sequence[Record]) -> pl.DataFrame:
    """Nothing in the columns that a record calls unknown: what was asked for need not be what ran."""
    for name in sorted({name for record in records for name in record.unknown} & set(frame.columns)):
        known = pl.Series([name not in record.unknown for record in records], dtype=pl.Boolean)
        frame = frame.with_columns(pl.when(known).then(name).alias(name))
    return frame


def _with_stands(frame: pl.DataFrame) -> pl.DataFrame:
    """Which attempts count; a slot is one replicate of one row."""
    slots = frame.select(*ROW, "replicate").rows()
    others = frame.select("attempt", "status", "date").rows()
    attempts = [
        Attempt(slot, number, status == "ok", date) for slot, (number, status, date) in zip(slots, others, strict=True)
    ]
    counted = that_count(attempts)
    return frame.with_columns(stands=pl.Series([place in counted for place in range(frame.height)], dtype=pl.Boolean))


def _with_choices(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill in what a worker that did not get there would have chosen, so that it shares a row with its siblings."""
    asked = [f"requested_{name}" for name in _CHOSEN_BY_WORKER]
    same_request = [*(key for key in ROW if key not in _CHOSEN_BY_WORKER), *asked]
    return frame.with_columns(
        pl.coalesce(name, pl.col(name).drop_nulls().first().over(same_request), f"requested_{name}")
        for name in _CHOSEN_BY_WORKER
    )


def samples(records: Sequence[Record]) -> pl.DataFrame:
    """One row per timed answer, or sample of calls, of the processes that finished ok: times in ns, the cores' `state`.

    Without the warm-up's.
    """
    timed = [record.timed if record.ok else [] for record in records]
    found = [sample for process in timed for sample in process]
    numbers = {
        "process": [number for number, process in enumerate(timed) for _ in process],
        "sample": [number for process in timed for number in range(len(process))],
        **{name: [getattr(sample, name, None) for sample in found] for name in _NUMBERS},
    }
    calls = {name: [getattr(sample, name, None) for sample in found] for name in _OF_CALLS}
    times = _lists([None if isinstance(sample, CallSample) else sample.token_ns for sample in found])
    of_each = zip(records, states.of_answers(records), strict=True)
    known = [state for record, of_answers in of_each if record.ok for state in of_answers]
    schema = dict.fromkeys(numbers, pl.Int64) | dict.fromkeys(calls, pl.Float64)
    return pl.DataFrame({**numbers, **calls}, schema=schema).with_columns(
        token_ns=times, state=pl.Series(known, dtype=pl.String)
    )


def _lists(rows: Sequence[Sequence[int] | None]) -> pl.Series:
    """A list of numbers in each row, null for none: the rows of one length at a time, as there are few lengths.

    Number by number the 24 million of 5,000 records took five seconds. They stay in as few bytes as they come in.
    """
    alike: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        alike[len(row or ()), row.typecode if isinstance(row, array) else "q"].append(place)
    kind: PolarsType = pl.UInt32 if all(code == "I" for length, code in alike if length) else pl.Int64
    parts, order = [pl.Series(dtype=pl.List(kind))], list[int]()
    for (length, code), places in alike.items():
        order += places
        if length == 0:
            parts.append(pl.Series([None] * len(places), dtype=pl.List(kind)))
        else:
            numbers = np.frombuffer(b"".join(map(_as_array, (rows[place] or () for place in places))), code)
            table = pl.Series(numbers.reshape(-1, length)).arr.to_list()
            parts.append(table.cast(pl.List(kind)))
    found = pl.concat(parts)
    return found if len(parts) == 2 else found.gather(np.argsort(order))


def _as_array(row: Sequence[int]) -> array[int]:
    return row if isinstance(row, array) else array("q", row)
