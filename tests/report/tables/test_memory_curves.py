"""Curves of bandwidth over the working set."""

from __future__ import annotations

from typing import Any

from smjax.report.render.picture import drawn
from smjax.report.tables.memory_curves import curves
from tests.report.op_factory import answer, process, rows_of

GB_PER_S = {1 << 14: (100.0, "L1"), 1 << 16: (50.0, "L2"), 1 << 18: (10.0, "DRAM")}


def moved(kind: str, size: int, gb_per_s: float, level: str | None) -> dict[str, Any]:
    return answer(
        "memory", f"{kind}:{size}", loop_us=[size / gb_per_s / 1e3], flops=0, bytes=size, bandwidth_level=level
    )


def test_bandwidth_is_drawn_over_the_working_set_with_the_level_that_it_fits_in() -> None:
    points = [moved("read", size, *found) for size, found in reversed(GB_PER_S.items())]
    (curve,) = curves(rows_of([process(points)]))
    assert curve.caption == "memory read, 1 thread: GB/s over the working set"
    assert [round(value, 1) for value in curve.values] == [100, 50, 10]
    assert curve.marks == "12D"
    assert curve.below == (
        "working sets: 16 KiB to 256 KiB, each 4 times the one before; marks: what they fit in, 1 L1, 2 L2 and D DRAM"
    )
    assert len(drawn(curve)) == 9


def test_each_kind_and_number_of_threads_has_a_curve_and_few_sizes_have_none() -> None:
    points = [moved(kind, size, *found) for kind in ("read", "copy") for size, found in GB_PER_S.items()]
    found = curves(
        rows_of([process([*points, moved("triad", 1024, 9.0, "L1")], threads=threads) for threads in (1, 2)])
    )
    assert [one.caption.partition(":")[0] for one in found] == [
        "memory copy, 1 thread",
        "memory copy, 2 threads",
        "memory read, 1 thread",
        "memory read, 2 threads",
    ]


def test_sizes_in_no_even_steps_are_all_told_and_unknown_levels_have_no_mark() -> None:
    points = [moved("read", size, 10.0 * size, None) for size in (1000, 2048, 3 << 20)]
    (curve,) = curves(rows_of([process(points)]))
    assert (curve.marks, curve.below) == ("ooo", "working sets: 1000 bytes, 2 KiB, 3 MiB")
