"""How pictures look: one configuration of Vega-Lite for each scheme, so that no picture names a colour or a font.

References:
    Okabe, Ito, Color universal design, 2008: eight colours that the colour-blind tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Scheme = Literal["light", "dark"]

FONT = "sans-serif"
"""Nothing else is sure to be there: a font that is missing makes text vanish from files."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""Beside colours, for who cannot tell these, and on paper."""
FAINT = "faint"
"""Style of what only guides the eye."""
SIZE = 55
"""Of points, in square pixels."""
HOLE = "hole"
"""Style of what hides a line behind a hollow mark."""
DASHES = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [12, 3], [1, 3], [6, 2, 2, 2, 2, 2], [4, 6])
"""Of lines, as many."""
MOST = len(SHAPES)
"""Things that are told apart in one view."""


@dataclass(frozen=True)
class _Colours:
    background: str
    text: str
    faint_text: str
    grid: str
    guide: str
    category: tuple[str, ...]


_LIGHT = _Colours(
    "#ffffff",
    "#1f2328",
    "#57606a",
    "#e4e7eb",
    "#a8b0b9",
    ("#0072b2", "#c65300", "#007d5c", "#b0568e", "#8a6d00", "#3d8fc4", "#1f2328", "#767d86"),
)
_DARK = _Colours(
    "#15181b",
    "#e6e9ed",
    "#a3acb7",
    "#2c323a",
    "#5c6670",
    ("#56b4e9", "#e69f00", "#2fc19a", "#e08fc0", "#f0e442", "#5a9bff", "#f2f4f6", "#949da8"),
)
COLOURS = {"light": _LIGHT, "dark": _DARK}


def config(scheme: Scheme) -> dict[str, Any]:
    """Of Vega-Lite; the background is the page's."""
    colours = COLOURS[scheme]
    axis = {
        "domainColor": colours.faint_text,
        "gridColor": colours.grid,
        "tickColor": colours.faint_text,
        "labelColor": colours.faint_text,
        "titleColor": colours.text,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "tickSize": 4,
        "labelPadding": 4,
        "labelSeparation": 8,
    }
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False, "titlePadding": 8},
        # Over the axis and not along it: it is read without turning the head, and costs a narrow screen no width.
        "axisY": {
            "domain": False,
            "ticks": False,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -10,
        },
        "legend": {
            "labelColor": colours.text,
            "titleColor": colours.faint_text,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 280,
            "orient": "top",
            "layout": {"top": {"direction": "vertical", "anchor": "start", "offset": 28, "margin": 6}},
            "symbolStrokeWidth": 2,
            "symbolSize": 70,
            "symbolOpacity": 1,
            "symbolBaseStrokeColor": colours.faint_text,
            "rowPadding": 3,
        },
        "header": {
            "labelColor": colours.text,
            "labelFontSize": 12,
            "labelAnchor": "start",
            "labelPadding": 24,
            "labelLimit": 300,
        },
        "title": {"color": colours.text, "fontSize": 14, "anchor": "start", "frame": "group", "offset": 12},
        "range": {"category": list(colours.category), "symbol": list(SHAPES)},
        "mark": {"color": colours.category[0]},
        "style": {FAINT: {"color": colours.guide}, HOLE: {"color": colours.background}},
        "line": {"strokeWidth": 2},
        "point": {"size": SIZE, "strokeWidth": 1.5, "filled": True, "opacity": 1},
        "rule": {"strokeWidth": 1.5, "color": colours.faint_text},
        "text": {"color": colours.text, "fontSize": 11},
        "tick": {"color": colours.text, "opacity": 1},
    }
