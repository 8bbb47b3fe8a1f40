"""What a row is called in a sentence: its point, and what else tells it from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import plural
from smjax.core.records.alike import LINE, POINT


def name_row(row: dict[str, Any], rows: Sequence[dict[str, Any]], *always: str) -> str:
    """The columns `always`, model, threads and context, and of the others those in which rows alike in these differ."""
    told = (*always, "model", "threads", "ctx")
    twins = [other for other in rows if all(other[key] == row[key] for key in told)]
    apart = [
        name for name in (*POINT, *LINE, "label") if name not in told and len({other.get(name) for other in twins}) > 1
    ]
    threads, ctx = plural(row["threads"], "thread", "threads"), f"ctx {row['ctx']}"
    parts = [
        *(row[key] for key in always),
        row["model"],
        threads,
        ctx,
        *(f"{name} {row[name]}" for name in apart if row[name] not in (None, "")),
    ]
    return ", ".join(str(part) for part in parts if part)
