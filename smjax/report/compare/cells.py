"""What tables of comparisons and of histories have alike: the scenario's fields, ratios, shares and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smjax.core.numbers import significant
from smjax.core.records.column import Column
from smjax.core.records.columns import COLUMNS, FIELDS
from smjax.report.compare.fields import OF_OPS, SHOWN, VERSIONS, shown
from smjax.report.render.forest import Forest
from smjax.report.render.grid import NOTHING, Cell, GridColumn, Row, Tone, name_of
from smjax.stats.verdicts import Bounds, Verdict

ALWAYS = ("model", "op", "shape", "threads", "ctx")
"""What a row is called by, whether or not it differs."""
_TONES: dict[str, Tone] = {Verdict.FASTER: "good", Verdict.SLOWER: "bad", Verdict.UNDECIDED: "doubtful"}
_WEIGHTS = "model_hash"
_PATH = "python"
"""Of an interpreter: as it was asked for."""
_COLUMNS = {column.name: column for column in (*FIELDS, *COLUMNS) if column.heading}


def keys(scenarios: Sequence[Mapping[str, Any]]) -> list[GridColumn]:
    """What is always told, and what else tells rows apart."""
    names, apart = dict.fromkeys(name for scenario in scenarios for name in scenario), varying(scenarios)
    found = [name for name in names if name in apart or (name in (*SHOWN, *OF_OPS) and name != "model_hash")]
    return [_field(name, [scenario.get(name) for scenario in scenarios]) for name in found]


def varying(scenarios: Sequence[Mapping[str, Any]]) -> list[str]:
    """Fields that tell some of them from others.

    Models are told by their names, and by their weights where two have one name; interpreters by their versions, and
    by their paths if need be.
    """
    names = dict.fromkeys(name for scenario in scenarios for name in scenario)
    found = [name for name in names if _kinds(scenarios, [name]) > 1]
    if _kinds(scenarios, ["model", _WEIGHTS]) == _kinds(scenarios, ["model"]):
        found = [name for name in found if name != _WEIGHTS]
    if _PATH not in found:
        return [name for name in found if name not in VERSIONS]
    without = [name for name in found if name != _PATH]
    return without if _kinds(scenarios, without) == _kinds(scenarios, found) else found


def _kinds(scenarios: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    """How many there are by these fields."""
    return len({tuple(str(scenario.get(name)) for name in names) for scenario in scenarios})


def _field(name: str, values: Sequence[Any]) -> GridColumn:
    """A field of the scenario, where the sides agree in it; where none of them do, another column says so."""
    agreed = [value for value in values if not isinstance(value, list) and value not in (None, "")]

    def cell(row: Row) -> Cell:
        value: Any = row.get(name)
        if isinstance(value, list):
            return Cell(value, " → ".join(map(shown, value))) if agreed else NOTHING
        return NOTHING if value is None or value == "" else Cell(value, shown(value))

    known = _COLUMNS.get("interpreter" if name == _PATH else name)
    heading, numeric = (known.heading, known.kind != "text") if known else (name, False)
    return GridColumn(heading, cell, "any" if name in ALWAYS else "varies", numeric, role="key")


def figures(metrics: Sequence[Column]) -> list[GridColumn]:
    """Which figure a row has (`figure`), where rows have several."""
    return [GridColumn("figure", name_of("figure"), role="key")] * (len(set(metrics)) > 1)


def ratio(value: float | None) -> Cell:
    """In four decimals, as its interval."""
    return NOTHING if value is None else Cell(value, f"{value:.4f}")


def interval(bounds: Bounds | None, ratio: float | None) -> Cell:
    """Both its ends; a drawing of it and of its ratio."""
    drawn = Forest(ratio, *((bounds.lo, bounds.hi) if bounds else ())) if ratio else None
    if bounds is None:
        return replace(NOTHING, drawn=drawn)
    return Cell((bounds.lo, bounds.hi), f"{bounds.lo:.4f} to {bounds.hi:.4f}", drawn=drawn)


def verdict(text: str) -> Cell:
    """In the sense of better or worse, or that nobody knows."""
    return Cell(text, text, tone=_TONES.get(text, ""))


def share(value: float | None) -> Cell:
    """In per cent."""
    return NOTHING if value is None else Cell(value, f"{significant(value * 100, 2)} %")


def parts(texts: Sequence[str]) -> Cell:
    """Several remarks."""
    return Cell(tuple(texts), ", ".join(texts))
