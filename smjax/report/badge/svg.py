"""A badge drawn: two boxes with a text each, of the size and the look that readers know from shields."""

from __future__ import annotations

import unicodedata
from xml.sax.saxutils import escape

from smjax.core.text import printable
from smjax.report.badge.badge import Badge

_COLORS = {"blue": "#007ec6", "yellow": "#dfb317", "lightgrey": "#9f9f9f", "red": "#e05d44"}
_DARK_ON = ("yellow", "lightgrey")
"""White could hardly be read there."""
_LABEL_COLOR = "#555"
_FONTS = "Verdana,DejaVu Sans,Geneva,sans-serif"
_WIDTHS = {
    3.0: "'ijlIJ",
    3.6: " ,.·/:;\\|f",
    4.2: "-()[]t!r",
    5.5: '"*_`sz?c',
    6.4: "LFkvxyPTYao",
    7.0: "e$0123456789ESbdghnpqu{}µ",
    7.6: "KABVXZRC",
    8.4: "UNHDG&OQ",
    9.2: "w#+<=>^~±M",
    10.8: "%mW@…",
}
"""Of DejaVu Sans at 11 px, which is as wide as Verdana."""
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
_USUAL, _WIDE = 7.0, 11.0
_MARGIN = 6
_CHARACTERS = 120
"""Of a text; a badge is one line in a page of somebody's."""


def svg(badge: Badge) -> str:
    """One line of XML, which says the same to whoever cannot see it; it needs nothing from elsewhere."""
    label, message = printable(badge.label, _CHARACTERS), printable(badge.message, _CHARACTERS)
    left, right = (round(width(text)) + 2 * _MARGIN for text in (label, message))
    spoken = escape(f"{label}: {message}", {'"': "&quot;"})
    boxes = (
        f'<rect width="{left}" height="20" fill="{_LABEL_COLOR}"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLORS[badge.color]}"/>'
        f'<rect width="{left + right}" height="20" fill="url(#s)"/>'
    )
    texts = _text(label, 0, left, is_dark=False) + _text(message, left, right, is_dark=badge.color in _DARK_ON)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{spoken}">'
        f"<title>{spoken} ({escape(printable(badge.details, None))})</title>"
        '<linearGradient id="s" x2="0" y2="100%"><stop offset="0" stop-color="#bbb" stop-opacity=".1"/>'
        '<stop offset="1" stop-opacity=".1"/></linearGradient>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)">{boxes}</g>'
        f'<g text-anchor="middle" font-family="{_FONTS}" font-size="11">{texts}</g></svg>\n'
    )


def width(text: str) -> float:
    """In pixels, as near as a table of characters knows it."""
    return sum(_WIDTH_OF.get(character) or _unlisted(character) for character in text)


def _unlisted(character: str) -> float:
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _USUAL


def _text(text: str, x: int, box: int, *, is_dark: bool) -> str:
    """In the middle of its box and as wide as it was reckoned, whatever fonts there are, above its shadow."""
    color, shadow = ("#222", "#fff") if is_dark else ("#fff", "#010101")
    place = f'x="{x + box / 2:g}" textLength="{box - 2 * _MARGIN}"'
    inner = escape(text)
    return (
        f'<text aria-hidden="true" {place} y="15" fill="{shadow}" fill-opacity=".3">{inner}</text>'
        f'<text {place} y="14" fill="{color}">{inner}</text>'
    )
