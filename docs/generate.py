"""Writes the pages that are made from what the code knows: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from smjax.commands._manual import manual
from smjax.commands._page import codes_page, commands_page
from smjax.core.ops import page as ops
from smjax.core.records.pages import pages
from smjax.sweep.request import page as settings

PAGES = {
    **pages(),
    "ops.md": ops.page(),
    "settings.md": settings.page(),
    "commands.md": commands_page(),
    "exit-codes.md": codes_page(),
    "man/smjax.1": manual(),
}
"""By their names beside this file; `tests/docs` compares them."""

if __name__ == "__main__":
    for name, text in PAGES.items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")
