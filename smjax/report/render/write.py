"""Writes the files that are derived from a run's records; the same records always give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from smjax.core.files import write_lines, write_whole
from smjax.core.records.columns import COLUMN_NAMES, SCHEMA_VERSION
from smjax.core.records.record import Record


def write_summaries(run_dir: Path, records: Sequence[Record], scenarios: pl.DataFrame, markdown: str) -> list[Path]:
    """Write records.jsonl, summary.json, summary.csv and summary.md into `run_dir`, each whole or not at all.

    `scenarios` is `data.rows.scenarios(records)`, `markdown` their tables. Raises RequestError when a file cannot be
    written.
    """
    summary = scenarios.select(COLUMN_NAMES)
    texts = {
        "summary.json": as_json(summary),
        "summary.csv": as_csv(summary),
        "summary.md": markdown,
    }
    lines = [line for record in records for line in (record.line, "\n")]
    written = write_lines(run_dir / "records.jsonl", lines, f"{len(records)} records")
    return [written, *(write_whole(run_dir / name, text) for name, text in texts.items())]


def as_json(summary: pl.DataFrame) -> str:
    """The summary's rows with null where unknown."""
    return json.dumps({"schema": SCHEMA_VERSION, "rows": summary.to_dicts()}, indent=1, allow_nan=False) + "\n"


def as_csv(summary: pl.DataFrame) -> str:
    """The summary's rows with nothing between the commas where unknown."""
    return summary.with_columns(pl.col(pl.String).replace("", None)).write_csv()
