"""What a page says, as values: how it looks is the affair of the other modules here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from smjax.report.render.grid import Cell

Severity = Literal["ok", "note", "noisy", "unknown"]
"""As `smjax doctor` has it."""


@dataclass(frozen=True)
class Highlight:
    """A figure that is to be seen first."""

    figure: str
    unit: str
    interval: str
    """Empty where it has none."""
    of: str
    """What it is a figure of."""
    remark: str = ""
    """Where it is not measured here: what it is."""


@dataclass(frozen=True)
class Words:
    """Sentences under a heading of their own."""

    title: str
    sentences: tuple[str, ...]
    kind: Literal["compared", "certain", "uncertain"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at on a machine."""

    severity: Severity
    name: str
    found: str


@dataclass(frozen=True)
class Machine:
    """What a machine is, and what disturbed it."""

    title: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Picture:
    """A picture with what it shows in words; `spec` is Vega-Lite without a configuration."""

    name: str
    title: str
    text: str
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of the table of rows."""

    name: str
    heading: str
    unit: str
    meaning: str
    kind: Literal["key", "figure", "flags", "remark"]
    numeric: bool
    is_shown: bool
    """Before somebody chooses others."""
    cells: Sequence[Cell]
    """One a row; of flags the value is a tuple of them."""
    ends: tuple[Sequence[float | None], Sequence[float | None]] | None = None
    """Of a figure with intervals: where they begin and end."""
    is_printed: bool = True
    """Whether there is room for it on paper."""


@dataclass(frozen=True)
class Table:
    """All rows of a kind."""

    name: str
    title: str
    captions: tuple[str, ...]
    columns: tuple[Column, ...]
    provenances: Sequence[str]
    """Of each row."""
    statuses: Sequence[str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A report, from top to bottom."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """What was looked at, when, and where."""
    highlights: tuple[Highlight, ...]
    words: tuple[Words, ...]
    machines: tuple[Machine, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    troubles: tuple[str, ...]
    """What failed, and what could not be read."""
    method: tuple[str, ...]
    """How it was measured."""
    commands: tuple[str, ...]
    """Which measure it again."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """What each flag of a row means."""
    themes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Configurations of the pictures by scheme, light and dark."""
