"""What several rows are called together: of ops that were measured in the same processes by these alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from smjax.core.records.alike import OP_POINT, ROW
from smjax.report.data.main_figure import is_of_op
from smjax.report.data.names import Names, Row

_PROCESS = tuple(name for name in ROW if name not in OP_POINT)


class PlaceNames:
    """Names of some of `rows` among all of them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._names, self._of_processes = Names(rows), Names([_without_point(row) for row in rows])
        self._sharing = defaultdict[Hashable, list[Row]](list)
        for row in rows:
            self._sharing[_process(row)].append(row)

    def of(self, rows: Sequence[Row]) -> list[str]:
        """One for each row, or for all points of a process together where these are all that have figures."""
        parts = defaultdict[Hashable, list[Row]](list)
        for row in rows:
            parts[_process(row)].append(row)
        return [name for process, part in parts.items() for name in self._of_part(process, part)]

    def _of_part(self, process: Hashable, part: Sequence[Row]) -> list[str]:
        finished = [row for row in self._sharing[process] if row["status"] == "ok"]
        is_all = is_of_op(part[0]) and len(finished) > 1 and all(any(row is one for one in part) for row in finished)
        return [self._of_processes.of(_without_point(part[0]))] if is_all else [self._names.of(row) for row in part]


def _process(row: Row) -> Hashable:
    """Rows that agree in it are of the same processes, if they are of ops."""
    return tuple(row.get(name) for name in _PROCESS)


def _without_point(row: Row) -> Row:
    return row | dict.fromkeys(OP_POINT)
