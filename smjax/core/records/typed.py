"""From JSON to dataclasses: every value is checked against its annotation, and the first that is wrong is named.

A field that is absent has its default, so that what was written before the field existed stays readable; names that no
field has are ignored, so that what a newer writer adds does no harm.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from array import array
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union

from smjax.core.records.quantities import Limits
from smjax.core.records.values import SHOWN, Decode, Wrong, between, literal, plain, whole_numbers, wrong
from smjax.core.text import printable

T = TypeVar("T")


class Kind(Protocol):
    """What an annotation may say of a value beside its type: `Annotated[int, kind]`."""

    @property
    def expected(self) -> str:
        """In an error, after "expected"."""

    def accepts(self, value: Any) -> bool:
        """Whether a value of the type is of the kind."""


class WrongValueError(ValueError):
    """`where: expected …, found …`: a value that is not of its field's type."""


def decode(kind: type[T], data: Any, where: str = "") -> T:
    """`data`, as `json.loads` gives it, as the dataclass `kind`; raises WrongValueError, which names the field."""
    try:
        decoded: T = _decoder(typing.cast(Any, kind))(data)
    except Wrong as error:
        place = f"{where}{error.where}".removeprefix(".") or "the whole"
        raise WrongValueError(f"{place}: {error.said}") from None
    return decoded


def encode(value: Any) -> Any:
    """A dataclass as what `json.dumps` takes; lists of numbers are not copied."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, array):
        return value.tolist()
    if isinstance(value, list | tuple) and any(not isinstance(item, int | float | str) for item in value):
        return [encode(item) for item in value]
    return value


@functools.cache
def _decoder(kind: Any) -> Decode:
    """How a value of this annotation is decoded, worked out once."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return lambda value: value
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1])
    if origin is Literal:
        return literal(arguments)
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if origin is Sequence:
        return whole_numbers
    if origin in (list, tuple):
        return _items(origin, arguments[0])
    if origin is dict:
        return _mapping(arguments[1])
    return plain(kind)


def _dataclass(kind: type) -> Decode:
    fields: list[tuple[str, Decode, bool, bool]] = []

    def decode_object(value: Any) -> Any:
        if type(value) is not dict:
            raise wrong("an object", value)
        if not fields:  # here, as a dataclass may hold itself
            fields.extend(_fields(kind))
        found = {}
        for name, decoder, is_needed, takes_null in fields:
            if name in value:
                item = value[name]
                if item is None and not takes_null and not is_needed:
                    continue  # unknown, like what is absent
                try:
                    found[name] = decoder(item)
                except Wrong as error:
                    raise error.inside(f".{name}") from None
            elif is_needed:
                raise Wrong("expected it, found nothing").inside(f".{name}")
        return kind(**found)

    return decode_object


def _fields(kind: type) -> list[tuple[str, Decode, bool, bool]]:
    """Of each field its name, how it is decoded, whether it has to be there and whether it takes null."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return [
        (
            field.name,
            _decoder(hints[field.name]),
            field.default is field.default_factory is dataclasses.MISSING,
            hints[field.name] is Any or types.NoneType in typing.get_args(hints[field.name]),
        )
        for field in dataclasses.fields(kind)
        if field.init
    ]


def _annotated(kind: Any, of_kind: Kind) -> Decode:
    decoder = _decoder(kind)
    if isinstance(of_kind, Limits):
        return between(decoder, kind, of_kind)

    def decode_kind(value: Any) -> Any:
        decoded = decoder(value)
        if not of_kind.accepts(decoded):
            raise wrong(of_kind.expected, value)
        return decoded

    return decode_kind


def _optional(kinds: tuple[Any, ...]) -> Decode:
    """One kind or none: other unions are not told apart."""
    (kind,) = (kind for kind in kinds if kind is not types.NoneType)
    decoder = _decoder(kind)
    return lambda value: None if value is None else decoder(value)


def _items(sequence: type, kind: Any) -> Decode:
    decoder = _decoder(kind)

    def decode_items(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise wrong("a list", value)
        found = []
        for item in value:
            try:
                found.append(decoder(item))
            except Wrong as error:
                raise error.inside(f"[{len(found)}]") from None
        return found if sequence is list else sequence(found)

    return decode_items


def _mapping(kind: Any) -> Decode:
    decoder = _decoder(kind)

    def decode_values(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong("an object", value)
        found = {}
        for key, item in value.items():
            try:
                found[str(key)] = decoder(item)
            except Wrong as error:
                raise error.inside(f".{printable(str(key), SHOWN)}") from None
        return found

    return decode_values
