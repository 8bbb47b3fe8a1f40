"""Which records are one row, and which rows may stand side by side: said here alone.

Everything else is derived from these names of columns and fields.
"""

from __future__ import annotations

from typing import Any

from smjax.core.records.columns import COLUMNS, FIELDS
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario

POINT = ("threads", "ctx", "n_prompt", "n_gen")
"""Where on a machine's and program's curve a row lies."""

OP_POINT = ("op", "shape", "cache")
"""The same of a microbenchmark's row, beside `threads`."""

ROW = tuple(column.name for column in (*FIELDS, *COLUMNS) if column.is_key)
"""Records that agree in all of these are processes of one row."""

LINE = (
    *("engine", "cpu", "arch", "os", "model"),
    *("kernel", "isa", "kv_dtype", "engine_args", "tokens_per_dispatch", "jaxlib", "smjax", "host", "machine", "run"),
    *("python", "packages", "provenance", "sources", "libraries", "interpreter"),
)
"""Rows that agree in all of these (and in `model_hash`) are one program on one machine, at several points.

In the order in which a line is named.
"""

OVER_THREADS = (*(key for key in ROW if key not in ("threads", "identity")), "sources", "libraries")
"""Rows that agree in all of these differ in their threads alone, so that one says how another scales."""

_HOW_OFTEN = ("replicates", "target_ci", "budget_s", "strict", "timeout_s")
"""Settings of `measure` that say how often a process runs, and change nothing in one."""
_SAYS_NOTHING = ("model_path", "label")
"""Where a file lies, and what a person calls the sweep."""


def asked(scenario: Scenario) -> dict[str, Any]:
    """What a process of the scenario is asked for; neither how many there are nor where its file lies counts."""
    fields = {name: value for name, value in scenario.to_json().items() if name not in _SAYS_NOTHING}
    return fields | {"measure": {name: value for name, value in fields["measure"].items() if name not in _HOW_OFTEN}}


def settings(resolved: Resolved) -> dict[str, Any]:
    """What a process is asked for, and what was chosen for it."""
    chosen = {name: getattr(resolved, name) for name in ("kernel", "isa", "simd", "kv_dtype", "variables")}
    return {"asked": asked(resolved.scenario), "chosen": chosen}


def point(scenario: Scenario) -> dict[str, Any]:
    """What a sweep varies: the scenario but for how it is measured and what it is called."""
    return {name: value for name, value in scenario.to_json().items() if name not in ("measure", "label")}
