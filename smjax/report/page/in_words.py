"""A report's verdict in words: what was compared, what is certain, what is not, the most important first."""

from __future__ import annotations

from dataclasses import dataclass

from smjax.report.data.contents import Contents
from smjax.report.data.run_names import with_short_runs
from smjax.report.page import cautions, figures, ratios, subject

_NOTHING_CERTAIN = "Nothing: {why}."


@dataclass(frozen=True)
class InWords:
    """Sentences, each to be understood alone."""

    compared: tuple[str, ...]
    certain: tuple[str, ...]
    uncertain: tuple[str, ...]


def in_words(contents: Contents) -> InWords:
    """Of a run, or of several together. Whoever reads this alone can decide, or knows what keeps them from it."""
    rows = with_short_runs(contents.row_dicts)
    certain, uncertain = ratios.sentences(contents.records) if not contents.is_pooled else ([], [])
    certain = [*certain, *figures.sentences(rows), *figures.undisturbed(rows), *figures.agreeing(rows)]
    return InWords(
        (subject.sentence(rows, contents.records),),
        tuple(certain or [_NOTHING_CERTAIN.format(why=_why(rows))]),
        (
            *cautions.of_origin(rows),
            *cautions.of_failures(rows),
            *uncertain,
            *figures.vague(rows),
            *cautions.of_figures(rows),
        ),
    )


def _why(rows: list[dict[str, object]]) -> str:
    if not any(row["replicates"] for row in rows):
        return "no process finished ok, so there is no figure"
    return "no figure that somebody measured has an interval that tells anything"
