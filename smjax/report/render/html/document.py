"""A page as one HTML file: head, header, sections and scripts, with the policy that allows these alone."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from smjax.report.render.html import rows
from smjax.report.render.html.library import library
from smjax.report.render.html.page import Page
from smjax.report.render.html.pictures import drawn_from, figures
from smjax.report.render.html.policy import policy
from smjax.report.render.html.sections import about, highlights, machines, method, troubles, verdict
from smjax.report.render.html.tags import Markup, joined, tag

Section = tuple[str, str, Markup, str | None]
"""Its id, its heading, what is in it, its class."""

_ASSETS = Path(__file__).with_name("assets")
_FOOT = (
    "Written by smjax from the records of the run. This file is all there is to it: it loads nothing, and tells nobody."
)


def document(page: Page) -> str:
    """The whole file, ending in a newline; the same page always gives the same text."""
    style = _asset("page.css")
    scripts = [library(), _asset("page.js")] if page.pictures else [_asset("page.js")]
    scripts += [_asset("table.js")] if page.tables else []
    sections = list(_sections(page))
    body = tag(
        "body",
        tag("a", "To the report", class_="skip", href="#main"),
        _header(page, sections),
        tag("main", (_section(*one) for one in sections), class_="page", id="main"),
        tag("footer", tag("p", _FOOT), class_="page"),
        drawn_from(page.pictures, page.themes),
        (tag("script", Markup(script)) for script in scripts),
    )
    return f"<!doctype html>\n{tag('html', _head(page, style, scripts), body, lang='en')}\n"


def _head(page: Page, style: str, scripts: list[str]) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy(scripts, [style]))),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="smjax"),
        tag("title", f"{page.title}: smjax report"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )


def _header(page: Page, sections: Sequence[Section]) -> Markup:
    links = tag("ul", (tag("li", tag("a", name, href=f"#{id_}")) for id_, name, *_ in sections))
    bar = tag(
        "div", tag("span", "smjax report", class_="brand"), tag("nav", links, aria_label="Sections"), class_="bar"
    )
    return tag("header", bar, tag("div", tag("h1", page.title), about(page.facts), class_="title"), class_="page")


def _sections(page: Page) -> Iterator[Section]:
    """What there is, in its order."""
    if page.highlights or page.words:
        yield "verdict", "Verdict", joined([highlights(page.highlights), verdict(page.words)]), None
    if page.troubles:
        yield "failures", "Failures", troubles(page.troubles), None
    if page.pictures:
        yield "pictures-of-it", "Pictures", figures(page.pictures), None
    for table in page.tables:
        yield table.name, table.title, rows.table(table, page.flags), "rows"
    if page.machines:
        yield "machines", "Machines" if len(page.machines) > 1 else "Machine", machines(page.machines), None
    if page.method or page.commands:
        yield "method", "Method", method(page.method, page.commands), None


def _section(id_: str, name: str, inside: Markup, class_: str | None) -> Markup:
    heading = tag("h2", name, id=f"{id_}-title")
    return tag("section", heading, inside, id=id_, class_=class_, aria_labelledby=f"{id_}-title")


@functools.cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
