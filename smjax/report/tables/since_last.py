"""A run against the newest earlier one of the same scenarios and host: is there a difference?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from smjax.core.numbers import plural
from smjax.core.records.alike import BEFORE, MAY_HAVE_CHANGED
from smjax.core.records.folder import folders_below, load_folder
from smjax.report.data.rows import scenarios
from smjax.report.render.grid import UNKNOWN, Cell, Grid, GridColumn, Row, draw, figure, message, name_of
from smjax.report.tables.column_cells import IN_TABLES
from smjax.report.tables.run_table import SCENARIO
from smjax.stats.verdicts import FEW_SAMPLES, Verdict, judge

_WEIGHTS = dict.fromkeys(MAY_HAVE_CHANGED, 1) | {"engine": 100, "kernel": 10}
"""How much what may have changed weighs where a run has several rows to compare with."""

_FIGURES = ("decode_tok_per_s", "ttft_ms")
_CAPTION = (
    "Change of the medians. With two or more processes on both sides, judged by the 95 % interval of their ratio "
    "(Welch's t on the logarithms of the processes' medians): real, or not distinguishable where that "
    "includes 0. Else by the spread of the samples, the larger of the two runs' interquartile ranges (with fewer than "
    f"{FEW_SAMPLES} samples, max - min): within, outside, or unknown with one sample each."
)


def comparison(current: pl.DataFrame, run_dir: Path, outputs_root: Path) -> Grid:
    """Each scenario of `run_dir`, with its rows, beside its newest earlier run below a folder."""
    earlier, broken = _earlier_rows(run_dir, outputs_root)
    measured = current.filter(pl.col("decode_tok_per_s").is_not_null())
    pairs = _pairs(measured, earlier)
    notes = [f"{plural(broken, 'earlier record', 'earlier records')} skipped: cut or not readable."] if broken else []
    if pairs.is_empty():
        return message("Since the last run", "No earlier run of these scenarios on this host.", notes=notes)
    if alone := measured.height - pairs.height:
        notes.append(f"{plural(alone, 'scenario has', 'scenarios have')} no earlier run on this host.")
    return draw("Since the last run", [_CAPTION], _COLUMNS, list(map(_judged, pairs.to_dicts())), notes)


def _earlier_rows(run_dir: Path, outputs_root: Path) -> tuple[pl.DataFrame, int]:
    """One row per scenario and earlier run, with `folder` and `run_date`, and the number of unreadable records."""
    parts, broken = [scenarios([])], 0
    for folder in folders_below(outputs_root):
        if folder.resolve() == run_dir.resolve():
            continue
        loaded = load_folder(folder)
        broken += len(loaded.refused)
        rows = scenarios(loaded.records)
        parts.append(
            rows.with_columns(folder=pl.lit(os.path.relpath(folder, outputs_root)), run_date=pl.col("date").min())
        )
    rows = pl.concat(parts, how="diagonal_relaxed")
    if "folder" not in rows.columns:
        rows = rows.with_columns(folder=pl.lit(None, pl.String), run_date=pl.lit(None, pl.String))
    return rows.filter(pl.col("decode_tok_per_s").is_not_null()), broken


def _pairs(current: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Each current row with its newest earlier run; of that run's rows the one that differs least."""
    differences = pl.sum_horizontal(
        pl.col(key).ne_missing(pl.col(f"{key}_before")) * weight for key, weight in _WEIGHTS.items()
    )
    return (
        current.with_row_index("row")
        .join(earlier, on=BEFORE, suffix="_before", nulls_equal=True, maintain_order="left_right")
        .filter(pl.col("date_before") < pl.col("date"))
        .with_columns(differences=differences)
        .sort(
            "row",
            "run_date",
            "differences",
            "date_before",
            "folder",
            descending=[False, True, False, True, False],
            maintain_order=True,
        )
        .unique("row", keep="first", maintain_order=True)
    )


def _judged(row: Row) -> Row:
    """The row with a verdict on each figure."""
    verdicts = {name: judge(row[f"{name}_samples"], row[f"{name}_samples_before"]) for name in _FIGURES}
    return row | {f"{name}_verdict": verdict for name, verdict in verdicts.items()}


def _change(name: str) -> Callable[[Row], Cell]:
    def cell(row: Row) -> Cell:
        ratio = row[f"{name}_verdict"].ratio
        return Cell(ratio, "" if ratio is None else f"{_signed(ratio)} %")

    return cell


def _verdict(name: str) -> Callable[[Row], Cell]:
    return lambda row: Cell(row[f"{name}_verdict"], in_words(row[f"{name}_verdict"]))


def in_words(verdict: Verdict) -> str:
    """A verdict with the interval that it is by."""
    if verdict.lo is None or verdict.hi is None:
        return str(verdict.word)
    return f"{verdict.word} ({_signed(verdict.lo)} to {_signed(verdict.hi)} %)"


def _signed(ratio: float) -> str:
    return f"{round((ratio - 1) * 100, 1) + 0.0:+.1f}"


def _differs(row: Row) -> Cell:
    """What else is not as it was, before → now."""
    changed = [key for key in MAY_HAVE_CHANGED if row[key] != row[f"{key}_before"]]
    told = (f"{key} {row[f'{key}_before'] or UNKNOWN} → {row[key] or UNKNOWN}" for key in changed)
    return Cell(tuple(changed), ", ".join(told) or "nothing")


def _beside(name: str) -> tuple[GridColumn, ...]:
    return (
        GridColumn(f"{IN_TABLES[name].heading} before", figure(f"{name}_before"), numeric=True),
        GridColumn("now", figure(name), numeric=True, follows=True),
        GridColumn("change", _change(name), numeric=True, follows=True),
        GridColumn("verdict", _verdict(name), follows=True),
    )


_COLUMNS = (
    *SCENARIO,
    *_beside("decode_tok_per_s"),
    *_beside("ttft_ms"),
    GridColumn("else differs", _differs, role="remark"),
    GridColumn("earlier run", name_of("folder"), "varies", role="remark"),
)
