"""Rows that a person means by a text: by what columns say of them (`engine=llama_cpp threads=1`), or by words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.records.columns import COLUMNS, FIELDS
from smjax.core.text import printable

NAMES = tuple(
    column.name
    for column in (*COLUMNS, *(field for field in FIELDS if field.heading))
    if column.is_key or column.over == "first"
)
"""What tells rows apart."""
_ARGUMENT = "engine_args."
_FIX = "write for example engine=llama_cpp"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Named:
    """What a text says of the rows that it means."""

    text: str
    fields: Mapping[str, str]
    words: str
    """What is a part of a row's name, in any case."""
    what: str = "baseline"
    """What asked for it, in errors."""

    @classmethod
    def of(cls, text: str, what: str = "baseline") -> Named:
        """Raises RequestError for a text that says nothing, and a name that no column has."""
        parts = [(part, *part.partition("=")) for part in text.split()]
        fields = {name: value for _, name, equals, value in parts if equals}
        for name in fields:
            _check_name(what, text, name)
        words = " ".join(part for part, _, equals, _ in parts if not equals)
        if not fields and not words:
            raise RequestError(f"{what} {text!r}: expected what tells a row from others, found none of it; {_FIX}")
        return cls(text, fields, words.casefold(), what)

    def among(self, rows: Sequence[Row], names: Sequence[str], shown: Sequence[str]) -> list[int]:
        """Places of the rows that are meant, whose `names` may be meant by words; RequestError where there are none.

        `shown`: what rows are called where none is meant.
        """
        found = list(range(len(rows)))
        for name, value in self.fields.items():
            known = {place: _said(rows[place], name) for place in found}
            found = _like(known, value.casefold())
            if not found:
                raise self._unknown(name, value, known.values())
        found = self._by_words(found, names, shown) if self.words else found
        for name in self.fields:
            self._check_one(name, {_said(rows[place], name) for place in found})
        return found

    def _check_one(self, name: str, values: set[str]) -> None:
        """A part of a value may be a part of several, of which nobody can say which one is meant."""
        if len({value.casefold() for value in values}) > 1:
            found = ", ".join(sorted(values))
            raise self.refusal(f"one value of {name}, found {found}", "write one of them whole")

    def _by_words(self, places: Sequence[int], names: Sequence[str], shown: Sequence[str]) -> list[int]:
        """The text as it stands in their names; where it is found nowhere all of its words in any place will do."""
        folded = {place: names[place].casefold() for place in places}
        found = [place for place, name in folded.items() if self.words in name]
        found = found or [place for place, name in folded.items() if all(one in name for one in self.words.split())]
        if not found:
            known = "; ".join(dict.fromkeys(shown[place] for place in places))
            raise self.refusal(f"a part of a row's name, found none of: {known}", "name one of them")
        return found

    def _unknown(self, name: str, value: str, known: Iterable[str]) -> RequestError:
        there = sorted(set(filter(None, known)))
        if not there:
            return self.refusal(f"a row that has {name}, found none", _FIX)
        meant = nearest(value, there)
        fix = f"did you mean {name}={meant}?" if meant else "name one of them"
        return self.refusal(f"{name}: one of {', '.join(there)}, found {printable(value)}", fix)

    def refusal(self, expected: str, fix: str) -> RequestError:
        """In one line."""
        return RequestError(f"{self.what} {self.text!r}: expected {expected}; {fix}")


def _check_name(what: str, text: str, name: str) -> None:
    if name in NAMES or name.startswith(_ARGUMENT):
        return
    meant = nearest(name, NAMES)
    fix = f"did you mean {meant}?" if meant else _FIX
    raise RequestError(f"{what} {text!r}: expected a column that tells rows apart, found {printable(name)}; {fix}")


def _like(known: Mapping[int, str], value: str) -> list[int]:
    """Places of what is the value, in any case; where there is none, of what has it as a part."""
    folded = {place: said.casefold() for place, said in known.items()}
    exact = [place for place, said in folded.items() if said == value]
    return exact or [place for place, said in folded.items() if value and not value.isdecimal() and value in said]


def _said(row: Row, name: str) -> str:
    """What a row says of itself in a column, or of one of its engine's settings."""
    if name.startswith(_ARGUMENT):
        settings = dict(one.partition("=")[::2] for one in (row.get("engine_args") or "").split(", "))
        return str(settings.get(name.removeprefix(_ARGUMENT), ""))
    value = row.get(name)
    return "" if value is None else str(value)
