"""Grids as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

from smjax.report.render.grid import UNKNOWN, Grid, above, without_repeats
from smjax.report.render.picture import drawn


def markdown(grids: Sequence[Grid]) -> str:
    """One table below the other, ending in a newline."""
    return "\n".join(map(_one, without_repeats(grids)))


def show(grids: Sequence[Grid], stream: TextIO) -> None:
    """Print them."""
    print(markdown(grids), file=stream)


def _one(grid: Grid) -> str:
    parts = [f"### {_escape(grid.title)}", *map(_escape, above(grid))]
    if grid.rows:
        marks = ["---:" if column.numeric else "---" for column in grid.columns]
        texts = ([cell.text for cell in row] for row in grid.rows)
        lines = [[column.heading for column in grid.columns], marks, *texts]
        parts.append("\n".join("| " + " | ".join(_escape(text) or UNKNOWN for text in line) + " |" for line in lines))
    for picture in grid.pictures:
        parts += [_escape(picture.caption), "\n".join(["```text", *drawn(picture), "```"])]
    if grid.notes:
        parts.append("\n".join(f"- {_escape(note)}" for note in grid.notes))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    """Text from a model's name or a worker's error must neither end a cell nor become markup."""
    return re.sub(r"([\\`*|<])", r"\\\1", " ".join(text.split()))
