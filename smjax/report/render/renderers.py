"""Every way to show tables: a file of this folder each, and its line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from smjax.report.render import markdown, terminal
from smjax.report.render.grid import Grid

RENDERERS: dict[str, Callable[[Sequence[Grid], TextIO], None]] = {
    "markdown": markdown.show,
    "terminal": terminal.show,
}
"""Each prints grids to a stream, by its name."""


def show(grids: Sequence[Grid], stream: TextIO) -> None:
    """Print grids: drawn on a terminal, elsewhere as Markdown."""
    RENDERERS["terminal" if stream.isatty() else "markdown"](grids, stream)
