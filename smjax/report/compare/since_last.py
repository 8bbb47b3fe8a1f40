"""What a run ends with: its scenarios beside the newest earlier run of each on this machine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.numbers import listed, plural
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.after_sweep import WITHIN
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Question
from smjax.report.compare.earlier import Earlier, Run, below
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.pairing import place_key
from smjax.report.compare.table import table
from smjax.report.render.grid import Grid, message

_TITLE = "Since the last run"
_NAMED = 3
"""Folders of earlier runs that are named."""


@dataclass(frozen=True)
class Last:
    """The newest earlier run of each scenario, the newest of them first, and where they were looked for."""

    runs: Sequence[Run]
    earlier: Earlier

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(run.folder for run in self.runs)


def find(records: Sequence[Record], run_dir: Path, outputs_root: Path) -> Last:
    """What a run is held against, of the runs below a folder."""
    earlier = below(outputs_root, without=run_dir)
    return Last(_last(records, earlier), earlier)


def grid(records: Sequence[Record], last: Last) -> Grid:
    """Decode rates, or times of ops, of each scenario that was measured before.

    They are compared as `smjax compare` does it.
    """
    earlier = last.earlier
    broken = plural(earlier.broken, "earlier record", "earlier records")
    notes = [f"{broken} skipped: cut or not readable."] if earlier.broken else []
    if not last.runs:
        return message(_TITLE, "No earlier run of these scenarios on this machine.", notes=notes)
    question = Question(metrics_of(records), WITHIN)
    base = [record for run in last.runs for record in run.records]
    comparisons, _ = between_runs(Sides([base], [records], earlier), question)
    caption = (
        f"base: {_named(last.runs, earlier.root)}, the newest before this one. How it is judged: docs/comparing.md."
    )
    return table(_TITLE, comparisons, question, notes, caption)


def _last(now: Sequence[Record], earlier: Earlier) -> list[Run]:
    """Of the newest run before this one that has a figure of a scenario, on its machine, the records of it."""
    began = dict[Hashable, str]()
    for record in now:
        began[place_key(record)] = min(record.date, began.get(place_key(record), record.date))
    found, done = list[Run](), set[Hashable]()
    for run in sorted(earlier.runs, key=_date, reverse=True):
        before = [one for one in run.records if one.date < began.get(place_key(one), "")]
        places = {place_key(one) for one in before if one.ok} - done
        done |= places
        if places:
            found.append(Run(run.folder, [one for one in before if place_key(one) in places]))
    return found


def _date(run: Run) -> str:
    return max((record.date for record in run.records), default="")


def _named(runs: Sequence[Run], root: Path) -> str:
    names = [printable(str(run.folder.relative_to(root))) for run in runs]
    more = len(names) - _NAMED
    return listed([*names[:_NAMED], *([plural(more, "other", "others")] if more > 0 else [])])
