"""From JSON to dataclasses: every value is checked against its annotation, and the first that is wrong is named.

A field that is absent has its default, so that what was written before the field existed stays readable; names that no
field has are ignored, so that what a newer writer adds does no harm.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")
Decode = Callable[[Any, str], Any]
"""From a JSON value and where it stands to a typed one."""
_NAMES: dict[Any, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_SHOWN = 40


class WrongValueError(ValueError):
    """`where: expected …, found …`: a value that is not of its field's type."""


def decode(kind: type[T], data: Any, where: str = "") -> T:
    """`data`, as `json.loads` gives it, as the dataclass `kind`; raises WrongValueError, which names the field."""
    decoded: T = _decoder(typing.cast(Any, kind))(data, where)
    return decoded


def encode(value: Any) -> Any:
    """A dataclass as what `json.dumps` takes; lists of numbers are not copied."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
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
        return lambda value, where: value
    if origin is Literal:
        return _literal(arguments)
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if origin in (list, tuple):
        return _sequence(origin, arguments[0])
    if origin is dict:
        return _mapping(arguments[1])
    return _plain(kind)


def _dataclass(kind: type) -> Decode:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    needed = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
    decoders: dict[str, Decode] = {}

    def decode_object(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong(where, "an object", value)
        if not decoders:  # here, as a dataclass may hold itself
            decoders.update({field.name: _decoder(hints[field.name]) for field in fields})
        for name in needed:
            if name not in value:
                raise WrongValueError(f"{_inside(where, name)}: expected it, found nothing")
        known = {name: decoder for name, decoder in decoders.items() if name in value}
        return kind(**{name: decoder(value[name], _inside(where, name)) for name, decoder in known.items()})

    return decode_object


def _literal(choices: tuple[Any, ...]) -> Decode:
    def decode_choice(value: Any, where: str) -> Any:
        if value not in choices or isinstance(value, bool):
            raise _wrong(where, f"one of {', '.join(map(str, choices))}", value)
        return value

    return decode_choice


def _optional(kinds: tuple[Any, ...]) -> Decode:
    """One kind or none: other unions are not told apart."""
    (kind,) = (kind for kind in kinds if kind is not types.NoneType)
    decoder = _decoder(kind)
    return lambda value, where: None if value is None else decoder(value, where)


def _sequence(sequence: type, kind: Any) -> Decode:
    decoder = _decoder(kind)

    def decode_items(value: Any, where: str) -> Any:
        if not isinstance(value, list | tuple):
            raise _wrong(where, "a list", value)
        if kind is int and set(map(type, value)) <= {int}:  # thousands of times
            return sequence(value)
        return sequence(decoder(item, f"{where}[{number}]") for number, item in enumerate(value))

    return decode_items


def _mapping(kind: Any) -> Decode:
    decoder = _decoder(kind)

    def decode_values(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong(where, "an object", value)
        return {str(key): decoder(item, _inside(where, str(key))) for key, item in value.items()}

    return decode_values


def _plain(kind: Any) -> Decode:
    accepted = (int, float) if kind is float else (kind,)

    def decode_plain(value: Any, where: str) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise _wrong(where, _NAMES[kind], value)
        return value

    return decode_plain


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _wrong(where: str, expected: str, found: Any) -> WrongValueError:
    text = repr(found)
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return WrongValueError(f"{where or 'the whole'}: expected {expected}, found {shown}")
