"""How fast memory is read, copied or added up, over the size of the working set: a curve with a step at each cache."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise

from smjax.core.numbers import listed
from smjax.core.ops.machine import MEMORY
from smjax.core.records.alike import ROW
from smjax.report.data.names import Names
from smjax.report.render.grid import Row
from smjax.report.render.picture import Picture

_LEAST = 3
"""Sizes that are worth a curve."""
_SHAPE = re.compile("[a-z]+:[0-9]{1,18}")
"""Of records of a newer smjax there may be others."""
_UNKNOWN = "o"
_UNITS = ("bytes", "KiB", "MiB", "GiB")


def curves(rows: Sequence[Row]) -> list[Picture]:
    """One for each kind of moving, kernel and number of threads."""
    found = defaultdict[Hashable, list[Row]](list)
    for row in rows:
        if row["op"] == MEMORY.name and _SHAPE.fullmatch(row["shape"]) and row["op_gb_per_s"] is not None:
            found[_kind(row), *(row[key] for key in ROW if key != "shape")].append(row)
    worth_it = [curve for curve in found.values() if len({row["op_gb_per_s"] for row in curve}) >= _LEAST]
    firsts = [curve[0] | {"shape": _kind(curve[0])} for curve in worth_it]
    names = Names(firsts)
    return [_curve(names.of(first), curve) for first, curve in zip(firsts, worth_it, strict=True)]


def _curve(name: str, rows: Sequence[Row]) -> Picture:
    rows = sorted(rows, key=_working_set)
    values = tuple(row["op_gb_per_s"] for row in rows)
    marks = "".join(_mark(row["level"]) for row in rows)
    below = f"working sets: {_sizes([_working_set(row) for row in rows])}{_meaning(rows)}"
    return Picture(f"{name}: GB/s over the working set", values, marks, below, is_log=True)


def _sizes(sizes: Sequence[int]) -> str:
    """All of them, or from which to which where each is as many times the one before."""
    steps = {later / size for size, later in pairwise(sizes)}
    if len(steps) > 1:
        return ", ".join(map(_as_size, sizes))
    return f"{_as_size(sizes[0])} to {_as_size(sizes[-1])}, each {steps.pop():g} times the one before"


def _meaning(rows: Sequence[Row]) -> str:
    levels = dict.fromkeys(row["level"] for row in rows if row["level"])
    return f"; marks: what they fit in, {listed([f'{_mark(level)} {level}' for level in levels])}" if levels else ""


def _kind(row: Row) -> str:
    kind: str = row["shape"].rpartition(":")[0]
    return kind


def _working_set(row: Row) -> int:
    return int(row["shape"].rpartition(":")[2])


def _as_size(count: int) -> str:
    """With the largest unit of which it is a whole number."""
    for unit in _UNITS:
        if count % 1024 or unit == _UNITS[-1]:
            break
        count //= 1024
    return f"{count} {unit}"


def _mark(level: str | None) -> str:
    """L2 is 2, and memory M."""
    if not level:
        return _UNKNOWN
    return level[-1] if level[-1].isdigit() else level[0].upper()
