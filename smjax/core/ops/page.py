"""The page that lists all ops, from what they are."""

from __future__ import annotations

from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.ops import OPS, OpSpec, grammar

_HEAD = """# Ops

What `smjax micro` measures ([micro.md](micro.md)), as `smjax micro --ops` lists it. This page is generated
(`python docs/generate.py`).

`<encoding>` is one of {encodings}.

| op | shape | is | kernels | shapes unless others are asked for |
| --- | --- | --- | --- | --- |
"""
_EXAMPLE = next(iter(ENCODINGS)).lower()


def page() -> str:
    """docs/ops.md; ops that differ in their encoding alone have one row."""
    names = {f"{name.lower()}_{product}" for name in ENCODINGS for product in ("matvec", "matmul")}
    shown = [spec for spec in OPS.values() if spec.name not in names or spec.name.startswith(f"{_EXAMPLE}_")]
    head = _HEAD.format(encodings=", ".join(f"`{name.lower()}`" for name in ENCODINGS))
    return head + "".join(map(_row, shown))


def _row(spec: OpSpec) -> str:
    name = spec.name.replace(f"{_EXAMPLE}_", "<encoding>_")
    meaning = spec.meaning.replace(f" ({_EXAMPLE.upper()})", "").replace(f"in {_EXAMPLE.upper()}", "in the encoding")
    shape = grammar(spec).replace("|", "\\|")
    return f"| `{name}` | `{shape}` | {meaning} | {_kernels(spec)} | {', '.join(spec.shapes)} |\n"


def _kernels(spec: OpSpec) -> str:
    of_kinds = [f"{kind}: {', '.join(kernels)}" for kind, kernels in spec.kernels_of_kind.items()]
    return "; ".join([", ".join(spec.kernels), *of_kinds])
