"""A picture as a value: what it is called, what it says in words, and what is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["svg", "png"]
"""Of files that pictures are kept in."""


@dataclass(frozen=True)
class Plot:
    """How it looks is the theme's affair, and where it is drawn that of the page or of a file."""

    name: str
    """Of its file, and of its element on a page: `decode-over-context`."""
    title: str
    """A heading in words."""
    text: str
    """What is to be seen, for who does not see it: sentences, with the figures that matter. Plain text."""
    spec: Mapping[str, Any]
    """Vega-Lite with its data and without `config`; as wide as its container where it is one view."""
