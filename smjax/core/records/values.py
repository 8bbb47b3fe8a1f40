"""A JSON value that holds no others, and thousands of numbers in a row: as it is, or refused in words."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from smjax.core.records.quantities import Limits

Decode = Callable[[Any], Any]
"""From a JSON value to a typed one."""
SHOWN = 40
"""Characters of what was found that an error shows."""
_NAMES: dict[Any, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_LARGE = 2**63


class Wrong(Exception):
    """What is wrong with a value; where it stands comes from outside, step by step, as no healthy value needs it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said, self.where = said, ""

    def inside(self, step: str) -> Wrong:
        """The same, seen from one step further out: `.name` or `[number]`."""
        self.where = step + self.where
        return self


def wrong(expected: str, found: Any) -> Wrong:
    """In one line, whatever was found."""
    brief = found[:SHOWN] if isinstance(found, str | list | tuple) else found
    try:
        text = repr(brief)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        text = "something too long to be shown"
    shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return Wrong(f"expected {expected}, found {shown}")


def plain(kind: Any) -> Decode:
    """Of a text, a number, true or false."""
    accepted = (int, float) if kind is float else (kind,)

    def decode_plain(value: Any) -> Any:
        if type(value) not in accepted:
            raise wrong(_NAMES[kind], value)
        if kind in (int, float) and not -_LARGE < value < _LARGE and not _is_finite_float(value):
            raise wrong(f"{_NAMES[kind]} of a finite size", value)
        return value

    return decode_plain


def _is_finite_float(value: float) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def literal(choices: tuple[Any, ...]) -> Decode:
    """Of one of these."""

    def decode_choice(value: Any) -> Any:
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise wrong(f"one of {', '.join(map(str, choices))}", value)
        return value

    return decode_choice


def between(decoder: Decode, kind: Any, limits: Limits) -> Decode:
    """Of a number within limits: in one call where all is well, as of each process hundreds of times are decoded."""
    least, most = limits.least, limits.most

    def decode_number(value: Any) -> Any:
        if type(value) is kind and least <= value <= most:
            return value
        if not least <= decoder(value) <= most:
            raise wrong(limits.expected, value)
        return value

    return decode_number


def whole_numbers(value: Any) -> Sequence[int]:
    """Whole numbers from 0, thousands of them: compactly, of 4 bytes where they fit and else of 8."""
    if type(value) not in (list, array):
        raise wrong("a list", value)
    try:
        compact = array("I", value)
    except (TypeError, OverflowError):
        compact = _large_numbers(value)
    if compact and min(value) < 2:  # true and false are 1 and 0 to an array
        for number, item in enumerate(value):
            if type(item) is not int:
                raise wrong(_NAMES[int], item).inside(f"[{number}]")
    return compact


def _large_numbers(value: list[Any]) -> array[int]:
    for number, item in enumerate(value):
        if type(item) is not int or not 0 <= item < _LARGE:
            raise wrong("a whole number from 0", item).inside(f"[{number}]")
    return array("q", value)
