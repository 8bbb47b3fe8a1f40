"""A sweep beside published history: the same threads and context on both, as ratios to one machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from smjax.core.numbers import plural, significant
from smjax.core.records.alike import LINE
from smjax.report.data.history import History
from smjax.report.data.named import Named
from smjax.report.render.grid import NOTHING, TIMES, Cell, Grid, GridColumn, Row, draw, figure, message, name_of
from smjax.report.tables.captions import how_made
from smjax.report.tables.column_cells import IN_TABLES

_POINT = ("threads", "ctx", "n_gen")
_FIGURES = ("decode_tok_per_s", "ttft_ms", "peak_rss_mb")
_MARK = " †"
_FOOTNOTE = "† synthetic: known not to be measurements; they stand here because they were published."


def grids(ours: pl.DataFrame, history: History, baseline: str | None) -> list[Grid]:
    """First one row per machine, then a grid for every (threads, ctx) that both have with the same n_gen.

    `ours` are the rows of `scenarios`. Raises RequestError unless `baseline` names exactly one machine.
    """
    title = f"Beside {history.title}"
    rows = _together(ours, history.rows)
    base = pick_baseline(rows, baseline)
    points = (
        ours.select(_POINT)
        .unique()
        .join(history.rows.select(_POINT).unique(), on=_POINT)
        .sort("ctx", "threads", "n_gen")
    )
    if points.is_empty():
        return [message(title, "Nothing to compare: no threads, ctx and n_gen in common.")]
    blocks = [_block(rows, point, base) for point in points.to_dicts()]
    return [_headline(rows, points, base, title), *blocks]


def pick_baseline(rows: pl.DataFrame, baseline: str | None) -> str:
    """The label of the one machine that `baseline` is a part of; by default the history's first reported one.

    Whatever else names rows (`engine=smjax`) will do as well.
    """
    if baseline is None:
        return _default_baseline(rows.unique("label", maintain_order=True))
    named = Named.of(baseline)
    labels: list[str] = rows["label"].to_list()
    matches = list(dict.fromkeys(labels[place] for place in named.among(rows.to_dicts(), labels, labels)))
    if len(matches) > 1:
        found = f"found {len(matches)}: {'; '.join(matches)}"
        raise named.refusal(f"a part of exactly one machine's name, {found}", "say more of it")
    return matches[0]


def labelled(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `label`, the full name of the line that a row is of, which a baseline is picked by."""
    unnamed = ("tokens_per_dispatch", "packages")
    names = [name for name in LINE if name not in unnamed and name in rows.columns]
    if rows["run"].drop_nulls().n_unique() < 2:
        names.remove("run")
    parts = [pl.col(name).cast(pl.String) for name in names]
    per_dispatch = "tokens_per_dispatch=" + pl.col("tokens_per_dispatch").cast(pl.String)
    return rows.with_columns(label=pl.concat_str(*parts, per_dispatch, separator=" ", ignore_nulls=True))


def _default_baseline(lines: pl.DataFrame) -> str:
    history = lines.filter("is_history")
    reported = history.filter(pl.col("provenance") == "reported")
    label: str = (history if reported.is_empty() else reported)["label"][0]
    return label


def _together(ours: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Both sides' rows, ours first, each with `label` and `source`, its short name."""
    names = ("isa", "kv_dtype", "n_prompt", "jaxlib", "smjax", "host", "machine", "run", "sources")
    varying = [name for name in names if _varies(ours, name)]
    if _varies(ours, "model_hash"):  # two files of one name
        ours = ours.with_columns(model=pl.col("model") + " " + pl.col("model_hash").str.slice(0, 15))
    rows = pl.concat(
        [ours.with_columns(is_history=pl.lit(False)), history.with_columns(is_history=pl.lit(True))],
        how="diagonal_relaxed",
    )
    mark = pl.when(pl.col("provenance") == "synthetic").then(pl.lit(_MARK)).otherwise(pl.lit(""))
    more = pl.concat_str(pl.col("engine"), pl.col("kernel"), *varying, separator=" ", ignore_nulls=True)
    return labelled(rows).with_columns(source=more + mark, provenance=pl.col("provenance") + mark)


def _varies(ours: pl.DataFrame, name: str) -> bool:
    """Whether our rows of one model differ in this at one point, so that a reader must see it."""
    return bool((ours.group_by(*_POINT, "model").agg(pl.col(name).n_unique())[name] > 1).any())


def _ratios(rows: pl.DataFrame, base: str, names: Sequence[str]) -> pl.DataFrame:
    """Add NAME_x, the value divided by the baseline's; null where either is unknown."""
    return rows.with_columns(
        (pl.col(name) / pl.col(name).filter(pl.col("label") == base).first()).alias(f"{name}_x") for name in names
    ).sort("arch", "is_history", "cpu", "source", "n_prompt", nulls_last=True)


def _headline(rows: pl.DataFrame, points: pl.DataFrame, base: str, title: str) -> Grid:
    """One row per machine: with one thread, and the best over threads, at the smallest context in common."""
    single = points.filter(pl.col("threads") == 1)
    point = (points if single.is_empty() else single).row(0, named=True)
    here = rows.filter(pl.col("ctx") == point["ctx"], pl.col("n_gen") == point["n_gen"])
    one = [pl.col(name).filter(pl.col("threads") == 1).first() for name in _FIGURES]
    rate = pl.col("decode_tok_per_s")
    best = [
        rate.max().alias("best"),
        pl.col("threads").sort_by(rate, descending=True, nulls_last=True).first().alias("best_threads"),
    ]
    also = pl.col(
        "source", "provenance", "arch", "cpu", "os", "model", "tokens_per_dispatch", "n_prompt", "is_history"
    ).first()
    lines = _ratios(here.group_by("label", maintain_order=True).agg(also, *one, *best), base, [*_FIGURES, "best"])
    captions = [
        f"One row per machine: ctx {point['ctx']}, {point['n_gen']} tokens generated, 1 thread; best: of all threads.",
        f"{TIMES} is the value divided by the baseline's (lower is better for TTFT and RSS). Baseline: {base}.",
        f"smjax: {how_made(here.filter(~pl.col('is_history')).to_dicts())}",
    ]
    return draw(title, captions, _HEADLINE, lines.to_dicts(), _notes(here))


def _block(rows: pl.DataFrame, point: Row, base: str) -> Grid:
    here = _ratios(rows.filter(pl.col(name) == point[name] for name in _POINT), base, _FIGURES)
    title = f"{plural(point['threads'], 'thread', 'threads')}, ctx {point['ctx']}, {point['n_gen']} tokens generated"
    missing = "" if base in here["label"].to_list() else " It has no row here."
    synthetic = [_FOOTNOTE] if (here["source"].str.ends_with(_MARK)).any() else []
    return draw(title, [f"Baseline: {base}.{missing}"], _BLOCK, here.to_dicts(), synthetic)


def _notes(rows: pl.DataFrame) -> list[str]:
    """The footnote, and what the history says about its own rows."""
    told = rows.filter(pl.col("note").is_not_null()).unique(["engine", "cpu", "note"], maintain_order=True)
    notes = [
        f"{', '.join(part['cpu'])} ({part['source'][0]}): {part['note'][0]}"
        for part in told.partition_by("note", maintain_order=True)
    ]
    return ([_FOOTNOTE] if rows["source"].str.ends_with(_MARK).any() else []) + notes


def _best(row: Row) -> Cell:
    if not row["best"]:
        return NOTHING
    return Cell(row["best"], f"{significant(row['best'])} ({plural(row['best_threads'], 'thread', 'threads')})")


def _status(row: Row) -> Cell:
    return NOTHING if row["status"] in (None, "ok") else Cell(row["status"], str(row["status"]))


def _with_ratio(key: str) -> tuple[GridColumn, GridColumn]:
    return (
        GridColumn(IN_TABLES[key].heading, figure(key), numeric=True),
        GridColumn(TIMES, figure(f"{key}_x"), numeric=True, follows=True),
    )


_WHO = (
    GridColumn("source", name_of("source"), role="key"),
    IN_TABLES["model"],
    replace(IN_TABLES["tokens_per_dispatch"], show="any"),
    GridColumn("arch", name_of("arch"), role="remark"),
    replace(IN_TABLES["cpu"], show="always"),
    IN_TABLES["provenance"],
)
_DECODE = _with_ratio("decode_tok_per_s")
_REST = (*_with_ratio("ttft_ms"), *_with_ratio("peak_rss_mb"))
_BEST = (
    GridColumn(f"best {IN_TABLES['decode_tok_per_s'].heading}", _best, numeric=True),
    GridColumn(TIMES, figure("best_x"), numeric=True, follows=True),
)
_HEADLINE = (*_WHO, *_DECODE, *_BEST, *_REST)
_BLOCK = (*_WHO, *_DECODE, *_REST, GridColumn("status", _status, "any", role="remark"))
