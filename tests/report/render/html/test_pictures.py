"""A picture's data, for who sees no picture: what its marks tell, and not where they lie."""

from __future__ import annotations

import re

from smjax.report.render.html.page import Picture
from smjax.report.render.html.pictures import figures

MARKS = [{"x": 0, "x2": 2.5, "at": 0.64, "row": "1 thread", "figure": "2.5 MB"}]
TOLD = [
    {"field": "row", "title": "Row"},
    {"field": "figure", "title": "Size"},
    {"field": "none", "title": "None has it"},
]


def test_data_are_what_tooltips_tell_and_each_set_stands_once():
    bars = {"data": {"name": "a"}, "encoding": {"x": {"field": "x", "title": "Memory (MB)"}, "tooltip": TOLD}}
    rules = {"data": {"name": "a"}, "encoding": {"x": {"field": "x2"}, "y": {"field": "at"}}}
    words = {"data": {"name": "b"}, "encoding": {"text": {"field": "text"}}}
    spec = {"layer": [rules, bars, words, bars], "datasets": {"a": MARKS, "b": [{"text": "ideal"}]}}
    said = figures([Picture("memory", "Memory", "Much.", spec)])
    assert re.findall("<t[hd](?: [^>]*)?>([^<]*)<", str(said)) == ["Row", "Size", "1 thread", "2.5 MB"]


def test_without_tooltips_there_is_no_table():
    spec = {"data": {"values": MARKS}, "encoding": {"x": {"field": "x"}}}
    assert "Data of this picture" not in str(figures([Picture("memory", "Memory", "Much.", spec)]))
