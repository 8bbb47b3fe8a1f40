"""What a badge says of a row: a figure, how certain it is, where it was taken, and a colour for what is to be known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.machine.microarchitectures import short_name
from smjax.core.numbers import plus_minus, significant
from smjax.core.records import flags
from smjax.core.records.column import Column
from smjax.core.records.columns import METRICS
from smjax.core.text import printable
from smjax.report.data.named import Row
from smjax.report.tables.column_cells import is_lopsided
from smjax.stats.intervals import half_width

CERTAIN, DOUBTFUL, FOREIGN, BROKEN = "blue", "yellow", "lightgrey", "red"
"""Names of colours, as shields has them."""
_DOUBTS = frozenset(
    flag.name
    for flag in (
        *(flags.WIDE_CI, flags.NO_INTERVAL, flags.WARMUP, flags.DISTURBED, flags.CORE_SHARED, flags.SESSIONS_APART),
        *(flags.ANSWERS_DIFFER, flags.OVERSUBSCRIBED, flags.EMULATED, flags.HANDICAP, flags.AHEAD_FAILED),
    )
)
"""Flags with which a figure is not to be taken as it stands."""
_UNITS = re.compile(r"_(tok_per_s|j_per_token|bytes_per_token|ms|mb|s)(?=_|$)")
_ABBREVIATIONS = {"ttft", "itl", "tpot", "rss", "e2e"}
_SIGNS = {"us": "µs"}
_CHARACTERS = 40


@dataclass(frozen=True)
class Badge:
    """Two texts on one line each, and what they are to look like."""

    label: str
    message: str
    color: str
    details: str
    """What a row is besides, for whoever asks what the figure is of."""

    def to_json(self) -> dict[str, Any]:
        """As shields' endpoint takes it."""
        return {
            "schemaVersion": 1,
            "label": self.label,
            "message": self.message,
            "color": self.color,
            "isError": self.color == BROKEN,
        }


def badge_of(row: Row, cpu: Mapping[str, Any], metric: Column) -> Badge:
    """Of one row and the CPU that its first record names; raises RequestError for a figure that the row has not."""
    is_failed = row["status"] != "ok"
    value = row["status"] if is_failed else _figure(row, metric)
    threads = None if row["threads"] is None else f"{row['threads']}T"
    source = None if row["provenance"] == "measured" else row["provenance"]
    said = [value, short_name(cpu), threads, source]
    return Badge(_label(row, metric), " · ".join(filter(None, said)), _color(row, metric), _details(row))


def _figure(row: Row, metric: Column) -> str:
    """With how far its interval reaches to either side, or its ends where that would mislead."""
    value, lo, hi = row[metric.name], row.get(f"{metric.name}_lo"), row.get(f"{metric.name}_hi")
    if value is None:
        there = ", ".join(name for name in METRICS if row.get(name) is not None)
        raise RequestError(f"badge: expected a row with {metric.name}, found one with {there or 'no figure'}; name one")
    told = f"{_grouped(value)} {_SIGNS.get(metric.unit, metric.unit)}"
    if lo is None or hi is None:
        return told
    if is_lopsided(value, lo, hi):
        return f"{told} ({_grouped(lo)} to {_grouped(hi)})"
    return f"{told} {plus_minus(half_width((lo, hi)))}"


def _grouped(value: float) -> str:
    """In the digits of the tables, with separators as a badge stands alone: 4,210."""
    whole, dot, rest = significant(value).partition(".")
    return f"{int(whole):,}{dot}{rest}" if abs(value) >= 1 else significant(value)


def _label(row: Row, metric: Column) -> str:
    """Of an op its name, as its figures are all times of a call."""
    if row.get("op"):
        return printable(row["op"], _CHARACTERS)
    words = _UNITS.sub("", metric.name).split("_")
    return " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words)


def _color(row: Row, metric: Column) -> str:
    if row["status"] != "ok":
        return BROKEN
    if row["provenance"] != "measured":
        return FOREIGN
    has_none = row.get(f"{metric.name}_lo", row[metric.name]) is None
    return DOUBTFUL if has_none or _DOUBTS & set(_flags(row)) else CERTAIN


def _details(row: Row) -> str:
    what = [row["model"], row.get("shape"), row["engine"], row["kernel"], row["isa"]]
    size = None if row["ctx"] is None else f"ctx {row['ctx']}"
    behind = f"n = {row['replicates']}"
    told = [*what, size, behind, *_flags(row), (row["date"] or "")[:10]]
    return ", ".join(printable(text, _CHARACTERS) for text in told if text)


def _flags(row: Row) -> list[str]:
    return [text for text in (row["flags"] or "").split(";") if text]
