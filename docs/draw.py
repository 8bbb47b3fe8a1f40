"""Draws the pictures of the findings from the tables on their pages: `python docs/draw.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt

from smjax.report.plots.export import write
from smjax.report.plots.plot import Plot

DOCS = Path(__file__).parent
PICTURES = DOCS / "findings" / "pictures"
_INTERVAL = re.compile(r"([\d.]+) \(([\d.]+) to ([\d.]+)\)")
_PARTS = (
    "head",
    "feed- forward",
    "attention",
    "qkv",
    "output",
    "rope",
    "norm",
    "embed- ding",
    "choice",
    "dispatch",
    "in no part",
)
_OTHERS = "all others"


def pictures() -> list[Plot]:
    """All of them."""
    return [beside_llama_cpp(), kernels(), where_a_token_goes()]


def table(page: str, *headings: str) -> list[dict[str, str]]:
    """The rows of a page's first table that has these headings, by heading; of two of a name the second is `NAME 2`."""
    for found in re.finditer(r"(?:^\|.*\n)+", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in found[0].splitlines()]
        names = [f"{name} 2" if name in lines[0][:i] else name for i, name in enumerate(lines[0])]
        if set(headings) <= set(names):
            return [dict(zip(names, line, strict=True)) for line in lines[2:]]
    raise ValueError(f"{page}: expected a table of {', '.join(headings)}, found none")


def beside_llama_cpp() -> Plot:
    """Ratios of decoding and prefill, with their intervals."""
    rows = list(_ratios())
    y = _names("row:N", 150)
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    x = alt.X("ratio:Q", title="times as fast as llama.cpp", scale=alt.Scale(type="log", domain=[1, 10]))
    colour = alt.Color("of:N", title=None, sort=None)
    offset = alt.YOffset("of:N", sort=None)
    bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("lo:Q"), x2="hi:Q", color=colour, yOffset=offset)
    points = base.mark_point(filled=True, size=50).encode(
        x=x, color=colour, shape=alt.Shape("of:N", legend=None), yOffset=offset
    )
    label = base.mark_text(align="left", dx=6).encode(x=alt.X("hi:Q"), text="label:N", yOffset=offset)
    title = "smjax beside llama.cpp in Q4_0, with 95 % intervals"
    chart = alt.layer(bars, points, label).properties(width="container", height=alt.Step(15))
    return Plot("beside-llama-cpp", title, title, _spec(chart))


def kernels() -> Plot:
    """Decode rates by kernel, instruction set and threads."""
    rows = [
        {"row": f"{row['kernel']}, {row['isa']}", "threads": row["threads"], "rate": float(row["decode tok/s"])}
        | {"label": row["decode tok/s"]}
        for row in table("findings/kernels.md", "kernel", "isa", "decode tok/s")
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=_names("row:N", 110), yOffset=alt.YOffset("threads:N"), x=alt.X("rate:Q", title="decode tok/s")
    )
    bars = base.mark_bar().encode(color=alt.Color("threads:N", title="threads"))
    label = base.mark_text(align="left", dx=4).encode(text="label:N")
    title = "stories-110m by kernel, instruction set and threads"
    chart = alt.layer(bars, label).properties(width="container", height=alt.Step(15))
    return Plot("kernels", title, title, _spec(chart))


def where_a_token_goes() -> Plot:
    """Shares of a decode step's parts, of the native kernel with one thread at 256 positions."""
    rows = [
        {"model": f"{row['model']}, {row['measured']} µs", "part": part, "us": us, "order": order}
        for row in table("where-a-token-goes.md", "model", "measured", "dispatch")
        if (row["kernel"], row["ctx"], row["threads"]) == ("native", "256", "1")
        for order, (part, us) in enumerate(_parts(row))
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            y=_names("model:N", 160),
            x=alt.X("us:Q", stack="normalize", title="share of the step's parts", axis=alt.Axis(format="%")),
            color=alt.Color("part:N", title=None, sort=None, legend=alt.Legend(columns=4)),
            order="order:O",
        )
        .properties(width="container", height=alt.Step(28))
    )
    title = "Where a token goes: native, one thread, 256 positions"
    return Plot("where-a-token-goes", title, title, _spec(chart))


def _names(field: str, extent_px: int) -> alt.Y:
    """An axis of names with room for them, whatever the reader's font."""
    return alt.Y(field, title=None, sort=None, axis=alt.Axis(minExtent=extent_px))


def _ratios() -> Iterator[dict[str, Any]]:
    for row in table("findings/beside-llama-cpp.md", "shape", "depth", "ratio 2"):
        name = f"{row['shape']}, {row['threads']}T, depth {row['depth']}"
        for of, cell in (("decode", row["ratio"]), ("prefill", row["ratio 2"])):
            if found := _INTERVAL.fullmatch(cell):
                ratio, lo, hi = map(float, found.groups())
                yield {"row": name, "of": of, "ratio": ratio, "lo": lo, "hi": hi, "label": found[1]}
            else:
                yield {"row": name, "of": of, "ratio": None, "lo": None, "hi": 1.0, "label": cell}


def _parts(row: dict[str, str]) -> Iterator[tuple[str, float]]:
    """The large ones, and the small ones together."""
    small = ("rope", "norm", "embed- ding", "choice")
    yield from ((part.replace("- ", "-"), float(row[part])) for part in _PARTS if part not in small)
    yield _OTHERS, sum(float(row[part]) for part in small)


def _spec(chart: alt.LayerChart | alt.Chart) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec.pop("config", None)
    return spec


if __name__ == "__main__":
    write(pictures(), PICTURES, "svg")
