"""Pictures of a page: where a script draws them, what they show in words, and their data for who sees no picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smjax.core.numbers import significant
from smjax.report.render.html.page import Picture
from smjax.report.render.html.tags import Markup, as_json, tag

_MOST = 200
"""Rows of a picture's data that are shown."""


def figures(pictures: Sequence[Picture]) -> Markup:
    """One after the other."""
    return tag("div", map(_figure, pictures), class_="pictures")


def drawn_from(pictures: Sequence[Picture], themes: Mapping[str, Mapping[str, Any]]) -> Markup | None:
    """What the script draws."""
    if not pictures:
        return None
    specs = {picture.name: picture.spec for picture in pictures}
    return tag("script", as_json({"themes": themes, "specs": specs}), type="application/json", id="pictures")


def _figure(picture: Picture) -> Markup:
    heading = tag("h3", picture.title)
    drawing = tag("div", id=f"drawing-{picture.name}", class_="drawing")
    caption = tag("figcaption", picture.text)
    tables = [_table(picture.title, headings, rows) for headings, rows in _data(picture.spec)]
    data = tag("details", tag("summary", "Data of this picture"), tables) if tables else None
    return tag("figure", heading, drawing, caption, data, id=picture.name)


def _table(title: str, headings: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Markup:
    head = tag("tr", (tag("th", heading, scope="col") for heading in headings.values()))
    body = (tag("tr", (_cell(row.get(field)) for field in headings)) for row in rows[:_MOST])
    left = tag("caption", f"The first {_MOST} of {len(rows)}") if len(rows) > _MOST else None
    table = tag("table", left, tag("thead", head), tag("tbody", body))
    return tag("div", table, class_="scroller", tabindex="0", role="region", aria_label=f"Data: {title}")


def _cell(value: Any) -> Markup:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return tag("td", str(value) if isinstance(value, int) else significant(value, 4), class_="number")
    return tag("td", "\N{EN DASH}" if value is None or value == "" else str(value)[:_MOST])


def _data(spec: Mapping[str, Any]) -> Iterator[tuple[dict[str, str], Sequence[Mapping[str, Any]]]]:
    """Of each set of data what its tooltips tell, by heading, and its rows; where marks lie is nobody's figure."""
    named = spec.get("datasets") or {}
    told = dict[str, dict[str, str]]()
    rows = dict[str, Sequence[Mapping[str, Any]]]()
    for key, own, fields in _drawn(spec, None):
        found = named.get(own["name"]) if "name" in own else own.get("values")
        if fields and isinstance(found, list) and found:
            rows[key] = found
            told[key] = fields | told.get(key, {})
    for key, headings in told.items():
        yield {name: headings[name] for name in headings if any(name in row for row in rows[key])}, rows[key]


def _drawn(
    spec: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[tuple[str, Mapping[str, Any], dict[str, str]]]:
    """Of each view its data, by a name of them, and the fields of its tooltips with their titles."""
    data = spec.get("data") or data
    inside = [*(spec.get("layer") or ()), *(spec.get("hconcat") or ()), *(spec.get("vconcat") or ())]
    inside += [*(spec.get("concat") or ()), *([spec["spec"]] if isinstance(spec.get("spec"), dict) else ())]
    if data is not None and not inside:
        yield str(data.get("name") or id(data)), data, _told((spec.get("encoding") or {}).get("tooltip"))
    for one in inside:
        yield from _drawn(one, data)


def _told(tooltip: Any) -> dict[str, str]:
    one_by_one = tooltip if isinstance(tooltip, list) else [tooltip]
    return {one["field"]: str(one.get("title") or one["field"]) for one in one_by_one if one and "field" in one}
