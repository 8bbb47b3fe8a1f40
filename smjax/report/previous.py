"""A run against the newest earlier one of the same scenarios and host: do they differ beyond their spread?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from smjax.report import frames, grid, statistics, store, tables
from smjax.report.grid import Grid, GridColumn, Row, figure, name_of, plural

_SAME = (*frames.SCENARIO_KEYS, "host", "provenance")
_MAY_DIFFER = {key: 1 for key in frames.COMPARED_KEYS if key not in _SAME} | {"engine": 100, "kernel": 10}
"""What may differ, and how much it weighs where a run has several rows to compare with."""

_FIGURES = {"decode_tok_per_s": "decode_samples", "ttft_ms": "ttft_samples"}
_FEW_SAMPLES = 4
_CAPTION = (
    "Change of the medians. within: no larger than the spread of the samples, which is the larger of the two runs' "
    f"interquartile ranges (with fewer than {_FEW_SAMPLES} samples, max - min); outside: larger; "
    "unknown: one sample each."
)


def comparison(current: pl.DataFrame, run_dir: Path, outputs_root: Path) -> Grid:
    """Each scenario of `run_dir`, with its `statistics.scenarios`, beside its newest earlier run below a folder."""
    earlier, broken = _earlier_rows(run_dir, outputs_root)
    measured = current.filter(pl.col("decode_tok_per_s").is_not_null())
    pairs = _pairs(measured, earlier)
    notes = [f"{plural(broken, 'earlier record', 'earlier records')} skipped: cut or not readable."] if broken else []
    if pairs.is_empty():
        return grid.message("Since the last run", "No earlier run of these scenarios on this host.", notes=notes)
    if alone := measured.height - pairs.height:
        notes.append(f"{plural(alone, 'scenario has', 'scenarios have')} no earlier run on this host.")
    return grid.draw("Since the last run", [_CAPTION], _COLUMNS, pairs.to_dicts(), notes)


def run_dirs(outputs_root: Path) -> Iterator[Path]:
    """Every folder at or below `outputs_root` that holds records, in a fixed order; links are not followed."""
    for folder, names, _ in os.walk(outputs_root):
        names.sort()
        if store.RECORDS in names:
            names.remove(store.RECORDS)
            yield Path(folder)


def _earlier_rows(run_dir: Path, outputs_root: Path) -> tuple[pl.DataFrame, int]:
    """One row per scenario and earlier run, with `run` and `run_date`, and the number of unreadable records."""
    parts, broken = [statistics.scenarios([])], 0
    for folder in run_dirs(outputs_root):
        if folder.resolve() == run_dir.resolve():
            continue
        records, unreadable = store.load_readable(folder)
        broken += unreadable
        rows = statistics.scenarios(records)
        parts.append(
            rows.with_columns(run=pl.lit(os.path.relpath(folder, outputs_root)), run_date=pl.col("date").min())
        )
    rows = pl.concat(parts, how="diagonal_relaxed")
    if "run" not in rows.columns:
        rows = rows.with_columns(run=pl.lit(None, pl.String), run_date=pl.lit(None, pl.String))
    return rows.filter(pl.col("decode_tok_per_s").is_not_null()), broken


def _pairs(current: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Each current row with its newest earlier run; of that run's rows the one that differs least."""
    differences = pl.sum_horizontal(
        pl.col(key).ne_missing(pl.col(f"{key}_before")) * weight for key, weight in _MAY_DIFFER.items()
    )
    return (
        current.with_row_index("row")
        .join(earlier, on=_SAME, suffix="_before", nulls_equal=True, maintain_order="left_right")
        .filter(pl.col("date_before") < pl.col("date"))
        .with_columns(differences=differences)
        .sort(
            "row",
            "run_date",
            "differences",
            "date_before",
            "run",
            descending=[False, True, False, True, False],
            maintain_order=True,
        )
        .unique("row", keep="first", maintain_order=True)
        .with_columns(_change(name) for name in _FIGURES)
        .with_columns(_verdict(name, samples) for name, samples in _FIGURES.items())
    )


def _change(name: str) -> pl.Expr:
    return ((pl.col(name) / pl.col(f"{name}_before") - 1) * 100).alias(f"{name}_percent")


def _verdict(name: str, samples: str) -> pl.Expr:
    spread = pl.max_horizontal(_spread(samples), _spread(f"{samples}_before"))
    lonely = (pl.col(samples).list.len() < 2) & (pl.col(f"{samples}_before").list.len() < 2)
    difference = (pl.col(name) - pl.col(f"{name}_before")).abs()
    verdict = pl.when(lonely).then(pl.lit("unknown")).when(difference <= spread).then(pl.lit("within"))
    return verdict.otherwise(pl.lit("outside")).alias(f"{name}_spread")


def _spread(samples: str) -> pl.Expr:
    values, element = pl.col(samples), pl.element()
    quartiles = values.list.eval(element.quantile(0.75, "linear") - element.quantile(0.25, "linear")).list.first()
    return pl.when(values.list.len() < _FEW_SAMPLES).then(values.list.max() - values.list.min()).otherwise(quartiles)


def _percent(name: str) -> GridColumn:
    return GridColumn("change", lambda row: _signed(row[f"{name}_percent"]), numeric=True)


def _signed(percent: float | None) -> str:
    return "" if percent is None else f"{round(percent, 1) + 0.0:+.1f} %"


def _differs(row: Row) -> str:
    """What else is not as it was, before → now."""
    changed = [key for key in _MAY_DIFFER if row[key] != row[f"{key}_before"]]
    return ", ".join(f"{key} {row[f'{key}_before']} → {row[key]}" for key in changed) or "nothing"


def _beside(heading: str, name: str) -> tuple[GridColumn, ...]:
    return (
        GridColumn(f"{heading} before", figure(f"{name}_before"), numeric=True),
        GridColumn("now", figure(name), numeric=True),
        _percent(name),
        GridColumn("spread", name_of(f"{name}_spread")),
    )


_COLUMNS = (
    *tables.SCENARIO,
    *_beside("decode tok/s", "decode_tok_per_s"),
    *_beside("TTFT ms", "ttft_ms"),
    GridColumn("else differs", _differs, role="remark"),
    GridColumn("earlier run", name_of("run"), "varies", role="remark"),
)
