"""What a column of `summary.*` is: its meaning, where it comes from, and how processes become a row in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OVER = {
    "scenario": "alike in the row's processes; part of the scenario",
    "compared": "alike in the row's processes; what a comparison compares",
    "key": "alike in the row's processes",
    "first": "of the first process",
    "least": "least of the processes",
    "worst": "worst of the processes",
    "union": "all that any process has",
    "reading": "median over processes",
    "answers": "median over answers, of ops over samples of calls, then over processes",
    "process": "one figure of all of a process's answers, then median over processes",
    "figures": "from a process's other figures, then median over processes",
    "pooled": "one figure of all answers of all processes",
    "processes": "one figure of all of the row's processes",
    "records": "by what its records, and those of rows beside it, say",
    "judged": "by what all of the row's processes say in the order of time",
    "interval": "95 % interval over processes",
    "row": "from the row's other figures",
    "each": "of each process; in no row",
}
"""How the processes' values become the row's, by the name under which a column asks for it."""


@dataclass(frozen=True)
class Column:
    """One column of the summary; empty in a row where it is not known, never 0."""

    name: str
    kind: Literal["text", "int", "float"]
    unit: str
    over: str
    """A key of OVER."""
    source: str
    """What that is applied to.

    A place in the record (of several, parted by " or ", the first that is known); for `answers`, `figures` and `row` a
    formula in SQL, of the answer's times and of the process's or the row's other figures; for `interval` the column
    whose interval it is; in words where the expression is in `report/data/figures.py`.
    """
    divisor: float = 1
    """What a reading is divided by to be in `unit`."""
    heading: str = ""
    """In tables; none: the column is in no table."""
    shown: Literal["always", "any", "varies"] = "any"
    """In tables: always, if any row has it, or if the rows differ in it."""
    meaning: str = ""
    better: Literal["", "higher", "lower"] = ""
    """Of a figure that each process has, and that is compared."""
    has_zero: bool = False
    """Of a reading: whether 0, or less, is one like any other, and does not mean that nobody could read it."""
    since: int = 1
    """Schema of the first records in which it means what it does; in earlier ones it is another figure."""

    @property
    def is_key(self) -> bool:
        """Whether processes that differ in it are not of one row."""
        return self.over in ("scenario", "compared", "key")

    @property
    def is_read(self) -> bool:
        """Whether it is taken from a place in the record as it is."""
        return self.is_key or self.over in ("first", "least", "worst", "reading", "each")
