"""A report as a page: all that it says, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smjax.core.numbers import listed
from smjax.core.records.flags import FLAGS
from smjax.core.records.folder import RECORDS
from smjax.core.records.record import Record
from smjax.report.data.contents import Contents
from smjax.report.data.main_figure import is_of_op
from smjax.report.data.run_names import with_short_runs
from smjax.report.page import again, figures, machines, rows, subject
from smjax.report.page.in_words import InWords, in_words
from smjax.report.page.wording import Row, values
from smjax.report.render.html.page import Page, Picture, Words

_OF_ANSWERS = (
    "Each figure is the median over processes of each process's median over its timed answers; every process is a "
    "fresh one. decode tok/s is (n_gen - 1) / (time of the last id - time of the first), batch 1, greedy; TTFT is from "
    "the prompt's ids to the first generated one, with warm programs."
)
_OF_OPS = (
    "A figure of an operation is the median over processes of what one call takes: from Python (call), and inside of a "
    "loop in one program (loop)."
)
_OF_OTHERS = (
    "Figures of {origins} rows are as their source defines them: of how many processes, of what span and with what "
    "warm-up they are is known only as far as their records and flags say it."
)
_INTERVALS = (
    "Intervals are of 95 %, over processes (over runs, where these are pooled). Where processes have two speeds, drift "
    "or resemble the one before, there is none, and the reason stands in its place. Ratios within a sweep are of "
    "processes that ran in turn, in the same blocks, so that what slows both sides cancels; all intervals of one "
    "comparison hold at once."
)

_TROUBLES = 50
"""That are told one by one."""


def page(contents: Contents) -> Page:
    """All that it says. The same records always say the same."""
    found = contents.row_dicts
    words = in_words(contents)
    pictures, themes = _pictures(contents)
    return Page(
        subject.title(found),
        tuple(subject.facts(found, contents.records)),
        tuple(figures.highlights(with_short_runs(found))),
        tuple(_words(words)),
        tuple(machines.cards(contents.records)),
        pictures,
        tuple(rows.tables(found)),
        _first(list(_troubles(found, contents))),
        tuple(_method(found, contents.records)),
        tuple(again.commands(contents.records)),
        {flag.name: f"{flag.meaning}. What to do: {flag.advice}.".replace("`", "") for flag in FLAGS},
        themes,
    )


def _pictures(contents: Contents) -> tuple[tuple[Picture, ...], dict[str, dict[str, object]]]:
    from smjax.report.plots import plots  # it is altair that takes its time
    from smjax.report.plots.theme import config

    drawn = tuple(Picture(plot.name, plot.title, plot.text, plot.spec) for plot in plots(contents))
    return drawn, {"light": config("light"), "dark": config("dark")} if drawn else {}


def _words(words: InWords) -> Iterator[Words]:
    yield Words("What was compared", words.compared, "compared")
    yield Words("What is certain", words.certain, "certain")
    nothing = ("Nothing is in doubt beyond the intervals.",)
    yield Words("What is not", words.uncertain or nothing, "uncertain")


def _troubles(found: Sequence[Row], contents: Contents) -> Iterator[str]:
    """Each process that did not finish by its reason, and each file that could not be read."""
    for row in found:
        if row["status"] != "ok":
            name = ", ".join(str(row[key]) for key in ("model", "op", "shape", "kernel") if row.get(key))
            point = ", ".join(f"{key} {row[key]}" for key in ("threads", "ctx") if row.get(key) is not None)
            why = "; ".join(row["reasons"] or ()) or "no reason recorded"
            yield f"{name}, {point}: {row['status']}, {row['bad_processes']} of {row['processes']} processes: {why}"
    yield from map(_within_its_folder, contents.refused)


def _first(troubles: Sequence[str]) -> tuple[str, ...]:
    more = len(troubles) - _TROUBLES
    return (*troubles[:_TROUBLES], *([f"And {more} more."] if more > 0 else []))


def _within_its_folder(line: str) -> str:
    """Where the folder lies changes nothing of the page."""
    above, records, rest = line.partition(f"/{RECORDS}/")
    return f"{RECORDS}/{rest}" if records and ":" not in above else line


def _method(found: Sequence[Row], records: Sequence[Record]) -> Iterator[str]:
    measured = [row for row in found if row["provenance"] == "measured"]
    if any(not is_of_op(row) for row in measured):
        yield _OF_ANSWERS
    if any(map(is_of_op, measured)):
        yield _OF_OPS
    if others := sorted({row["provenance"] for row in found} - {"measured"}):
        yield _OF_OTHERS.format(origins=listed(others))
    yield _INTERVALS
    schemas = values(sorted({str(record.schema) for record in records}))
    versions = values(sorted({record.smjax for record in records if record.smjax})) or "of an unknown version"
    yield f"Records of schema {schemas}, made by smjax {versions}. summary.csv and summary.json have the same figures."
