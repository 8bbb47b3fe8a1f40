"""Rows and numbers as sentences have them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from smjax.core.numbers import listed, plural, significant
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.data.names import Names

Row = dict[str, Any]

TRUSTED = ("measured", "imported")
"""Provenances of figures that somebody has measured: of others nothing is certain, whatever they say of themselves."""

MOST_NAMED = 3
"""Rows, reasons and values that a sentence names one by one."""
_SHORT = 160
"""Characters of a name, or a reason, that others gave."""
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def process_of(record: Record) -> tuple[str, str, str]:
    """What tells its process from others: points of a microbenchmark are records of one, numbered behind its id."""
    name = record.id.rpartition(".")[0] if record.scenario.points else record.id
    return record.run, name, record.date


def called(rows: Sequence[Row]) -> Callable[[Row], str]:
    """What tells one of them from the others; the model only where they are of several."""
    if len({row["model"] for row in rows}) > 1:
        return Names(rows).of
    names = Names([row | {"model": None} for row in rows])
    return lambda row: names.of(row | {"model": None})


def counted(part: Sequence[Row], rows: Sequence[Row]) -> str:
    """How many of all rows, as a sentence begins: "2 of 8 rows", "All 8 rows", "The row"."""
    if len(part) == len(rows):
        return {1: "The row", 2: "Both rows"}.get(len(rows), f"All {len(rows)} rows")
    return f"{len(part)} of {plural(len(rows), 'row', 'rows')}"


def reasons(texts: Sequence[str]) -> str:
    """The first few of them; those that differ in their first number alone are one, with the least and the most."""
    alike = defaultdict[str, list[str]](list)
    for text in texts:
        alike[_NUMBER.sub("", text, count=1)].append(text)
    return few([_spanning(same) for same in alike.values()])


def _spanning(same: Sequence[str]) -> str:
    found = [number for text in same if (number := _NUMBER.search(text))]
    if len(found) < 2:
        return same[0]
    ends = dict.fromkeys(one[0] for one in (min(found, key=_value), max(found, key=_value)))
    return found[0].string.replace(found[0][0], " to ".join(ends), 1)


def _value(number: re.Match[str]) -> float:
    return float(number[0])


def few(texts: Sequence[str]) -> str:
    """The first few of them, and how many there are besides."""
    shown = [printable(text, _SHORT) for text in texts[:MOST_NAMED]]
    more = len(texts) - len(shown)
    return f"{'; '.join(shown)} and {more} more" if more else "; ".join(shown)


def values(found: Sequence[str]) -> str:
    """Values of one field; nothing where there are none."""
    if not found:
        return ""
    shown = [printable(one, _SHORT) for one in found]
    more = len(shown) - 2 * MOST_NAMED
    return listed(shown) if more <= 0 else f"{', '.join(shown[: 2 * MOST_NAMED])} and {more} more"


def outward(lo: float, hi: float) -> str:
    """An interval of a ratio, rounded outwards and never so far that it would hold 1 where it does not."""
    for parts in (100, 1000, 10_000):
        low, high = math.floor(lo * parts + 1e-9) / parts, math.ceil(hi * parts - 1e-9) / parts
        is_coarse = high - low > 2 * (hi - lo) and parts < 10_000
        if not is_coarse and (low <= 1 <= high) == (lo <= 1 <= hi):
            digits = len(str(parts)) - 1
            return f"{low:.{digits}f} to {high:.{digits}f}"
    return f"{lo:.4f} to {hi:.4f}"


def interval(lo: float, hi: float) -> str:
    """Both ends of a figure's interval, with as many digits as tell them apart."""
    digits = next((digits for digits in range(3, 7) if significant(lo, digits) != significant(hi, digits)), 3)
    return f"95 % interval {significant(lo, digits)} to {significant(hi, digits)}"
