"""Writes the page of a report. What it takes to make one is imported only then: altair alone takes 0.2 s."""

from __future__ import annotations

from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.records.folder import no_garbage
from smjax.core.text import printable
from smjax.report.data.contents import Contents

PAGE_FILE = "report.html"


@no_garbage()
def write_page(path: Path, contents: Contents) -> Path:
    """Raises RequestError where it cannot be written, or made: whatever it is, it may not cost a run its figures."""
    from smjax.report.page.report import page
    from smjax.report.render.html.document import document

    try:
        text = document(page(contents))
    except Exception as error:
        raise RequestError(
            f"{printable(str(path), 500)}: expected a page, found {type(error).__name__}: {printable(str(error))}; "
            "the summaries beside it have all figures"
        ) from error
    return write_whole(path, text)
