"""Kinds of values that records hold: what of a type they can be at all, so that nothing impossible is computed with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any


@dataclass(frozen=True)
class Limits:
    """Numbers from `least` to `most`."""

    least: float
    most: float
    what: str

    @property
    def expected(self) -> str:
        return f"{self.what} from {self.least:,} to {self.most:,}"

    def accepts(self, value: Any) -> bool:
        return bool(self.least <= value <= self.most)


@dataclass(frozen=True)
class OneOf:
    """A text that is one of a few."""

    known: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.known)}"

    def accepts(self, value: Any) -> bool:
        return value in self.known


class _Moment:
    expected = "a date and time in UTC, as in 2026-02-28T12:00:00Z"

    def accepts(self, value: Any) -> bool:
        try:
            return datetime.fromisoformat(value).utcoffset() == timedelta(0)
        except ValueError:
            return False


# Larger ones are no figures but damage; each is exact as a float, and sums of thousands of them fit into 64 bits.
Nanoseconds = Annotated[int, Limits(0, 10**15, "nanoseconds")]
Bytes = Annotated[int, Limits(0, 10**15, "bytes")]
Rate = Annotated[float, Limits(0, 10**15, "a number")]
Index = Annotated[int, Limits(0, 10**6, "a whole number")]
Size = Annotated[int, Limits(1, 10**9, "a whole number")]
Date = Annotated[str, _Moment()]
