"""The parts of a page that are words: about it, the verdict, machines, what failed, how it was measured."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.report.render.html.page import Finding, Highlight, Machine, Words
from smjax.report.render.html.tags import Markup, joined, tag, text

_LEAD = 100
"""Characters; what is longer is no lead."""


def about(facts: Sequence[tuple[str, str]]) -> Markup:
    """What was looked at, when, and where."""
    return tag("dl", (tag("div", tag("dt", name), tag("dd", told)) for name, told in facts), class_="about")


def highlights(found: Sequence[Highlight]) -> Markup:
    """The figures to be seen first."""
    return tag("div", map(_highlight, found), class_="highlights") if found else Markup("")


def verdict(words: Sequence[Words]) -> Markup:
    """In words, each kind under its heading."""
    return tag("div", map(_words, words), class_="words")


def machines(found: Sequence[Machine]) -> Markup:
    """A card for each."""
    return tag("div", map(_machine, found), class_="machines")


def troubles(lines: Sequence[str]) -> Markup:
    """A line for each."""
    return _list(lines, "notes")


def method(told: Sequence[str], commands: Sequence[str]) -> Markup:
    """How it was measured, and the commands that measure it again."""
    again = tag("ul", (tag("li", tag("code", one, tabindex="0")) for one in commands), class_="commands")
    return joined([tag("div", (tag("p", one) for one in told), class_="method"), again if commands else None])


def _highlight(one: Highlight) -> Markup:
    figure = tag("p", one.figure, " ", tag("span", one.unit, class_="unit"), class_="figure")
    remark = joined([" ", tag("span", one.remark, class_="tag")]) if one.remark else None
    interval = tag("p", one.interval, class_="interval") if one.interval else None
    return tag("div", figure, interval, tag("p", one.of, remark, class_="of"), class_="highlight")


def _words(words: Words) -> Markup:
    told = tag("ul", (tag("li", _led(words, sentence)) for sentence in words.sentences))
    return tag("div", tag("h3", words.title), told, class_=words.kind)


def _led(words: Words, sentence: str) -> Markup:
    """What comes before a colon is what a reader looks for first, of what is said of figures."""
    if words.kind == "compared":
        return text(sentence)
    lead, colon, rest = sentence.partition(": ")
    return joined([tag("strong", f"{lead}:"), f" {rest}"]) if colon and len(lead) <= _LEAD else text(sentence)


def _machine(machine: Machine) -> Markup:
    facts = ((tag("dt", name), tag("dd", told)) for name, told in machine.facts)
    findings = (
        [tag("h4", "What disturbed it"), tag("ul", map(_finding, machine.findings), class_="findings")]
        if machine.findings
        else None
    )
    return tag("article", tag("h3", machine.title), tag("dl", facts), findings, class_="machine")


def _finding(finding: Finding) -> Markup:
    severity = tag("span", finding.severity, class_=f"severity {finding.severity}")
    return tag("li", severity, tag("span", f"{finding.name}: {finding.found}"))


def _list(lines: Sequence[str], class_: str | None = None) -> Markup:
    return tag("ul", (tag("li", line) for line in lines), class_=class_)
