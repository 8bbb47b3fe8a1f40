"""What a third party's spec has to be for everything else to work with it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from smjax.core.engines.spec import ArgumentSpec, EngineSpec, KernelSpec, StepAhead
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = ("auto", "all")
_DOCUMENT = "see docs/engines.md"


def is_name(text: Any) -> bool:
    """Whether it can be asked for in an override, of an engine or a kernel."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None and text not in _RESERVED


def why_wrong(spec: Any, name: str, where: str) -> str | None:
    """What is wrong with what an entry point called `name` holds at `where`, in one line; None where nothing is."""
    if not isinstance(spec, EngineSpec):
        return f"expected an EngineSpec at {where}, found {type(spec).__name__}; {_DOCUMENT}"
    if spec.name != name:
        return f"expected a spec of that name, found {printable(str(spec.name))}; give both the same"
    for attribute, (expected, is_right) in _RULES.items():
        try:
            right = is_right(spec)
        except (AttributeError, TypeError):
            right = False
        if not right:
            found = printable(repr(getattr(spec, attribute)))
            return f"expected {expected} as {attribute} of its spec, found {found}; {_DOCUMENT}"
    try:
        hash(spec)  # what it says must not change
    except TypeError as error:
        return f"expected texts, numbers, tuples and functions in its spec, found: {error}; {_DOCUMENT}"
    return None


def _are_texts(values: Any) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, str) and value for value in values)


def _are_kernels(spec: EngineSpec) -> bool:
    kv_dtypes = {*spec.kv_dtypes, *([""] if spec.is_client else [])}  # of a server nobody knows
    kernels = [one for one in spec.kernels if isinstance(one, KernelSpec) and one.kv_dtype in kv_dtypes]
    names = {kernel.name for kernel in kernels if is_name(kernel.name)}
    return 0 < len(names) == len(spec.kernels)


def _are_arguments(spec: EngineSpec) -> bool:
    arguments = [one for one in spec.arguments if isinstance(one, ArgumentSpec) and _are_texts(one.values)]
    return len({one.name for one in arguments if _ARGUMENT.fullmatch(one.name)}) == len(spec.arguments)


def _are_steps(spec: EngineSpec) -> bool:
    fields = {field.name for field in dataclasses.fields(Scenario)}
    steps = [one for one in spec.ahead if isinstance(one, StepAhead) and _are_texts(one.depends_on)]
    known = {step.name for step in steps if is_name(step.name) and fields.issuperset(step.depends_on)}
    return len(known) == len(spec.ahead)


def _are_formats(spec: EngineSpec) -> bool:
    return isinstance(spec.model_formats, tuple) and set() < set(spec.model_formats) <= {"preset", "gguf"}


_RULES: dict[str, tuple[str, Callable[[EngineSpec], bool]]] = {
    "packages": ("a tuple of texts", lambda spec: _are_texts(spec.packages)),
    "modules": ("a tuple of texts", lambda spec: _are_texts(spec.modules)),
    "kv_dtypes": ("a tuple of texts", lambda spec: _are_texts(spec.kv_dtypes)),
    "kernels": ("KernelSpecs, each with a name of its own and one of its kv_dtypes", _are_kernels),
    "model_formats": ("a tuple of preset, gguf or both", _are_formats),
    "worker_bytes": ("a number of bytes", lambda spec: 0 <= spec.worker_bytes < 1e15),
    "per_weight_byte": ("a number of bytes", lambda spec: 0 <= spec.per_weight_byte < 1e15),
    "arguments": ("ArgumentSpecs, each with a name of its own in small letters", _are_arguments),
    "ahead": ("StepAheads, each with a name of its own and names of a scenario's fields", _are_steps),
    "install": ("a text", lambda spec: isinstance(spec.install, str)),
    "module": ("the name of a module", lambda spec: isinstance(spec.module, str)),
    "sources": ("a tuple of texts", lambda spec: _are_texts(spec.sources)),
    "is_client": ("True or False", lambda spec: isinstance(spec.is_client, bool)),
}
"""Of a spec's fields: what is expected of them, and whether they are so."""
