"""What a report is made of, of one run or of several together: what was read, and the rows that follow from it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smjax.core.records.record import Record
from smjax.report.data.profile_document import ToldProfile
from smjax.report.data.rows import scenarios


@dataclass(frozen=True)
class Contents:
    """Whatever tells of a run takes it from here, so that pictures, words and tables are of the same."""

    records: Sequence[Record]
    """In the order in which rows number them (`record_numbers`)."""
    rows: pl.DataFrame
    """Of `scenarios(records)`, or of `pool_runs` of them."""
    refused: Sequence[str] = ()
    """A line for each file that could not be read as a record."""

    profiles: Sequence[ToldProfile] = ()
    """That lie in the run folders."""

    @classmethod
    def of(cls, records: Sequence[Record]) -> Contents:
        """Of records that nothing pools."""
        return cls(records, scenarios(records))

    @functools.cached_property
    def row_dicts(self) -> list[dict[str, Any]]:
        """The rows by their columns' names; who changes one copies it."""
        return self.rows.to_dicts()

    @property
    def is_pooled(self) -> bool:
        """Whether a row is of all runs of a thing, the run being the unit."""
        return "runs" in self.rows.columns
