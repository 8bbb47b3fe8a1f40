"""What a report ends with in a terminal: of its verdict in words what is most important, and in no table."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.report.data.contents import Contents
from smjax.report.page import figures
from smjax.report.page.in_words import in_words
from smjax.report.page.write import PAGE_FILE
from smjax.report.render.grid import Grid, message

_MOST = 4
"""Sentences of a kind; the page has all of them."""


def last_words(contents: Contents) -> list[Grid]:
    """What is certain and what is not, as far as there is any of it; how fast each row is its table says."""
    words, rows = in_words(contents), contents.row_dicts
    in_tables = {*figures.sentences(rows), *figures.agreeing(rows)}
    told = {
        "What is certain": [sentence for sentence in words.certain if sentence not in in_tables],
        "What is not": list(words.uncertain),
    }
    return [message(title, notes=_first(sentences)) for title, sentences in told.items() if sentences]


def _first(sentences: Sequence[str]) -> list[str]:
    more = len(sentences) - _MOST
    return [*sentences[:_MOST], *([f"and {more} more, which {PAGE_FILE} says"] if more > 0 else [])]
