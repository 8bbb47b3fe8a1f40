"""A badge drawn: well-formed whatever its texts are, and as wide as they need."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from smjax.report.badge.badge import Badge
from smjax.report.badge.svg import svg, width

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "title", "linearGradient", "stop", "clipPath", "rect", "g", "text"}
NASTY = ["<script>alert(1)</script>", '"onload="alert(1)', "a\u202eb\x00\ud800]]>&amp;", "x" * 1_000_000, "", "日本語"]


@pytest.mark.parametrize("text", NASTY)
def test_texts_are_texts_whatever_is_in_them(text):
    picture = svg(Badge(text, text, "blue", text[:40]))
    root = ElementTree.fromstring(picture)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == TAGS
    assert not any(name.startswith("on") for one in root.iter() for name in one.attrib)
    assert len(picture) < 5_000


def test_it_says_the_same_to_whoever_cannot_see_it():
    root = ElementTree.fromstring(svg(Badge("decode", "4,210 tok/s", "blue", "ctx 256")))
    assert (root.get("role"), root.get("aria-label")) == ("img", "decode: 4,210 tok/s")
    assert root.findtext(f"{SVG}title") == "decode: 4,210 tok/s (ctx 256)"


def test_boxes_are_as_wide_as_their_texts_and_stand_side_by_side():
    label, message = "decode", "4,210 tok/s ±1.2 % · Zen 4 · 2T"
    root = ElementTree.fromstring(svg(Badge(label, message, "blue", "")))
    left, right, both = (box for group in root.findall(f"{SVG}g") for box in group.findall(f"{SVG}rect"))
    assert int(right.get("x")) == int(left.get("width")) == round(width(label)) + 12
    assert int(right.get("width")) == round(width(message)) + 12
    assert root.get("width") == both.get("width") == str(int(left.get("width")) + int(right.get("width")))


@pytest.mark.parametrize(
    ("text", "pixels"),
    [("decode", 40.3), ("4,210 tok/s ±1.2 % · Zen 4 · 2T", 172.5), ("WWWW iiii", 59.2), ("e\u0301", 7.0)],
)
def test_widths_are_those_of_the_font(text, pixels):
    """As DejaVu Sans itself has them, at 11 px."""
    assert width(text) == pytest.approx(pixels, rel=0.02)
