"""What a row is called in a sentence: its point, and what else tells it from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from smjax.core.numbers import plural
from smjax.core.records.alike import LINE, OP_POINT, POINT

Row = dict[str, Any]
_WHAT = ("model", "op", "shape")
_POINT = (*_WHAT, "threads", "ctx")
"""What every row is called by, as far as it is known."""
_APART = tuple(dict.fromkeys((*POINT, *OP_POINT, "engine", "provenance", *LINE, "engine_version", "label")))
"""What tells rows apart that are alike in that, in the order in which it is told."""


class Names:
    """Names of rows among all of `rows`: the columns `always`, the point, and what else tells each from the rest."""

    def __init__(self, rows: Sequence[Row], *always: str) -> None:
        self._always = always
        self._told = (*always, *_POINT)
        self._parts: dict[Hashable, dict[Hashable, list[Row]]] = {(): defaultdict(list)}
        for row in rows:
            self._parts[()][self._key(row)].append(row)

    def of(self, row: Row) -> str:
        """The name of one of them."""
        threads, ctx = row["threads"], row.get("ctx")
        parts = [
            *(row[name] for name in self._always),
            " ".join(row[name] for name in _WHAT if row.get(name)),
            None if threads is None else plural(threads, "thread", "threads"),
            None if ctx is None else f"ctx {ctx}",
            *(f"{name} {row[name]}" for name in self._apart(row)),
        ]
        return ", ".join(str(part) for part in parts if part)

    def _key(self, row: Row) -> Hashable:
        return tuple(row.get(name) for name in self._told)

    def _apart(self, row: Row) -> list[str]:
        """What is not known of the row tells nothing."""
        path: tuple[Hashable, ...] = (self._key(row),)
        twins, found = self._parts[()][path[0]], list[str]()
        for name in _APART:
            if name in self._told or row.get(name) in (None, ""):
                continue
            like_it = self._split(path, name, twins)[row[name]]
            if len(like_it) < len(twins):
                found.append(name)
                path, twins = (*path, name, row[name]), like_it
        return found

    def _split(self, path: Hashable, name: str, twins: Sequence[Row]) -> dict[Hashable, list[Row]]:
        """The rows that are alike in all of `path` by their values; once, however many of them are called by it."""
        if (path, name) not in self._parts:
            parts = self._parts[path, name] = defaultdict(list)
            for twin in twins:
                parts[twin.get(name)].append(twin)
        return self._parts[path, name]


def name_row(row: Row, rows: Sequence[Row], *always: str) -> str:
    """What one of the rows is called."""
    return Names(rows, *always).of(row)
