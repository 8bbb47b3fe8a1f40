"""The tables of a run: one per architecture, as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from smjax.core.numbers import plural
from smjax.core.records.alike import ROW
from smjax.core.records.flags import DISTURBED
from smjax.report.data.names import name_row
from smjax.report.render.grid import TIMES, Grid, Row, draw
from smjax.report.tables.column_cells import IN_TABLES

_ABOUT_INTERVALS = (
    "±: half the width of the 95 % interval over processes, by Student's t on the logarithms of their medians, "
    "stragglers bent in"
)
_REASONS = 3
"""As many of them are told of a row."""

_SCENARIO = (
    *("model", "engine", "kernel", "isa", "kv_dtype"),
    *("threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch"),
)
_FIRST = (
    *("cpu", "os", "host", "machine", "run", "label", *_SCENARIO),
    *("decode_tok_per_s", "prefill_tok_per_s", "ttft_ms", "itl_ms_p50", "peak_rss_mb", "gb_per_s", "roofline"),
    *("bandwidth_level", "dram_gb_per_s"),
    *("energy_j_per_token", "tok_per_s_per_core", "scaling_efficiency", "replicates"),
)
_LAST = ("jaxlib", "smjax", "identity", "provenance", "flags", "status")
"""What the table begins and ends with; every other column that has a heading stands between them."""

_OTHERS = (name for name in IN_TABLES if name not in (*_FIRST, *_LAST))

SCENARIO = tuple(IN_TABLES[name] for name in _SCENARIO)
"""Which scenario a row is, and what ran it."""

RUN = tuple(IN_TABLES[name] for name in (*_FIRST, *_OTHERS, *_LAST))
"""All of a run's table."""


def grids(scenarios: pl.DataFrame) -> list[Grid]:
    """One grid per architecture from the rows of `scenarios`; machines of one architecture share it."""
    parts = scenarios.partition_by("arch", maintain_order=True)
    return [_grid(part.to_dicts()) for part in parts]


def _grid(rows: list[Row]) -> Grid:
    arch = rows[0]["arch"] or "unknown architecture"
    cpus = {row["cpu"] for row in rows if row["cpu"]}
    title = f"{arch} · {cpus.pop()}" if len(cpus) == 1 else arch
    alike = {tuple(row[key] for key in ROW if key != "identity") for row in rows}
    hidden = ["cpu"] * (title != arch) + ["identity"] * (len(alike) == len(rows))
    hidden += [name for name in ("machine", "run") if len({row[name] for row in rows}) == 1]
    columns = [column for column in RUN if column not in [IN_TABLES[name] for name in hidden]]
    return draw(title, [how_made(rows)], columns, rows, _notes(rows))


def how_made(rows: list[Row]) -> str:
    """Says what a figure is and what stands behind it."""
    counts = {(row["replicates"], row["samples"]) for row in rows if row["replicates"]}
    if not counts:
        return "No process finished ok: no figures."
    (processes, samples), is_uniform = min(counts), len(counts) == 1
    if is_uniform and samples % processes == 0:
        per_process = plural(samples // processes, "sample", "samples")
        return f"Medians of {plural(processes, 'process', 'processes')} {TIMES} {per_process}; {_certainty(rows)}."
    medians = "Medians over the processes of each process's median over its samples"
    return f"{medians}; n = processes/samples of all; {_certainty(rows)}."


def _certainty(rows: list[Row]) -> str:
    if any(row["decode_tok_per_s_lo"] is not None for row in rows):
        return "95 % intervals over processes"
    return "no interval with one process"


def _notes(rows: list[Row]) -> list[str]:
    """How intervals are made, what went wrong and what disturbed in which row, and what was repeated."""
    intervals = [_ABOUT_INTERVALS] if any(row["decode_tok_per_s_lo"] is not None for row in rows) else []
    said: dict[str, list[str]] = {}
    for row, text in [*_failures(rows), *_disturbances(rows)]:
        said.setdefault(text, []).append(name_row(row, rows))
    return [*intervals, *(f"{'; '.join(where)}: {text}" for text, where in said.items()), *_repeated(rows)]


def _failures(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    for row in rows:
        if row["status"] != "ok":
            yield row, _in_words(row["status"], row["bad_processes"], row["processes"], row["reasons"])


def _disturbances(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    for row in rows:
        if row["processes_disturbed"]:
            yield row, _in_words(DISTURBED.name, row["processes_disturbed"], row["processes"], row["disturbed_by"])


def _in_words(what: str, count: int, processes: int, reasons: list[str]) -> str:
    of_all = f"{count} of {plural(processes, 'process', 'processes')}"
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return f"{what} ({of_all}): {'; '.join(reasons[:_REASONS]) or 'no reason recorded'}{more}"


def _repeated(rows: list[Row]) -> list[str]:
    """How many processes do not count as another took their place, and why."""
    why = Counter(reason for row in rows for reason in row["repeated_because"] or ())
    if not why:
        return []
    told = ", ".join(reason if len(why) == 1 else f"{count} {reason}" for reason, count in sorted(why.items()))
    return [f"{plural(why.total(), 'process was', 'processes were')} repeated: {told}"]
