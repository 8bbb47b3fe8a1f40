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
    """Of each set of data what its encodings show, by heading, and its rows."""
    named = spec.get("datasets") or {}
    shown = dict[str, dict[str, str]]()
    rows = dict[str, Sequence[Mapping[str, Any]]]()
    for key, own, fields in _encoded(spec, None, {}):
        found = named.get(own["name"]) if own and "name" in own else (own or {}).get("values")
        if isinstance(found, list) and found:
            rows[key] = found
            shown.setdefault(key, {}).update({name: fields[name] for name in fields if name not in shown.get(key, {})})
    for key, headings in shown.items():
        kept = {name: heading for name, heading in headings.items() if any(name in row for row in rows[key])}
        if kept:
            yield kept, rows[key]


def _encoded(
    spec: Mapping[str, Any], data: Mapping[str, Any] | None, above: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any] | None, dict[str, str]]]:
    """Of each view its data, by a name of them, and the fields that it encodes with their titles."""
    data = spec.get("data") or data
    fields = {**above, **_fields(spec.get("encoding") or {})}
    inside = [*(spec.get("layer") or ()), *(spec.get("hconcat") or ()), *(spec.get("vconcat") or ())]
    inside += [*(spec.get("concat") or ()), *([spec["spec"]] if isinstance(spec.get("spec"), dict) else ())]
    if data is not None and not inside:
        yield str(data.get("name") or id(data)), data, fields
    for one in inside:
        yield from _encoded(one, data, fields)


def _fields(encoding: Mapping[str, Any]) -> dict[str, str]:
    found = dict[str, str]()
    for channel in encoding.values():
        for one in channel if isinstance(channel, list) else [channel]:
            if isinstance(one, dict) and isinstance(one.get("field"), str):
                found.setdefault(one["field"], str(one.get("title") or one["field"]))
    return found
