"""The text of a shape, `[KIND:]AxBxC`, read and judged."""

from __future__ import annotations

import re

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.ops.spec import OpSpec, Shape
from smjax.core.text import printable

_SIZES = re.compile(r"[0-9]{1,40}(?:x[0-9]{1,40})*")  # of thousands of digits Python makes no number
_LARGEST = 2**40


def parse_shape(spec: OpSpec, text: str) -> Shape:
    """The shape that `text` means for the op; raises RequestError, in one line, for any other."""
    kind, sizes = _parts(text)
    shape = Shape(_sizes(spec, text, sizes), _kind(spec, text, kind))
    if why_not := spec.why_not(shape):
        raise RequestError(f"shape: {spec.name} at {printable(text)}: {why_not}")
    return shape


def grammar(spec: OpSpec) -> str:
    """How a shape of the op is written: `[f32|bf16|s8:]MxNxK`."""
    kinds = "|".join((*spec.kinds, *(["FILE"] if spec.is_any_kind else [])))
    sizes = "AxBx…" if spec.sizes is None else "x".join(name.upper() for name in spec.sizes)
    if not kinds or not sizes:
        return kinds or sizes or "nothing"
    return f"[{kinds}:]{sizes}"


def _parts(text: str) -> tuple[str, str]:
    """Kind and sizes, either of which may be left out; a kind may have colons, as a file's name may."""
    kind, colon, sizes = text.rpartition(":")
    if not colon:
        return ("", text) if _SIZES.fullmatch(text) or not text else (text, "")
    return kind, sizes


def _sizes(spec: OpSpec, text: str, sizes: str) -> tuple[int, ...]:
    if sizes and not _SIZES.fullmatch(sizes):
        raise _wrong(spec, text)
    found = tuple(map(int, sizes.split("x"))) if sizes else ()
    if spec.sizes is not None and len(found) != len(spec.sizes):
        raise _wrong(spec, text)
    if any(not 0 < size < _LARGEST for size in found):
        raise RequestError(f"shape: {spec.name}: expected sizes from 1 to 2^40, found {printable(text)}")
    return found


def _kind(spec: OpSpec, text: str, kind: str) -> str:
    if not kind:
        return spec.kinds[0] if spec.kinds else ""
    if kind in spec.kinds or (spec.is_any_kind and nearest(kind, spec.kinds) is None):
        return kind
    if not spec.kinds:
        raise _wrong(spec, text)
    meant = nearest(kind, spec.kinds)
    fix = f"; write {meant}{text.removeprefix(kind)}" if meant else ""
    raise RequestError(
        f"shape: {spec.name}: expected one of {', '.join(spec.kinds)} before the sizes, found {printable(kind)}{fix}"
    )


def _wrong(spec: OpSpec, text: str) -> RequestError:
    example = f", as {spec.shapes[0]}" if spec.shapes and spec.shapes[0] else ""
    return RequestError(f"shape: {spec.name}: expected {grammar(spec)}{example}, found {printable(text) or 'nothing'}")
