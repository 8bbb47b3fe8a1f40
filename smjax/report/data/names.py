"""What a row is called in a sentence: its point, and what else tells it from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import plural
from smjax.core.records.alike import LINE, POINT


def name_row(row: dict[str, Any], rows: Sequence[dict[str, Any]], *always: str) -> str:
    """The columns `always`, model, threads and context, and of the others as many as tell it from all other rows."""
    told = (*always, "model", "threads", "ctx")
    twins = [other for other in rows if all(other[key] == row[key] for key in told)]
    apart = list[str]()
    for name in dict.fromkeys((*POINT, "engine", "provenance", *LINE, "engine_version", "label")):
        if name in told or row.get(name) in (None, ""):  # what is not known tells nothing
            continue
        like_it = [other for other in twins if other.get(name) == row[name]]
        apart += [name] if len(like_it) < len(twins) else []
        twins = like_it
    point = [
        plural(row["threads"], "thread", "threads") if row["threads"] is not None else None,
        f"ctx {row['ctx']}" if row["ctx"] is not None else None,
    ]
    parts = [
        *(row[key] for key in always),
        row["model"],
        *point,
        *(f"{name} {row[name]}" for name in apart),
    ]
    return ", ".join(str(part) for part in parts if part)
