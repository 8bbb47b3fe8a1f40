"""What another tool says of one result, by name: looked up and checked, whether its format has types or texts alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from smjax.imports.source import FieldError

NS_MAX = 10**15
"""Eleven days: nothing that is timed takes longer."""
COUNT_MAX = 10**9
_WHOLE = re.compile(r"[+-]?\d{1,19}")
_RATE_MAX = 1e9
"""Tokens a second: a nanosecond each."""
_LARGEST = 1e18
"""Above it nothing is a time or a rate; NaN is not below it."""


class Fields:
    """Names and values; every look-up raises FieldError for a value that is there and is none of its kind."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) not in (None, "")

    def inside(self, name: str) -> Fields:
        """An object in it; one without anything where there is none."""
        found = self._values.get(name)
        if found is not None and not isinstance(found, dict):
            raise FieldError(name, "an object", _brief(found))
        return Fields(found or {})

    def text(self, name: str) -> str:
        """Empty where it is not said."""
        found = self._values.get(name)
        if isinstance(found, bool | int | float):
            return str(found).lower() if isinstance(found, bool) else str(found)
        if found is not None and not isinstance(found, str):
            raise FieldError(name, "a text", _brief(found))
        return found or ""

    def needed(self, name: str) -> str:
        """A text that has to be there."""
        if name not in self:
            raise FieldError(name, "it", "nothing")
        return self.text(name)

    def count(self, name: str, default: int | None = None, least: int = 0, most: int = COUNT_MAX) -> int:
        """A whole number, written as one or as a text."""
        found = self._values.get(name)
        if found in (None, "") and default is not None:
            return default
        value = int(found) if isinstance(found, str) and _WHOLE.fullmatch(found.strip()) else found
        if type(value) is not int or not least <= value <= most:
            raise FieldError(name, f"a whole number from {least:,} to {most:,}", _brief(found))
        return value

    def number(self, name: str) -> float:
        """A finite number above 0."""
        found = self._values.get(name)
        return positive(name, _float(found) if isinstance(found, str) else found)

    def numbers(self, name: str) -> list[float] | None:
        """A list of such; None where there is none."""
        found = self._values.get(name)
        if found is None:
            return None
        if not isinstance(found, list) or not found:
            raise FieldError(name, "a list of numbers above 0", _brief(found))
        return [positive(f"{name}[{place}]", value) for place, value in enumerate(found)]


def positive(name: str, value: Any) -> float:
    """`value`, if it is a finite number above 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < _LARGEST:
        raise FieldError(name, "a number above 0", _brief(value))
    return float(value)


def nanoseconds(name: str, span_ns: float, tokens: int = 1) -> int:
    """A span as a record keeps it: long enough for its tokens, and no longer than anything that is timed."""
    if not max(1.0, tokens * 1e9 / _RATE_MAX) <= span_ns <= NS_MAX:
        least = max(1, tokens)
        raise FieldError(name, f"{least:,} to {NS_MAX:,} ns for {tokens:,} tokens", f"{span_ns:.6g} ns")
    return round(span_ns)


def spans(name: str, seconds: Sequence[float], tokens: int = 1) -> list[int]:
    """Seconds as nanoseconds."""
    return [nanoseconds(f"{name}[{place}]", value * 1e9, tokens) for place, value in enumerate(seconds)]


def _float(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _brief(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:40]
