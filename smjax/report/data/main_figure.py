"""Which figure a row is judged by: how fast it decodes, or how long a call of its op takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smjax.core.records.columns import METRICS

DECODE, LOOP, CALL = "decode_tok_per_s", "loop_us", "call_us"
OF_OPS = (LOOP, CALL)
"""The first that is known: in a loop there is nothing of Python."""


def is_of_op(row: Mapping[str, Any]) -> bool:
    """Whether it is of a microbenchmark."""
    return row.get("op") is not None


def main_figure(row: Mapping[str, Any]) -> str:
    """The column's name."""
    if not is_of_op(row):
        return DECODE
    return next((name for name in OF_OPS if row.get(name) is not None), CALL)


def as_times(name: str, values: list[list[float]]) -> list[list[float]]:
    """Figures of samples, process by process, as what goes up where something gets slower."""
    if METRICS[name].better == "lower":
        return values
    return [[1 / value for value in process] for process in values]
