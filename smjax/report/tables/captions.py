"""What stands above a run's table: what a figure is, what stands behind it, and what is the same for all rows."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.numbers import listed, plural, significant
from smjax.core.records.flags import MODES_NOT_TESTABLE
from smjax.report.data.figures import with_interval
from smjax.report.render.grid import TIMES, Row
from smjax.stats.intervals import TESTABLE

RUNS = "runs"
"""Of rows that are of several runs each: how many."""


def captions(rows: Sequence[Row]) -> list[str]:
    """The lines."""
    return [how_made(rows), *not_testable(rows), *_dram(rows), *_agreement(rows)]


def how_made(rows: Sequence[Row]) -> str:
    """Says what a figure is and what stands behind it."""
    counts = {(row["replicates"], row["samples"]) for row in rows if row["replicates"]}
    if not counts:
        return "No process finished ok: no figures."
    if are_pooled(rows):
        return f"Medians over the runs of each run's figure; runs = runs/processes of all; {certainty(rows)}."
    known = [(processes, samples) for processes, samples in counts if samples is not None]
    if not known:
        return f"Averages of unknown numbers of samples; {certainty(rows)}."
    (processes, samples), is_uniform = min(known), len(counts) == 1
    if is_uniform and samples % processes == 0:
        per_process = plural(samples // processes, "sample", "samples")
        return f"Medians of {plural(processes, 'process', 'processes')} {TIMES} {per_process}; {certainty(rows)}."
    medians = "Medians over the processes of each process's median over its samples"
    return f"{medians}; n = processes/samples of all; {certainty(rows)}."


def have_intervals(rows: Sequence[Row]) -> bool:
    """Whether any of their figures has one."""
    return any(row[f"{name}_lo"] is not None for row in rows for name in with_interval())


def is_single(row: Row) -> bool:
    """Whether it is of one process, or of one run where runs are the unit."""
    return bool(row.get(RUNS, row["replicates"]) == 1)


def are_pooled(rows: Sequence[Row]) -> bool:
    """Whether the run is these rows' unit."""
    return any(RUNS in row for row in rows)


def certainty(rows: Sequence[Row]) -> str:
    """Whether there are intervals, and over what."""
    one, several = ("run", "runs") if are_pooled(rows) else ("process", "processes")
    if not have_intervals(rows):
        return f"no interval with one {one}" if all(is_single(row) for row in rows) else "no intervals"
    return f"95 % intervals over {several}"


def not_testable(rows: Sequence[Row]) -> list[str]:
    """What nobody can say of rows of few processes."""
    told = f"Fewer than {TESTABLE} processes: modes not testable (nobody can say whether these have one speed)."
    return [told] if any(MODES_NOT_TESTABLE.name in (row["flags"] or "").split(";") for row in rows) else []


def _agreement(rows: Sequence[Row]) -> list[str]:
    """Whether engines and kernels answer alike, of rows that have several."""
    known = [row for row in rows if row["agreement"] is not None]
    if any(row["agreement"] < 1 for row in known):
        return [
            "agreement: ids of an answer before the first that is not the reference's; near ties part answers, too."
        ]
    others = [row["ids_compared"] for row in known if not row["is_reference"]]
    if not others or len({(row["engine"], row["kernel"]) for row in known}) < 2:
        return []
    whose = "All answers" if len(known) == len(rows) else "Answers, where their ids are known,"
    counts = " to ".join(map(str, dict.fromkeys((min(others), max(others)))))
    return [f"{whose} begin alike: the same {counts} ids."]


def is_dram_said_once(rows: Sequence[Row]) -> bool:
    """Whether threads alone tell what is read from memory."""
    return len(_dram_by_threads(rows)) == len({threads for threads, _ in _dram_by_threads(rows)})


def _dram(rows: Sequence[Row]) -> list[str]:
    known = _dram_by_threads(rows)
    if not known or not is_dram_said_once(rows):
        return []
    told = [f"{significant(rate)} GB/s with {plural(threads, 'thread', 'threads')}" for threads, rate in known]
    return [f"DRAM is read at {listed(told)}."]


def _dram_by_threads(rows: Sequence[Row]) -> list[tuple[int, float]]:
    known = [row for row in rows if row["dram_gb_per_s"] is not None and row["threads"] is not None]
    return sorted({(row["threads"], row["dram_gb_per_s"]) for row in known})
