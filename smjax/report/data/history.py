"""Results in a file, of earlier tools or a summary: loads it, checks it and maps its rows to the summary's columns."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from smjax.core.errors import RequestError
from smjax.core.files import read_regular
from smjax.core.records.columns import COLUMNS, PROVENANCES
from smjax.core.records.flags import GHZ_REPORTED
from smjax.core.text import printable
from smjax.report.data import frames
from smjax.report.data.frames import DTYPES
from smjax.report.data.rows import conform, derive

HISTORY_BYTES_MAX = 1 << 26
_TEXTS = ("source", "arch", "os", "cpu", "provenance")
_COUNTS = ("threads", "ctx", "n_gen")
_FIGURES = ("ttft_ms", "decode_tok_per_s", "e2e_tok_per_s", "peak_rss_mb", "ghz")
_MACHINE = ("engine", "model", "arch", "os", "cpu", "provenance")
_UNKNOWN = ("bytes_per_token", "read_bytes_per_s", "working_set_bytes")
"""What other figures are made from, and no source says."""
_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys((*_MACHINE, "flags", "note"), pl.String),
    **dict.fromkeys((*_COUNTS, "cores", "cache_bytes"), pl.Int64),
    **dict.fromkeys((*_FIGURES, *_UNKNOWN), pl.Float64),
}


@dataclass(frozen=True)
class History:
    """Published results: `rows` are the summary's columns, then `ghz` and `note`; `engine` is the source."""

    title: str
    rows: pl.DataFrame


def shipped_names() -> list[str]:
    """Names of the histories that come with smjax."""
    return sorted(entry.name.removesuffix(".json") for entry in _shipped().iterdir() if entry.name.endswith(".json"))


def load_history(name_or_path: str) -> History:
    """A shipped history by its name, or a file of its shape; what the source does not say is null.

    Raises RequestError for anything else.
    """
    content = _read(name_or_path)
    if "schema" in content:
        raise RequestError(
            f"history {name_or_path}: expected published results, found a summary of smjax; name its folder beside "
            "the others"
        )
    rows = content.get("rows")
    if not isinstance(rows, list) or not rows:
        raise RequestError(f"history {name_or_path}: expected a list of rows, found none; check the file")
    for number, row in enumerate(rows, 1):
        _check_row(f"{name_or_path}: row {number}", row)
    frame = pl.DataFrame([_mapped(row) for row in rows], schema=_SCHEMA)
    summary = conform(derive(frame, [*_MACHINE, "ctx", "n_gen"]))
    return History(printable(str(content.get("title") or Path(name_or_path).stem), None), summary)


def load_results(name_or_path: str) -> pl.DataFrame:
    """The rows of a history, or of a `summary.json`, in which what is not of its column's type is unknown.

    Raises RequestError for anything else.
    """
    content = _read(name_or_path)
    if "schema" not in content:
        return load_history(name_or_path).rows
    rows = content.get("rows")
    if not isinstance(rows, list):
        raise RequestError(f"{name_or_path}: rows: expected a list, found {rows!r:.40}; check the file")
    for number, row in enumerate(rows, 1):
        _check_counts(f"{name_or_path}: row {number}", row, is_ours=True)
    schema = {column.name: DTYPES[column.kind] for column in COLUMNS}
    typed = [{name: frames.typed(row.get(name), dtype) for name, dtype in schema.items()} for row in rows]
    return pl.DataFrame(typed, schema=schema)


def _shipped() -> Traversable:
    return files("smjax") / "data" / "history"


def _read(name_or_path: str) -> dict[str, Any]:
    try:
        if name_or_path in shipped_names():
            content = json.loads((_shipped() / f"{name_or_path}.json").read_bytes())
        else:
            expected = f"a history: a file or one of {', '.join(shipped_names())}"
            content = json.loads(read_regular(Path(name_or_path), HISTORY_BYTES_MAX, expected))
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"history {name_or_path}: expected JSON, found: {type(error).__name__}; check the file"
        ) from error
    if not isinstance(content, dict):
        raise RequestError(f"history {name_or_path}: expected a JSON object with rows, found none; check the file")
    return content


def _check_row(where: str, row: Any) -> None:
    _check_counts(where, row)
    for name in _TEXTS:
        if not isinstance(row.get(name), str) or not row[name]:
            raise RequestError(f"{where}: {name}: expected a text, found {row.get(name)!r:.40}; correct the file")
    if row["provenance"] not in PROVENANCES:
        raise RequestError(
            f"{where}: provenance: expected one of {', '.join(PROVENANCES)}, found {row['provenance']}; correct it"
        )
    for name in _FIGURES:
        if row.get(name) is not None and not _is_figure(row[name]):
            raise RequestError(f"{where}: {name}: expected a number above 0 or null, found {row[name]!r:.40}")


def _check_counts(where: str, row: Any, is_ours: bool = False) -> None:
    """In a summary of ours a count may be unknown, and a prompt without an answer has generated nothing."""
    if not isinstance(row, dict):
        raise RequestError(f"{where}: expected an object, found {row!r:.40}; correct the file")
    for name in _COUNTS:
        if is_ours and name in row and row[name] is None:
            continue
        if type(row.get(name)) is not int or not (0 if is_ours else 1) <= row[name] < 2**63:
            raise RequestError(f"{where}: {name}: expected a whole number above 0, found {row.get(name)!r:.40}")


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _mapped(row: dict[str, Any]) -> dict[str, Any]:
    figures = {name: None if row.get(name) is None else float(row[name]) for name in _FIGURES}
    optional = {name: None if row.get(name) is None else printable(str(row[name]), None) for name in ("model", "note")}
    texts = {"engine" if name == "source" else name: printable(row[name], None) for name in _TEXTS}
    counts = {name: row[name] for name in _COUNTS}
    flags = "" if row.get("ghz") is None else GHZ_REPORTED.name
    cores = 1 if row["threads"] == 1 else None
    unknown = dict.fromkeys((*_UNKNOWN, "cache_bytes"))
    return counts | figures | optional | unknown | texts | {"flags": flags, "cores": cores}
