"""HTML from Python: whatever is no markup yet is escaped, so that no name of a model or a host can become any."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any, TypeAlias

from smjax.core.text import printable

LONGEST = 2000
"""Characters of a text that are shown."""
_VOID = ("input", "link", "meta")


class Markup(str):
    """Text that is HTML already: only this module makes it."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"


def text(written: str) -> Markup:
    """Whatever others wrote, fit to be shown: no controls, no overrides of direction, and of no great length."""
    return Markup(html.escape(printable(written, LONGEST)))


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """An element; `class_` is its class, `aria_label` its aria-label. False and None leave an attribute out."""
    inside = "".join(f" {_attribute(key, value)}" for key, value in attributes.items() if value not in (None, False))
    if name in _VOID:
        return Markup(f"<{name}{inside}>")
    return Markup(f"<{name}{inside}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """One after the other; None is nothing."""
    return Markup("".join(map(_one, children)))


def as_json(value: Any) -> Markup:
    """For a script element of data: plain ASCII in which nothing can end the element, or begin another."""
    told = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _one(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return text(child) if isinstance(child, str) else joined(child)


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return name
    told = value if isinstance(value, Markup) else text(str(value))
    return f'{name}="{told}"'
