"""What several rows are called together: of ops that were measured in the same processes by these alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from smjax.core.records.alike import OP_POINT, ROW
from smjax.report.data.main_figure import is_of_op
from smjax.report.data.names import Names, Row

_PROCESS = tuple(name for name in ROW if name not in OP_POINT)
_NO_POINT = dict.fromkeys(OP_POINT)
_NO_SHAPE = {name: None for name in OP_POINT if name != "op"}


class PlaceNames:
    """Names of some of `rows` among all of them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._names = Names(rows)
        self._of_ops, self._of_processes = (
            Names([row | nothing for row in rows]) for nothing in (_NO_SHAPE, _NO_POINT)
        )
        self._alike = defaultdict[Hashable, list[Row]](list)
        for row in rows:
            for key in (_process(row), _op(row)):
                self._alike[key].append(row)

    def of(self, rows: Sequence[Row]) -> list[str]:
        """One for each row, or for all points of a process, or of an op in it, where these are all that there are."""
        found = list[str]()
        for process in _parts(rows, _process):
            if self._are_all(process, _process, "ok"):
                found.append(self._of_processes.of(process[0] | _NO_POINT))
                continue
            for op in _parts(process, _op):
                is_all = self._are_all(op, _op)
                found += [self._of_ops.of(op[0] | _NO_SHAPE)] if is_all else [self._names.of(row) for row in op]
        return found

    def _are_all(self, part: Sequence[Row], key: Callable[[Row], Hashable], status: str = "") -> bool:
        """Whether it is all rows that there are of the key, or all of this status, and more than one."""
        alike = self._alike[key(part[0])]
        of_status = [row for row in alike if row["status"] == status]
        return is_of_op(part[0]) and any(1 < len(rows) == _shared(rows, part) for rows in (alike, of_status))


def _shared(rows: Sequence[Row], part: Sequence[Row]) -> int:
    return sum(any(row is one for one in part) for row in rows)


def _parts(rows: Sequence[Row], key: Callable[[Row], Hashable]) -> Iterable[list[Row]]:
    parts = defaultdict[Hashable, list[Row]](list)
    for row in rows:
        parts[key(row)].append(row)
    return parts.values()


def _process(row: Row) -> Hashable:
    """Rows that agree in it are of the same processes, if they are of ops."""
    return tuple(row.get(name) for name in _PROCESS)


def _op(row: Row) -> Hashable:
    return _process(row), row.get("op")
