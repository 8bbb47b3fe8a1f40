"""What the ops are, for people: what `smjax micro --ops` prints, and a table of the docs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from smjax.core.ops import OPS, grammar
from smjax.core.ops.spec import KERNELS, OpSpec

_WIDTH = 79


def listing() -> str:
    """Every op with its meaning, how its shapes are written and which it has of its own, in 80 columns."""
    return "\n".join(line for spec in OPS.values() for line in _entry(spec))


def _entry(spec: OpSpec) -> Iterator[str]:
    kernels = "" if set(spec.kernels) == set(KERNELS) else f"  ({' and '.join(spec.kernels)} alone)"
    yield f"{spec.name}  shape={grammar(spec)}{kernels}"
    for text in (spec.meaning, f"shape=null: {', '.join(spec.shapes)}"):
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )
