"""Writes the pages that are made from what the code knows: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from smjax.core.ops.page import page
from smjax.core.records.pages import pages

for name, text in pages().items():
    (Path(__file__).parent / name).write_text(text, encoding="utf-8")
(Path(__file__).parent / "ops.md").write_text(page(), encoding="utf-8")
