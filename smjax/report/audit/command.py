"""`smjax report --audit`: which rows of any set of results can hardly be measurements, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from smjax.core.records.alike import LINE, OP_POINT, POINT
from smjax.core.records.columns import COLUMN_NAMES
from smjax.core.records.folder import load_records
from smjax.report.audit import alone, impossible, in_time, ops, together, tokens
from smjax.report.data.history import load_results
from smjax.report.data.names import Names
from smjax.report.data.rows import scenarios
from smjax.report.render.grid import Row

_SET = (*LINE, *OP_POINT, "model_hash")
"""Rows that agree in all of these are judged beside each other."""
_SAME = tuple(name for name in (*LINE, *POINT, *OP_POINT, "replicates", "samples") if name in COLUMN_NAMES)
"""Of a row and one that a summary states."""
_OF_A_ROW = (*impossible.CHECKS, *alone.CHECKS, *tokens.CHECKS, *in_time.CHECKS, *ops.CHECKS)


def audit(targets: Sequence[Path], say: Callable[[str], None] = print) -> str:
    """A line for each flagged row of the run folders and files of results, and at the end how many they are.

    `say` is told of each record that cannot be read. Raises RequestError for a target that is neither, or that has no
    record that can be read.
    """
    lines, total = [], 0
    for target in targets:
        rows = _rows(target, say)
        total += len(rows)
        where = f"{target}: " if len(targets) > 1 else ""
        names, found = Names(rows, "cpu"), zip(rows, reasons(rows), strict=True)
        lines += [f"{where}{names.of(row)}: {'; '.join(why)}" for row, why in found if why]
    return "\n".join([*lines, f"{len(lines)} of {total} rows flagged"]) + "\n"


def reasons(rows: Sequence[Row]) -> list[list[str]]:
    """For each row why it can hardly be a measurement, judged alone and beside the rows of its machine and program."""
    found = [[reason for check in _OF_A_ROW if (reason := check(row))] for row in rows]
    sets: dict[Hashable, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        sets[tuple(row.get(key) for key in _SET)].append(number)
    for numbers in sets.values():
        for check in together.CHECKS:
            for place, reason in check([rows[number] for number in numbers]).items():
                found[numbers[place]].append(reason)
    return found


def _rows(target: Path, say: Callable[[str], None]) -> list[Row]:
    """The rows of a file of results, or of a run folder with their records and what its summary states of them."""
    if not target.is_dir():
        return load_results(str(target)).to_dicts()
    loaded, summary = load_records([target]), target / "summary.json"
    for line in loaded.refused:
        say(line)
    stated = load_results(str(summary)).to_dicts() if summary.exists() else []
    rows = scenarios(loaded.records).to_dicts()
    for row in rows:
        row["all_records"] = loaded.records
        row["records"] = [loaded.records[number] for number in row["record_numbers"]]
        alike = _alike(row, stated)
        row["stated"] = alike if len(alike) == len(_alike(row, rows)) else []
    return rows


def _alike(row: Row, others: Sequence[Row]) -> list[Row]:
    """Rows of the same scenario that as many processes and samples stand behind; older files know less of them."""
    return [other for other in others if all(other[key] in (None, row[key]) for key in _SAME)]
