"""What a reader must not take for certain, in words: what is no measurement, failed, was disturbed, or is in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from smjax.core.numbers import plural
from smjax.core.records import flags
from smjax.core.records.alike import OP_POINT, ROW
from smjax.core.records.flags import FLAGS
from smjax.report.data.main_figure import main_figure
from smjax.report.data.place_names import PlaceNames
from smjax.report.page.wording import Row, called, counted, few, reasons

_ORIGINS = {
    "synthetic": "known not to be measurements",
    "reported": "somebody's table, which nobody here has measured",
    "imported": "another tool's figures, by its own definitions",
}
_SAID_OTHERWISE = {
    flag.name for flag in (flags.NO_INTERVAL, flags.MODES_NOT_TESTABLE, flags.DISTURBED, flags.RUNS_POOLED)
}
_PROCESS = tuple(name for name in ROW if name not in OP_POINT)
_HARMLESS = {flags.COMPILE_CACHED.name, flags.GHZ_READ.name, *(f.name for f in FLAGS if f.advice.startswith("nothing"))}
"""Flags that change nothing of what a row says of decoding."""


def of_origin(rows: Sequence[Row]) -> Iterator[str]:
    """Rows that were not measured here."""
    for origin, what in _ORIGINS.items():
        if found := [row for row in rows if row["provenance"] == origin]:
            yield f"{counted(found, rows)} {'is' if len(found) == 1 else 'are'} {origin}: {what}."


def of_failures(rows: Sequence[Row]) -> Iterator[str]:
    """Rows with processes that did not finish, and why."""
    if found := [row for row in rows if row["status"] != "ok"]:
        without = sum(not row["replicates"] for row in found)
        lacking = f", {without} of them without any figure" if 0 < without < len(found) else ""
        lacking = ", and without any figure" if without == len(found) else lacking
        why = reasons([reason for row in found for reason in row["reasons"] or ()]) or "no reason recorded"
        verb = "has" if len(found) == 1 else "have"
        names = few(PlaceNames(rows).of(found))
        yield f"{counted(found, rows)} {verb} processes that did not finish{lacking}: {why} ({names})."


def of_figures(rows: Sequence[Row]) -> Iterator[str]:
    """Why figures have no interval, or a doubtful one; and what else is to be known of them."""
    yield from _without_interval(rows)
    yield from _disturbed(rows)
    yield from _parting(rows)
    yield from _flagged(rows)
    yield from _apart(rows)
    yield from _few_processes(rows)


def _without_interval(rows: Sequence[Row]) -> Iterator[str]:
    name_of = called(rows)
    by_reason = defaultdict[str, list[Row]](list)
    for row in rows:
        name = main_figure(row)
        if row[name] is not None and row[f"{name}_lo"] is None:
            reason = (row["no_interval_reason"] or "unknown").partition(":")[0]
            by_reason[reason].append(row)
    for reason, found in by_reason.items():
        what = "a figure without an interval" if len(found) == 1 else "figures without an interval"
        verb = "has" if len(found) == 1 else "have"
        yield f"{counted(found, rows)} {verb} {what} ({reason}): {few([name_of(row) for row in found])}."


def _disturbed(rows: Sequence[Row]) -> Iterator[str]:
    """Rows of ops share their processes, which count once."""
    of_processes = defaultdict[Hashable, list[Row]](list)
    for row in rows:
        of_processes[tuple(row[name] for name in _PROCESS)].append(row)
    disturbed, processes = (
        sum(max(row[name] or 0 for row in same) for same in of_processes.values())
        for name in ("processes_disturbed", "processes")
    )
    if disturbed:
        reasons_of_all = [reason for row in rows if row["processes_disturbed"] for reason in row["disturbed_by"] or ()]
        told = reasons(reasons_of_all) or "no reason recorded"
        yield f"{disturbed} of {plural(processes, 'process was', 'processes were')} disturbed: {told}."


def _parting(rows: Sequence[Row]) -> Iterator[str]:
    """Kernels and engines that do not answer alike, where ids are known."""
    found = [row for row in rows if row["agreement"] is not None and row["agreement"] < 1]
    if found:
        worst = min(found, key=lambda row: row["agreement"])
        ids = f"{round(worst['agreement'] * worst['ids_compared'])} of {worst['ids_compared']} ids"
        verb = "answers" if len(found) == 1 else "answer"
        yield (
            f"{counted(found, rows)} {verb} otherwise than the reference: the same for {ids} at least "
            f"({few([called(rows)(row) for row in found])}); near ties part answers, too."
        )


def _flagged(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each flag that throws doubt on figures."""
    name_of = called(rows)
    for flag in FLAGS:
        found = [row for row in rows if flag.name in (row["flags"] or "").split(";")]
        if found and flag.name not in (*_SAID_OTHERWISE, *_HARMLESS):
            which = f"{counted(found, rows)[0].lower()}{counted(found, rows)[1:]}"
            where = "" if len(found) == len(rows) else f" ({few([name_of(row) for row in found])})"
            meaning = flag.meaning.partition(". ")[0].replace("`", "").rstrip(".")
            yield f"Flag {flag.name} in {which}: {meaning}{where}."


def _apart(rows: Sequence[Row]) -> Iterator[str]:
    """Of several runs or machines no interval says how far they lie apart."""
    for name, what in (("machine", "machines"), ("run", "runs")):
        if (count := len({row[name] for row in rows if row[name]})) > 1:
            yield (
                f"Rows are of {count} {what}, which were not measured in turn: each interval is of one of them alone, "
                "and smjax compare has those of ratios between them."
            )
            return


def _few_processes(rows: Sequence[Row]) -> Iterator[str]:
    name = flags.MODES_NOT_TESTABLE.name
    if found := [row for row in rows if name in (row["flags"] or "").split(";")]:
        which = "has" if len(found) == 1 else "have"
        yield f"{counted(found, rows)} {which} fewer than 8 processes: nobody can say whether these have one speed."
