"""What `smjax plot` is asked: from folders to the file of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.records.folder import load_records
from smjax.core.text import printable
from smjax.report.data.rows import scenarios
from smjax.report.plots import export, theme
from smjax.report.plots.own import Wish, check, draw
from smjax.report.plots.plot import Plot
from smjax.report.render.html.document import document
from smjax.report.render.html.page import Page, Picture

_KINDS = ("svg", "png", "html")


def plot(folders: Sequence[Path], wish: Wish, out: Path | None) -> tuple[Path, list[str]]:
    """The file, and a line for each that is no record; raises RequestError for a wrong wish or file."""
    check(wish)
    path = out or Path(f"{wish.y}-over-{wish.x}.svg")
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        raise RequestError(
            f"--out {printable(str(path), 500)}: expected a name that ends in .svg, .png or .html, found another; "
            f"write {printable(str(path.with_suffix('.svg')), 500)}"
        )
    loaded = load_records(folders)
    drawn = draw(scenarios(loaded.records), wish)
    if kind == "html":
        return write_whole(path, document(_page(drawn))), loaded.refused
    return export.write_one(drawn, path, "png" if kind == "png" else "svg"), loaded.refused


def _page(plot: Plot) -> Page:
    """With nothing but the picture."""
    picture = Picture(plot.name, plot.title, plot.text, plot.spec)
    themes = {"light": theme.config("light"), "dark": theme.config("dark")}
    return Page(plot.title, (), (), (), (), (picture,), (), (), (), (), themes=themes)
