"""Rows as one table tells them: runs by when they began; of builds, settings and packages what sets rows apart."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.report.data.run_names import with_short_runs
from smjax.report.render.grid import Row
from smjax.report.tables.differing_packages import with_differing_packages
from smjax.report.tables.engines import with_what_differs


def as_shown(rows: Sequence[Row]) -> list[Row]:
    """`rows` are all of the table; notes below it call them by what is left."""
    return with_what_differs(with_differing_packages(with_short_runs(rows)))
